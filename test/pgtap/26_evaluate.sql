-- evaluate() trains on a part of the rows and measures on the rest, as a slow implementation in SQL confirms.
BEGIN;
\ir setup/tastes.sql
SELECT plan(78);

UPDATE taste.rating SET rated_at = timestamptz '2024-01-01' + floor(400 * taste.chance('day', client, product)) * interval '1 day';
UPDATE taste.purchase SET bought_at = timestamptz '2024-01-01' + floor(400 * taste.chance('day', client, product)) * interval '1 day';

-- two models of the same options: one of all rows, one of those before the time from which a fifth is held out

CREATE TABLE taste.model (
    name text PRIMARY KEY, ratings boolean, purchases boolean, options jsonb, cut timestamptz, mean double precision);
INSERT INTO taste.model VALUES
    ('rated', true, false, '{}'), ('svd', true, false, '{"ratings": {"method": "svd"}}'), ('bought', false, true, '{}'),
    ('both', true, true, '{"seed": 5, "ratings": {"method": "svd"}}');
UPDATE taste.model SET cut = CASE WHEN purchases
    THEN (SELECT (array_agg(bought_at ORDER BY bought_at))[count(*) - round(0.2 * count(*)) + 1] FROM taste.purchase)
    ELSE (SELECT (array_agg(rated_at ORDER BY rated_at))[count(*) - round(0.2 * count(*)) + 1] FROM taste.rating) END;
UPDATE taste.model SET mean = (SELECT avg(stars) FROM taste.rating WHERE rated_at < cut);
SELECT reco.create_model(m.name || ' ' || v.which, options => m.options,
    ratings => CASE WHEN m.ratings THEN 'SELECT client, product, stars, rated_at FROM taste.rating'
                                        || coalesce(' WHERE rated_at < ' || quote_literal(v.until), '') END,
    purchases => CASE WHEN m.purchases THEN 'SELECT client, product, quantity, bought_at FROM taste.purchase'
                                            || coalesce(' WHERE bought_at < ' || quote_literal(v.until), '') END)
FROM taste.model m, LATERAL (VALUES ('all', NULL), ('before', m.cut)) v (which, until) \g /dev/null
SELECT reco.train(name || ' before') FROM taste.model \g /dev/null
SELECT ok(active, 'a version goes live that has not seen the held-out rows: ' || model)
FROM reco.model_version ORDER BY model;

CREATE TEMP TABLE said AS
SELECT m.name, e.* FROM taste.model m, reco.evaluate(m.name || ' all', 1, 5, 'time', 0.2) e;
SELECT results_eq(
    $$SELECT name, string_agg(part || ' ' || metric, ', ') FROM said GROUP BY name ORDER BY name$$,
    $$VALUES ('both', 'ratings rmse, ratings mae, purchases precision, purchases recall, purchases ndcg, purchases map, purchases coverage, purchases novelty'),
             ('bought', 'purchases precision, purchases recall, purchases ndcg, purchases map, purchases coverage, purchases novelty'),
             ('rated', 'ratings rmse, ratings mae, ratings precision, ratings recall, ratings ndcg, ratings map, ratings coverage, ratings novelty'),
             ('svd', 'ratings rmse, ratings mae, ratings precision, ratings recall, ratings ndcg, ratings map, ratings coverage, ratings novelty')$$,
    'the metrics of stars for ratings, those of lists for what lists are made of');

-- stars

CREATE FUNCTION taste.errors() RETURNS TABLE (name text, client bigint, error double precision) STABLE
BEGIN ATOMIC
    SELECT m.name, r.client, reco.predict(r.client, r.product, m.name || ' before') - r.stars
    FROM taste.model m JOIN taste.rating r ON m.ratings AND r.rated_at >= m.cut;
END;
CREATE TEMP TABLE error AS SELECT * FROM taste.errors();
CREATE FUNCTION taste.close(a double precision, b double precision) RETURNS boolean IMMUTABLE RETURN abs(a - b) <= 1e-9 * greatest(abs(a), 1);

SELECT ok(taste.close(s.value, sqrt(avg(e.error ^ 2))), format('rmse: %s, %s', s.name, s.value))
FROM said s JOIN error e USING (name) WHERE s.metric = 'rmse' GROUP BY s.name, s.value ORDER BY s.name;
SELECT ok(taste.close(s.value, avg(abs(e.error))), format('mae: %s, %s', s.name, s.value))
FROM said s JOIN error e USING (name) WHERE s.metric = 'mae' GROUP BY s.name, s.value ORDER BY s.name;
SELECT is(s.samples, count(*), 'of so many ratings: ' || s.name)
FROM said s JOIN error e USING (name) WHERE s.metric = 'mae' GROUP BY s.name, s.samples ORDER BY s.name;
-- the ratio of two sums over clients
SELECT ok(taste.close(s.error, sqrt(sum((absolute - count * s.value) ^ 2) * count(*) / (count(*) - 1)) / sum(count)),
          'the standard error of mae: ' || s.name)
FROM said s
JOIN (SELECT name, client, sum(abs(error)) AS absolute, count(*) AS count FROM error GROUP BY name, client) e USING (name)
WHERE s.metric = 'mae' GROUP BY s.name, s.error, s.value ORDER BY s.name;
SELECT ok(taste.close(s.error, sqrt(sum((square - count * s.value ^ 2) ^ 2) * count(*) / (count(*) - 1)) / sum(count) / (2 * s.value)),
          'the standard error of rmse: ' || s.name)
FROM said s
JOIN (SELECT name, client, sum(error ^ 2) AS square, count(*) AS count FROM error GROUP BY name, client) e USING (name)
WHERE s.metric = 'rmse' GROUP BY s.name, s.error, s.value ORDER BY s.name;

-- a version that is not active predicts by the biases
SAVEPOINT active;
UPDATE reco.model_version SET active = false;
SELECT ok(taste.close(s.baseline, least(b.rmse, (
    SELECT sqrt(avg((r.stars - m.mean) ^ 2)) FROM taste.rating r WHERE r.rated_at >= m.cut))), format('rmse of the biases, or of the mean: %s, %s', s.name, s.baseline))
FROM said s JOIN (SELECT name, sqrt(avg(error ^ 2)) AS rmse FROM taste.errors() GROUP BY name) b USING (name)
JOIN taste.model m USING (name)
WHERE s.metric = 'rmse' ORDER BY s.name;
ROLLBACK TO active;

-- lists

CREATE TABLE taste.wanted AS
SELECT m.name, b.client, b.product FROM taste.model m JOIN taste.purchase b ON m.purchases AND b.bought_at >= m.cut
UNION ALL
SELECT m.name, r.client, r.product FROM taste.model m JOIN taste.rating r ON NOT m.purchases AND r.rated_at >= m.cut
WHERE r.stars >= m.mean;
CREATE TABLE taste.owned AS
SELECT m.name, b.client, b.product FROM taste.model m JOIN taste.purchase b ON m.purchases AND b.bought_at < m.cut
UNION ALL
SELECT m.name, r.client, r.product FROM taste.model m JOIN taste.rating r ON NOT m.purchases AND r.rated_at < m.cut;
CREATE TABLE taste.judged AS
SELECT name, client, array_agg(product) AS wanted FROM taste.wanted w
WHERE EXISTS (SELECT FROM taste.owned o WHERE (o.name, o.client) = (w.name, w.client)) GROUP BY name, client;
CREATE TABLE taste.list AS
SELECT j.name, 'value' AS which, j.client, r.rank, r.product_id AS product
FROM taste.judged j, reco.recommend(j.client, 5, j.name || ' before') r
UNION ALL
SELECT j.name, 'baseline', j.client, r.rank, r.product_id
FROM taste.judged j,
     reco.recommend(NULL, 5, j.name || ' before', exclude => ARRAY(SELECT o.product FROM taste.owned o
                                                                  WHERE (o.name, o.client) = (j.name, j.client))) r;
CREATE TABLE taste.hit AS
SELECT l.*, l.product = ANY (j.wanted) AS hit,
       count(*) FILTER (WHERE l.product = ANY (j.wanted)) OVER (PARTITION BY l.name, l.which, l.client ORDER BY l.rank) AS hits
FROM taste.list l JOIN taste.judged j USING (name, client);
CREATE TABLE taste.measured AS
WITH client AS (
    SELECT h.name, h.which, h.client,
           max(h.hits) / 5.0::float8 AS precision,
           max(h.hits) / least(5, cardinality(j.wanted))::float8 AS recall,
           coalesce(sum(1 / log(2.0, h.rank + 1.0)) FILTER (WHERE h.hit), 0)
               / (SELECT sum(1 / log(2.0, r + 1.0)) FROM generate_series(1, least(5, cardinality(j.wanted))) r) AS ndcg,
           coalesce(sum(h.hits / h.rank::float8) FILTER (WHERE h.hit), 0) / least(5, cardinality(j.wanted)) AS map,
           avg(-log(2.0, o.owners / o.clients::numeric)) AS novelty
    FROM taste.hit h
    JOIN taste.judged j USING (name, client)
    JOIN (SELECT o.name, o.product, count(*) AS owners,
                 (SELECT count(DISTINCT a.client) FROM taste.owned a WHERE a.name = o.name) AS clients
          FROM taste.owned o GROUP BY o.name, o.product) o ON (o.name, o.product) = (h.name, h.product)
    GROUP BY h.name, h.which, h.client, j.wanted)
SELECT c.name, c.which, m.metric, avg(m.figure) AS figure, stddev(m.figure) / sqrt(count(*)) AS error, count(*) AS clients
FROM client c, LATERAL (VALUES ('precision', precision), ('recall', recall), ('ndcg', ndcg::float8), ('map', map),
                               ('novelty', novelty::float8)) m (metric, figure)
GROUP BY c.name, c.which, m.metric
UNION ALL
SELECT l.name, l.which, 'coverage',
       count(DISTINCT l.product) / (SELECT count(DISTINCT o.product)::float8 FROM
           (SELECT o.product FROM taste.owned o WHERE o.name = l.name
            UNION SELECT r.product FROM taste.rating r JOIN taste.model m ON r.rated_at < m.cut WHERE m.name = l.name AND l.name = 'both') o),
       NULL, count(DISTINCT l.client)
FROM taste.list l GROUP BY l.name, l.which;

SELECT ok(taste.close(s.value, v.figure) AND taste.close(s.baseline, b.figure),
          format('%s: %s, %s beside %s', s.metric, s.name, s.value, s.baseline))
FROM said s
JOIN taste.measured v ON (v.name, v.which, v.metric) = (s.name, 'value', s.metric)
JOIN taste.measured b ON (b.name, b.which, b.metric) = (s.name, 'baseline', s.metric)
ORDER BY s.name, s.metric;
SELECT taste.none(
    $$SELECT * FROM said s JOIN taste.measured v ON (v.name, v.which, v.metric) = (s.name, 'value', s.metric)
      JOIN taste.measured b ON (b.name, b.which, b.metric) = (s.name, 'baseline', s.metric)
      WHERE NOT (taste.close(s.error, v.error) AND taste.close(s.baseline_error, b.error)) OR s.samples <> v.clients$$,
    'standard errors of lists are those of means over clients');
SELECT taste.none($$SELECT * FROM said WHERE metric <> 'coverage' AND NOT (difference_error > 0 AND difference_error < error + baseline_error)$$,
                  'and what both figures have in common is not in that of their difference');

-- every row is held out once

CREATE FUNCTION taste.samples(model text, folds integer, split text, held_out double precision, metric text) RETURNS bigint
BEGIN ATOMIC
    SELECT e.samples FROM reco.evaluate(model, folds, 3, split, held_out) e WHERE e.metric = samples.metric;
END;
SELECT is(taste.samples('svd all', 4, 'random', NULL, 'rmse'), count(*), 'by four folds at random') FROM taste.rating;
SELECT is(taste.samples('svd all', 3, 'client', NULL, 'rmse'), count(*), 'by three folds for each client') FROM taste.rating;
SELECT is(taste.samples('svd all', 1, 'client', 0.3, 'rmse'), sum(ceil(0.3 * n)::bigint)::bigint, 'a part of each client''s, rounded up')
FROM (SELECT count(*) AS n FROM taste.rating GROUP BY client) c;
SELECT is(taste.samples('svd all', 2, 'time', 0.1, 'rmse'), taste.samples('svd all', 1, 'time', 0.2, 'rmse'),
          'by time, one fold before the other');
SELECT is(taste.samples('svd all', 1, 'last', 0.2, 'rmse'), sum(held)::bigint, 'the last ones of each client')
FROM (SELECT count(*) FILTER (WHERE rated_at >= cut) AS held
      FROM taste.rating JOIN (SELECT client, (array_agg(rated_at ORDER BY rated_at DESC))[greatest(round(0.2 * count(*)), 1)] AS cut
                              FROM taste.rating GROUP BY client) c USING (client) GROUP BY client) h;
SELECT ok(taste.samples('bought all', 1, 'client', 0.1, 'recall') = 120, 'lists are judged for every client who has any left');

SELECT results_eq($$SELECT * FROM reco.evaluate('svd all')$$, $$SELECT * FROM reco.evaluate('svd all', 1, 10, 'time', 0.1)$$,
                  'what has times is split by them unless told otherwise');

-- clients and products that came after the cut are judged as they would be served

SAVEPOINT cold;
UPDATE taste.rating SET rated_at = '2025-06-01' WHERE client > 116 OR product > 58;
CREATE TABLE taste.cold AS SELECT r.*, r.rated_at >= c.cut AS held FROM taste.rating r,
    (SELECT (array_agg(rated_at ORDER BY rated_at))[count(*) - round(0.2 * count(*)) + 1] AS cut FROM taste.rating) c;
SELECT reco.create_model('cold', ratings => 'SELECT client, product, stars FROM taste.cold WHERE NOT held', options => '{"ratings": {"method": "svd"}}') \g /dev/null
SELECT reco.train('cold') \g /dev/null
CREATE TEMP TABLE said_cold AS SELECT * FROM reco.evaluate('svd all', 1, 5, 'time', 0.2);
SELECT ok(e.samples = count(*) AND count(*) FILTER (WHERE client > 116 OR product > 58) > 50, 'the stars they gave and got are among those predicted')
FROM said_cold e, taste.cold WHERE e.metric = 'rmse' AND held GROUP BY e.samples;
SELECT cmp_ok(abs(e.value - sqrt(avg((reco.predict(client, product, 'cold') - stars) ^ 2))), '<', 0.001::float8, 'as well as by a model that has not met them')
FROM said_cold e, taste.cold WHERE e.metric = 'rmse' AND held GROUP BY e.value;
SELECT is(e.samples, (SELECT count(DISTINCT client) FROM taste.cold h WHERE held AND stars >= m.mean AND EXISTS (SELECT FROM taste.cold s WHERE s.client = h.client AND NOT s.held)),
          'lists are judged for clients who were there before')
FROM said_cold e, (SELECT avg(stars) AS mean FROM taste.cold WHERE NOT held) m WHERE e.metric = 'recall';
ROLLBACK TO cold;

UPDATE taste.rating SET rated_at = NULL;
SELECT results_eq($$SELECT * FROM reco.evaluate('svd all')$$, $$SELECT * FROM reco.evaluate('svd all', 1, 10, 'random', 0.1)$$,
                  'the rest at random');

-- what it says is what train() says of versions, within the errors of both

SELECT cmp_ok(abs(e.value - t.rmse), '<', 4 * e.error, 'rmse')
FROM reco.train('svd all') t, reco.evaluate('svd all', 10) e WHERE e.metric = 'rmse';
SELECT cmp_ok(abs(e.value - t.ndcg_at_10), '<', 0.1::float8, 'ndcg')
FROM reco.train('bought all') t, reco.evaluate('bought all', split => 'random') e WHERE e.metric = 'ndcg';

-- nothing is written, nothing is changed

CREATE TEMP TABLE before AS
SELECT (SELECT md5(string_agg(v::text, ' ' ORDER BY v.uuid)) FROM reco.model_version v) AS versions,
       (SELECT md5(string_agg(m::text, ' ' ORDER BY m.id)) FROM reco.model m) AS models,
       (SELECT count(*) FROM reco.model_array) AS arrays;
SET LOCAL transaction_read_only = on;
SELECT isnt_empty($$SELECT * FROM reco.evaluate('svd all')$$, 'evaluates in a transaction that may not write');
SELECT results_eq(
    $$SELECT (SELECT md5(string_agg(v::text, ' ' ORDER BY v.uuid)) FROM reco.model_version v),
             (SELECT md5(string_agg(m::text, ' ' ORDER BY m.id)) FROM reco.model m), (SELECT count(*) FROM reco.model_array)$$,
    'SELECT * FROM before', 'and leaves versions as they are');
SELECT is((SELECT count(*) FROM reco.train_progress), 0::bigint, 'nothing goes on when it is over');

-- who may, and with what

SELECT throws_ok($$SELECT * FROM reco.evaluate('nothing')$$, '42704');
SELECT throws_ok(format('SELECT * FROM reco.evaluate(''svd all'', %s)', a), '22023', NULL, 'refused: ' || a)
FROM unnest(ARRAY['0', '101', 'NULL', '1, 0', '1, 1001', 'split => ''sideways''', 'held_out => 0', 'held_out => 0.51',
                  'held_out => ''NaN''', '3, held_out => 0.4', 'split => ''last''']) a;
SELECT throws_ok(
    $$SELECT taste.run_as('pg_read_all_data', $q$SELECT count(*)::text FROM reco.evaluate('svd all')$q$)$$,
    '42501', 'must be owner of model "svd all"', 'only the owner of a model evaluates it');

SELECT * FROM finish();
ROLLBACK;
