-- How training grows with pairs, clients and products (generated): seconds of reading and of fitting
\ir setup/measure.sql

-- 500,000 pairs of 10,000 clients and 2,000 products, and ten times as many of each.
\set clients 10000
\set products 2000
\set pairs 500000
\set name base
\ir setup/large_shop.sql
\set pairs 5000000
\set name pairs_10
\ir setup/large_shop.sql
\set pairs 500000
\set clients 100000
\set name clients_10
\ir setup/large_shop.sql
\set clients 10000
\set products 20000
\set name products_10
\ir setup/large_shop.sql
\set pairs 5000000
\set clients 100000
\set name all_10
\ir setup/large_shop.sql

SELECT reco.create_model(name || '_' || method,
    ratings => CASE method WHEN 'svd' THEN format('SELECT client, product, stars FROM %I', name) END,
    purchases => CASE method WHEN 'als' THEN format('SELECT client, product, 1 FROM %I', name) END,
    options => CASE method WHEN 'svd' THEN '{"ratings": {"method": "svd", "factors": 30, "iterations": 8, "regularization": 1}}'
                    ELSE '{"purchases": {"method": "als", "factors": 64, "iterations": 8, "regularization": 0.003, "unobserved_weight": 0.1}}' END::jsonb)
FROM (VALUES ('base'), ('pairs_10'), ('clients_10'), ('products_10'), ('all_10')) n (name), (VALUES ('als'), ('svd')) m (method) \g /dev/null
SELECT bench.train('base_svd') \g /dev/null

-- The second run of retrain finds the same rows: it reads and sorts them, and that is all.
CREATE TABLE grown AS SELECT name AS model, t.wall, t.cpu, NULL::float8 AS reading, (t.version).clients, (t.version).products
FROM reco.model, LATERAL bench.train(name) t;
CREATE PROCEDURE bench.read_again() LANGUAGE plpgsql AS $$
DECLARE
    g record;
    before double precision;
BEGIN
    FOR g IN SELECT model FROM grown LOOP
        before := bench.cpu();
        CALL reco.retrain(g.model);
        UPDATE grown SET reading = bench.cpu() - before WHERE model = g.model;
    END LOOP;
END
$$;
CALL bench.read_again();
SELECT g.model, g.clients, g.products, round(g.reading::numeric, 2) AS "reading, CPU s",
       round((g.cpu - g.reading)::numeric, 2) AS "fitting and writing, CPU s", round(g.wall::numeric, 2) AS "all, wall s",
       round((g.cpu / b.cpu)::numeric, 1) AS "times the base"
FROM grown g JOIN grown b ON b.model = 'base_' || substring(g.model, '...$') ORDER BY substring(g.model, '...$'), g.cpu;
SELECT bench.figure(format('ten times the %s, %s: CPU seconds, times as many', what, method), g.cpu / b.cpu, NULL, NULL, '', NULL)
FROM (VALUES ('pairs_10', 'pairs'), ('clients_10', 'clients'), ('products_10', 'products'), ('all_10', 'pairs, clients and products')) w (name, what),
     (VALUES ('als'), ('svd')) m (method), grown g, grown b
WHERE g.model = name || '_' || method AND b.model = 'base_' || method \g /dev/null
