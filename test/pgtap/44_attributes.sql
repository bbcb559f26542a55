-- What the query of ratings tells of clients and products is learnt from where it says something.
BEGIN;
\ir setup/tastes.sql
SELECT plan(25);

-- 1200 products of 8 categories, 300 clients in 5 cities; likes go by category, and that by city.  A product
-- has three ratings in the mean, many none; a fifth of them is asked about
CREATE TABLE taste.article (id integer PRIMARY KEY, kind text, kinds text[], junk text, label text);
INSERT INTO taste.article
SELECT p, k, ARRAY[k, 'all', NULL], 'j' || p * 7919 % 12, 'article ' || p
FROM (SELECT p, 'kind ' || floor(8 * taste.chance('kind', 0, p)) AS k FROM generate_series(1, 1200) p) a;
CREATE TABLE taste.person (id integer PRIMARY KEY, city text);
INSERT INTO taste.person SELECT c, 'city ' || floor(5 * taste.chance('city', c, 0)) FROM generate_series(1, 300) c;
CREATE FUNCTION taste.likes(client bigint, city text, kind text) RETURNS double precision
RETURN 3.2 + 2 * (taste.chance('city', hashtext(city), hashtext(kind)) - 0.5)
    + 2.4 * (taste.chance('client', client, hashtext(kind)) - 0.5) + 1.6 * (taste.chance('kind', hashtext(kind), 0) - 0.5);
CREATE TABLE taste.opinion AS
SELECT c AS client, p AS product, taste.chance('asked', c, p) < 0.2 AS asked,
       greatest(1, least(5, round(taste.likes(c, city, kind) + 1.2 * (taste.chance('good', 0, p) - 0.5)
                                  + 1.2 * (taste.chance('mood', c, p) - 0.5)))) AS stars
FROM taste.person u (c, city), taste.article a (p, kind) WHERE taste.chance('rates', c, p) < 0.013;
CREATE VIEW taste.seen AS SELECT * FROM taste.opinion WHERE NOT asked;
CREATE TABLE taste.newcomer (client integer, city text, product integer, stars integer);
CREATE VIEW taste.told AS
SELECT client, product, stars, city FROM taste.seen JOIN taste.person ON id = client
UNION ALL SELECT client, product, stars, city FROM taste.newcomer;

CREATE FUNCTION taste.learn(name text, query text, method text DEFAULT 'bayes') RETURNS text LANGUAGE plpgsql AS $$
BEGIN
    PERFORM reco.create_model(name, ratings => query,
                              options => format('{"ratings": {"method": "%s", "iterations": 60}}', method)::jsonb);
    PERFORM reco.train(name);
    UPDATE reco.model_version v SET active = true WHERE v.model = name;
    RETURN taste.bits(name);
END
$$;
CREATE FUNCTION taste.error(of_model text, unrated boolean DEFAULT NULL) RETURNS double precision STABLE
BEGIN ATOMIC
    SELECT sqrt(avg((reco.predict(client, product, of_model) - stars) ^ 2)) FROM taste.opinion o
    WHERE asked AND (unrated IS NULL OR unrated = NOT EXISTS (SELECT FROM taste.seen s WHERE s.product = o.product));
END;
CREATE FUNCTION taste.all_told(further text) RETURNS text
RETURN format('SELECT client, id, stars, %s FROM taste.article LEFT JOIN taste.told ON product = id', further);

SELECT taste.learn('plain', 'SELECT client, product, stars FROM taste.told') AS plain \gset
SELECT taste.learn('product', 'SELECT client, product, stars, kind AS product_kind FROM taste.told JOIN taste.article ON id = product') AS _ \gset
SELECT taste.learn('both', taste.all_told('kind AS product_kind, city AS client_city')) AS both \gset
SELECT taste.learn('array', taste.all_told('kinds AS product_kinds, city AS client_city')) AS _ \gset
SELECT taste.learn('junk', taste.all_told('junk AS product_junk, client % 7 AS client_junk')) AS _ \gset

CREATE TEMP TABLE error AS
SELECT m, taste.error(m) AS rmse, taste.error(m, true) AS unrated
FROM unnest(ARRAY['plain', 'product', 'both', 'array', 'junk']) m;
SELECT cmp_ok(e.rmse, '<', 0.97 * plain.rmse, 'products of known categories are predicted better: ' || e.rmse || ' beside ' || plain.rmse)
FROM error e, error plain WHERE e.m = 'product' AND plain.m = 'plain';
SELECT cmp_ok(e.rmse, '<', 0.95 * plain.rmse, 'with the clients'' cities even better: ' || e.rmse)
FROM error e, error plain WHERE e.m = 'both' AND plain.m = 'plain';
SELECT cmp_ok(e.unrated, '<', 0.85 * plain.unrated, 'most of all those that nobody rated: ' || e.unrated || ' beside ' || plain.unrated)
FROM error e, error plain WHERE e.m = 'both' AND plain.m = 'plain';
SELECT cmp_ok(e.rmse, '<', 0.95 * plain.rmse, 'elements of an array are values each: ' || e.rmse)
FROM error e, error plain WHERE e.m = 'array' AND plain.m = 'plain';
SELECT cmp_ok(e.rmse, '<', 1.01 * plain.rmse, 'values that say nothing do no harm: ' || e.rmse)
FROM error e, error plain WHERE e.m = 'junk' AND plain.m = 'plain';
SELECT cmp_ok(value, '<', 0.95 * (SELECT value FROM reco.evaluate('plain') WHERE metric = 'rmse'), 'evaluate() tells it, too')
FROM reco.evaluate('both') WHERE metric = 'rmse';

-- which products there are
SELECT is((SELECT products FROM reco.model_version WHERE model = 'both'), 1200::bigint, 'a product without ratings is known if a row tells of it');
SELECT is((SELECT products FROM reco.model_version WHERE model = 'product'), (SELECT count(DISTINCT product) FROM taste.seen), 'else it is not');
SELECT is((SELECT (rows_read, rows_skipped) FROM reco.model_version WHERE model = 'both'),
          (SELECT (count(*), count(*) FILTER (WHERE stars IS NULL)) FROM taste.article LEFT JOIN taste.told ON product = id),
          'such a row counts as skipped');
SELECT is((SELECT ratings FROM reco.model_version WHERE model = 'both'), (SELECT count(*) FROM taste.seen), 'and is no rating');

-- what says nothing is as if it was not there
SELECT is(taste.learn('none', 'SELECT client, product, stars, NULL AS product_kind, NULL::integer[] AS client_groups FROM taste.told'),
          :'plain', 'of NULLs nothing is learnt');
SELECT is(taste.learn('own', 'SELECT client, product, stars, label AS product_label, client + 0.5 AS client_number FROM taste.told JOIN taste.article ON id = product'),
          :'plain', 'nor of what each product and client has of its own');
SELECT is(taste.learn('svd', taste.all_told('kind AS product_kind, city AS client_city') || ' WHERE stars IS NOT NULL', 'svd'),
          taste.learn('plain svd', 'SELECT client, product, stars FROM taste.told', 'svd'), 'the method svd learns from ratings alone');

-- the same rows, the same bits
SELECT is(taste.learn('reversed', taste.all_told('kind AS product_kind, city AS client_city') || ' ORDER BY id DESC, client DESC'), :'both', 'in whatever order rows come');
SELECT set_config('reco.max_parallel_workers', '0', true) AS _ \gset
SELECT is(taste.learn('alone', taste.all_told('kind AS product_kind, city AS client_city')), :'both', 'by however many threads');
SELECT is(taste.learn('at last', taste.all_told('city AS client_city, now() AS at, kind AS product_kind')), :'both', 'and wherever at stands');

-- a client is folded in by what is told now
SELECT set_config('reco.max_parallel_workers', '8', true) AS _ \gset
INSERT INTO taste.newcomer SELECT client + 1000, city, product, stars FROM taste.told WHERE client % 10 = 3;
SELECT taste.none($$SELECT * FROM generate_series(3, 300, 10) c, generate_series(1, 1200, 7) p
                    WHERE reco.predict(c, p, 'both') <> reco.predict(c + 1000, p, 'both')$$, 'the same ratings and city, the same stars');
SELECT reco.predict(3, 1, 'both') AS here \gset
UPDATE taste.person SET city = 'city ' || (right(city, 1)::integer + 1) % 5 WHERE id = 3;
SELECT isnt(reco.predict(3, 1, 'both')::text, :'here', 'who moves has other tastes at once');
UPDATE taste.person SET city = NULL WHERE id IN (3, 13);
CREATE TEMP TABLE nowhere AS SELECT p, reco.predict(3, p, 'both') AS stars FROM generate_series(1, 20) p;
UPDATE taste.person SET city = 'Atlantis' WHERE id = 3;
SELECT taste.none($$SELECT * FROM nowhere WHERE reco.predict(3, p, 'both') <> stars$$, 'a value that the model does not know says nothing');
SELECT is((SELECT array_agg(stars ORDER BY p) FROM nowhere), (SELECT array_agg(stars ORDER BY p) FROM (SELECT p, reco.predict(3, p, 'both') AS stars FROM generate_series(1, 20) p) s), 'nor does NULL');

-- whole statements and single calls agree
SELECT taste.none($$SELECT * FROM (SELECT client_id, product_id, score FROM reco.recommend_all(5, 'both')) l
                    WHERE client_id % 30 = 7 AND score <> reco.score(client_id, product_id, 'both')$$, 'lists of all clients are made of the same scores');
CREATE VIEW taste.unrated AS SELECT id AS product_id FROM taste.article WHERE NOT EXISTS (SELECT FROM taste.told WHERE product = id);
SELECT cmp_ok(avg(taste.likes(c, city, kind)) FILTER (WHERE l IS NOT NULL), '>', avg(taste.likes(c, city, kind)) + 0.5,
              'of products that nobody rated, those of a kind that the client likes come first')
FROM taste.person u (c, city) CROSS JOIN taste.unrated n JOIN taste.article ON id = n.product_id
LEFT JOIN (SELECT client.id, product_id FROM taste.person client, reco.recommend(client.id, 5, 'both', among => 'taste.unrated')
           WHERE client.id % 6 = 0 AND method = 'personal') l (client, product) ON client = c AND product = n.product_id
WHERE c % 6 = 0;

-- saved and loaded
SELECT encode(reco.export_model('both'), 'hex') AS data \gset
SELECT reco.import_model('copy', decode(:'data', 'hex')) AS _ \gset
SELECT is(taste.bits('copy'), taste.bits('both'), 'export_model() and import_model() keep what was learnt');
SELECT throws_like('SELECT reco.create_model(''m'', ratings => ''SELECT client, product, stars, city FROM taste.told'')',
                   'column 4 of ratings has type text', 'a column by another name is no attribute');
SELECT throws_like('SELECT reco.create_model(''m'', purchases => ''SELECT client, product, stars, city AS client_city FROM taste.told'')',
                   'column 4 of purchases has type text', 'purchases have none');

SELECT * FROM finish();
ROLLBACK;
