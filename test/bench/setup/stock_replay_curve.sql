-- The curve: the fixed rule, the forecasts, and the forecasts guarded by thresholds of several kinds.
SELECT format('CALL replay.run(''fixed'', %s)', k) FROM unnest(ARRAY[1, 1.5, 2, 3, 4, 6, 9]) k \gexec
SELECT format('CALL replay.run(''forecast'', 1, %s)', level)
FROM unnest(ARRAY[0.8, 0.9, 0.95, 0.97, 0.98, 0.99, 0.998]) level \gexec
SELECT format('CALL replay.run(''guarded'', %s, %s)', k, level)
FROM unnest(ARRAY[1, 1.5, 2, 3, 4]) k, unnest(ARRAY[0.9, 0.95, 0.98]) level \gexec
TABLE replay.curve;
SELECT max("stock % against fixed, as many lost") AS "guarded, worst of all: stock % against fixed, as many lost", 5 AS "at most"
FROM replay.curve WHERE rule ^@ 'guarded';
SELECT bench.at_most('stock % of guarded forecasts against fixed, as many lost', max("stock % against fixed, as many lost")::float8, 5)
FROM replay.curve WHERE rule ^@ 'guarded' \g /dev/null
