-- What a model may be made of: any SELECT, ids of any integer type, rows that repeat or lack something.
BEGIN;
\ir setup/tastes.sql
SELECT plan(47);

-- Makes and trains a model; the bits it learnt.
CREATE FUNCTION taste.learn(name text, ratings text, purchases text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    -- which pairs trials are judged by depends on the ids: leave them nothing to choose
    PERFORM reco.create_model(name, ratings, purchases,
                              options => '{"purchases": {"regularization": 0.03, "unobserved_weight": 0.3}}');
    PERFORM reco.train(name);
    RETURN taste.bits(name);
END
$$;
SELECT taste.learn('bought', NULL, 'SELECT client, product, quantity, bought_at FROM taste.purchase') AS bought,
       taste.learn('rated', 'SELECT client, product, stars, rated_at FROM taste.rating', NULL) AS rated \gset

-- any SELECT

CREATE VIEW taste.purchase_view AS SELECT client AS who, product AS what, quantity AS how_many FROM taste.purchase;
CREATE MATERIALIZED VIEW taste.purchase_matview AS SELECT * FROM taste.purchase;
CREATE TABLE taste.visit (id serial, client bigint, at date);
INSERT INTO taste.visit (client, at) SELECT client, min(bought_at)::date FROM taste.purchase GROUP BY client;
CREATE TABLE taste.line AS
SELECT v.id AS visit, p.product, p.quantity FROM taste.purchase p JOIN taste.visit v USING (client);
CREATE TABLE taste.purchase_partitioned (LIKE taste.purchase) PARTITION BY HASH (client);
CREATE TABLE taste.part_0 PARTITION OF taste.purchase_partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE taste.part_1 PARTITION OF taste.purchase_partitioned FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO taste.purchase_partitioned SELECT * FROM taste.purchase;
CREATE TABLE taste.purchase_old (LIKE taste.purchase);
CREATE TABLE taste.purchase_new () INHERITS (taste.purchase_old);
INSERT INTO taste.purchase_old SELECT * FROM taste.purchase WHERE client <= 60;
INSERT INTO taste.purchase_new SELECT * FROM taste.purchase WHERE client > 60;
CREATE FUNCTION taste.purchase_rows() RETURNS SETOF taste.purchase STABLE
BEGIN ATOMIC SELECT * FROM taste.purchase; END;
CREATE TEMP TABLE purchase_temp AS SELECT * FROM taste.purchase;
CREATE DOMAIN taste.client_number AS bigint CHECK (value > 0);

SELECT is(taste.learn(source, NULL, query), :'bought', 'purchases may come from ' || source)
FROM (VALUES
    ('a view', 'SELECT * FROM taste.purchase_view'),
    ('TABLE', 'TABLE taste.purchase'),
    ('a materialized view', 'SELECT client, product, quantity FROM taste.purchase_matview'),
    ('a join', 'SELECT v.client, l.product, l.quantity, v.at FROM taste.line l JOIN taste.visit v ON v.id = l.visit'),
    ('a partitioned table', 'SELECT * FROM taste.purchase_partitioned'),
    ('a table and its children', 'SELECT * FROM taste.purchase_old'),
    ('a set operation', 'SELECT * FROM taste.purchase WHERE client < 50 UNION ALL SELECT * FROM taste.purchase WHERE client >= 50'),
    ('a common table expression', 'WITH p AS MATERIALIZED (SELECT * FROM taste.purchase) SELECT client, product, quantity FROM p'),
    ('a function', 'SELECT * FROM taste.purchase_rows()'),
    ('a temporary table', 'SELECT * FROM purchase_temp'),
    ('an aggregate', 'SELECT client, product, sum(quantity) FROM taste.purchase GROUP BY client, product'),
    ('a window', 'SELECT client, product, row_number() OVER (PARTITION BY client, product) FROM taste.purchase'),
    ('an ordered and limited query', 'SELECT client, product, quantity FROM taste.purchase ORDER BY bought_at DESC LIMIT 100000'),
    ('a query with a comment', E'SELECT client, product, quantity -- how many\nFROM taste.purchase /* all */ -- of them'),
    ('a query with a semicolon', 'SELECT client, product, quantity FROM taste.purchase;'),
    ('columns named otherwise', 'SELECT client AS "Who?", product AS "select", quantity AS "a; b""c" FROM taste.purchase'),
    ('columns named alike', 'SELECT client AS x, product AS x, quantity AS x, bought_at AS x FROM taste.purchase'),
    ('ids of a domain', 'SELECT client::taste.client_number, product, quantity FROM taste.purchase'),
    ('smallint ids', 'SELECT client::smallint, product::smallint, quantity FROM taste.purchase'),
    ('integer ids', 'SELECT client::integer, product::integer, quantity FROM taste.purchase'),
    ('bigint ids', 'SELECT client::bigint, product::bigint, quantity FROM taste.purchase')) v (source, query);

SELECT reco.create_model('values', purchases => 'VALUES (1, 2, 3.5), (1, 3, 1.0), (2, 2, 1)') \gset
SELECT is((SELECT purchases FROM reco.train('values')), 3::bigint, 'purchases may be VALUES');

SELECT is(taste.learn('stars as ' || type, format('SELECT client, product, stars::%s FROM taste.rating', type), NULL), :'rated',
          'stars may be ' || type)
FROM unnest(ARRAY['smallint', 'bigint', 'numeric', 'numeric(3,1)', 'real', 'double precision']) type;
SELECT is(taste.learn('at as ' || type, format('SELECT client, product, stars, rated_at::%s FROM taste.rating', type), NULL), :'rated',
          'the time may be ' || type)
FROM unnest(ARRAY['date', 'timestamp', 'timestamptz', 'timestamp(0)']) type;

-- constants mean what they meant to the author

SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL intervalstyle = sql_standard;
SET LOCAL extra_float_digits = -9;
\set written 'SELECT c, c, 0.1234567890123456::double precision, timestamptz \'02/03/2026 4:05\' + interval \'-1 day 2 hours\' FROM generate_series(1, 3) c WHERE date \'02/03/2026\' < date \'01/04/2026\''
SELECT reco.create_model('written', purchases => :'written') \gset
SELECT array_agg(q::text) AS meant FROM (:written) q \gset
SELECT purchases AS stored FROM reco.model WHERE name = 'written' \gset
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL intervalstyle = postgres;
SET LOCAL extra_float_digits = 1;
CREATE TABLE taste.stored AS :stored;
SET LOCAL datestyle = 'SQL, DMY';
SET LOCAL extra_float_digits = -9;
SELECT is((SELECT array_agg(s::text) FROM taste.stored s)::text, :'meant', 'dates, intervals and numbers in a query are those of its author''s settings');
SET LOCAL datestyle = 'ISO, MDY';
SET LOCAL extra_float_digits = 1;

-- ids of any size

-- Other ids, other pairs held out: the fit to all pairs goes on from another one, and ends about where this one does.
CREATE FUNCTION taste.apart(model_name text, shift bigint) RETURNS double precision
STABLE
RETURN (SELECT avg(abs(reco.score(c - shift, p - shift, model_name) - reco.score(c, p, 'bought')))
        FROM generate_series(1, 120) c, generate_series(1, 60) p);
SELECT taste.learn(
    'shifted by ' || shift, NULL,
    format('SELECT client - %1$s, product - %1$s, quantity FROM taste.purchase', shift)) AS _
FROM (VALUES (bigint '4000000000'), (bigint '9223372036854775000'), (-3000000000), (-9223372036854775600)) v (shift) \g /dev/null
SELECT cmp_ok(taste.apart('shifted by ' || shift, shift), '<', 0.02::float8, 'ids may be shifted by ' || -shift)
FROM (VALUES (bigint '4000000000'), (bigint '9223372036854775000'), (-3000000000), (-9223372036854775600)) v (shift);
SELECT reco.create_model('ends', purchases =>
    'SELECT CASE client WHEN 1 THEN -9223372036854775808 WHEN 120 THEN 9223372036854775807 ELSE client END,
            CASE product WHEN 1 THEN -9223372036854775808 WHEN 60 THEN 9223372036854775807 ELSE product END, quantity
     FROM taste.purchase', options => '{"purchases": {"regularization": 0.03, "unobserved_weight": 0.3}}') \gset
SELECT is((SELECT products FROM reco.train('ends')), 60::bigint, 'the least and the greatest bigint are ids like any other');
SELECT cmp_ok(
    (SELECT count(*) FROM reco.recommend(-9223372036854775808, 20, 'ends') e JOIN reco.recommend(1, 20, 'bought') b
     ON b.product_id = CASE e.product_id WHEN -9223372036854775808 THEN 1 WHEN 9223372036854775807 THEN 60 ELSE e.product_id END),
    '>=', 16::bigint,
    'and are answered to like any other');

-- rows that repeat

SELECT is(taste.learn('in parts', NULL,
    'SELECT client, product, quantity / 4, bought_at FROM taste.purchase, generate_series(1, 4)'), :'bought',
    'purchases of one pair add up to one');
SELECT is(taste.learn('returned', NULL,
    'SELECT client, product, quantity FROM taste.purchase
     UNION ALL SELECT c, p, q FROM generate_series(1, 120) c, generate_series(1, 60) p, (VALUES (2), (-1), (-1)) v (q)
     WHERE (c, p) NOT IN (SELECT client, product FROM taste.purchase)'), :'bought',
    'a purchase that was returned was none');
SELECT is(taste.learn('weighed', NULL,
    'SELECT client, product, quantity FROM taste.purchase
     UNION ALL SELECT c, p, q FROM generate_series(1, 120) c, generate_series(1, 60) p, (VALUES (0.1), (0.2), (-0.3)) v (q)
     WHERE (c, p) NOT IN (SELECT client, product FROM taste.purchase)'), :'bought',
    'nor when it was weighed in tenths');
SELECT is(taste.learn('below zero', NULL,
    'SELECT client, product, quantity FROM taste.purchase
     UNION ALL SELECT c, p, -1 FROM generate_series(1, 120) c, generate_series(1, 60) p
     WHERE (c, p) NOT IN (SELECT client, product FROM taste.purchase)'), :'bought',
    'nor when more was returned than bought');
SELECT is(taste.learn('latest', $$
    SELECT client, product, stars, rated_at FROM taste.rating
    UNION ALL SELECT client, product, 6 - stars, rated_at - interval '1 day' FROM taste.rating
    UNION ALL SELECT client, product, 3, NULL FROM taste.rating
    ORDER BY 4 DESC$$, NULL), :'rated',
    'of several ratings the latest counts, and one without a time is the oldest');
SELECT is(taste.learn('last read', $$
    SELECT client, product, value FROM (
        SELECT 1 AS turn, client, product, 6 - stars AS value FROM taste.rating
        UNION ALL SELECT 2, client, product, stars FROM taste.rating
        ORDER BY turn, client, product) r$$, NULL), :'rated',
    'without times, the last one read');

-- rows that lack something

SELECT is(taste.learn('with NULLs', NULL, $$
    SELECT client, product, quantity, bought_at FROM taste.purchase
    UNION ALL SELECT NULL, 1, 1, now()
    UNION ALL SELECT 1, NULL, 1, now() FROM generate_series(1, 2)
    UNION ALL SELECT 1, 2, NULL, now() FROM generate_series(1, 4)$$), :'bought',
    'rows with a NULL are left out');
SELECT results_eq(
    $$SELECT rows_read, rows_skipped, purchases, clients, products FROM reco.model_version WHERE model = 'with NULLs'$$,
    $$SELECT count(*) + 7, 7::bigint, count(*), 120::bigint, 60::bigint FROM taste.purchase$$,
    'and counted');

SELECT * FROM finish();
ROLLBACK;
