-- How long recommend(client, 10) takes, with the model :model and for clients of the view client.
SELECT min(id) AS somebody FROM client \gset
\connect -
SELECT bench.call(:'model', :somebody) AS first_ms \gset
SELECT count(*) AS "calls of recommend(client, 10)",
       round(percentile_cont(0.5) WITHIN GROUP (ORDER BY ms)::numeric, 3) AS "p50 ms",
       round(percentile_cont(0.95) WITHIN GROUP (ORDER BY ms)::numeric, 3) AS "p95 ms",
       round(max(ms)::numeric, 3) AS "max ms",
       round(:first_ms::numeric, 3) AS "first of a session ms"
FROM bench.recommend(:'model') ms;
