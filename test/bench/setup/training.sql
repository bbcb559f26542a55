-- What the table trained says of the training itself, and that it must not take long.
\pset format unaligned
\pset tuples_only on
SELECT format('training: %s rows read, %s s by its own row, %s s by the clock',
              (version).rows_read, round((version).seconds::numeric, 2), round(wall::numeric, 2))
FROM trained;
\pset format aligned
\pset tuples_only off
SELECT bench.at_most('seconds of training', wall, 60) FROM trained \g /dev/null
