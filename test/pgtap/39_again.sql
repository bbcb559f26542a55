-- bought => true: what the client buys again and again, and what would be new to them, in one list.
BEGIN;
\ir setup/tastes.sql
SELECT plan(34);

-- A year of sales. Everybody buys some goods once, mostly of their own taste; besides, even clients buy soap (1) each
-- month, those divisible by three rice (2) each week, those divisible by five bought oil (3) each week until March.
CREATE TABLE taste.sale (client bigint, product integer, quantity numeric, at timestamptz);
INSERT INTO taste.sale
SELECT c, p, 1, timestamptz '2024-01-01' + taste.chance('day', c, p) * interval '360 days'
FROM generate_series(1, 120) c, generate_series(4, 60) p
WHERE taste.chance('buys', c, p) < CASE WHEN c % 3 = p % 3 THEN 0.4 ELSE 0.05 END
UNION ALL
SELECT c, 1, 2, timestamptz '2024-01-01' + m * interval '30 days' + taste.chance('soap', c, m) * interval '3 days'
FROM generate_series(2, 120, 2) c, generate_series(0, 11) m
UNION ALL
SELECT c, 2, 1, timestamptz '2024-01-01' + w * interval '7 days' + taste.chance('rice', c, w) * interval '2 days'
FROM generate_series(3, 120, 3) c, generate_series(0, 50) w
UNION ALL
SELECT c, 3, 1, timestamptz '2024-01-01' + w * interval '7 days' + taste.chance('oil', c, w) * interval '2 days'
FROM generate_series(5, 120, 5) c, generate_series(0, 11) w;
CREATE INDEX ON taste.sale (client);
ANALYZE taste.sale;
SELECT reco.create_model('again', purchases => 'SELECT client, product, quantity, at FROM taste.sale',
                         candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT version FROM reco.train('again') \gset
SELECT reco.activate('again', 1) \gset
SET LOCAL reco.default_model = 'again';

CREATE FUNCTION taste.ids(client bigint, n integer, again boolean DEFAULT true) RETURNS bigint[]
STABLE RETURN (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(client, n, bought => again));

-- what comes first

SELECT is(taste.ids(2, 1), '{1}', 'a client who buys soap each month gets it back first');
SELECT is(taste.ids(3, 1), '{2}', 'who buys rice each week, rice');
SELECT is(taste.ids(6, 2), '{2,1}', 'who buys both, first what they buy more often');
SELECT taste.none(
    $$SELECT c FROM generate_series(10, 120, 10) c, reco.recommend(c, 65, bought => true) s, reco.recommend(c, 65, bought => true) o
      WHERE s.product_id = 1 AND o.product_id = 3 AND o.rank < s.rank$$,
    'as often, but long ago, comes after');
SELECT taste.none(
    $$SELECT c FROM generate_series(1, 120) c WHERE 1 = ANY (taste.ids(c, 65, false)) AND c % 2 = 0$$,
    'without bought nobody is offered what they have');
SELECT taste.none($$SELECT c FROM generate_series(2, 120, 2) c WHERE NOT 1 = ANY (taste.ids(c, 3))$$,
                  'with it, all who buy soap are offered soap');
SELECT ok((SELECT bool_and(taste.ids(c, 20) && taste.ids(c, 20, false)) FROM generate_series(1, 120) c),
          'and everybody is offered something new as well');
SELECT is((SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(7, 65, bought => true)
           WHERE product_id NOT IN (SELECT product FROM taste.sale WHERE client = 7)),
          taste.ids(7, 65, false), 'new products keep their order');

-- scores, rows

SELECT taste.none($$SELECT r FROM generate_series(1, 120) c, reco.recommend(c, 65, bought => true) r
                    WHERE r.score IS NULL OR r.score <= 0 OR r.score >= 1 OR r.score = 'NaN'$$, 'scores are chances');
SELECT taste.none($$SELECT c FROM generate_series(1, 120) c, LATERAL (
                        SELECT score, product_id, lag(score) OVER w AS before, lag(product_id) OVER w AS id_before
                        FROM reco.recommend(c, 65, bought => true) WINDOW w AS (ORDER BY rank)) r
                    WHERE score > before OR score = before AND product_id < id_before$$, 'in their order, then by id');
SELECT results_eq(
    $$SELECT c, r.product_id, r.score FROM generate_series(1, 20) c, reco.recommend(c, 60, bought => true) r
      WHERE r.product_id <= 60 ORDER BY 1, 2$$,
    $$SELECT a.client_id::integer, p::bigint, a.score FROM generate_series(1, 60) p, reco.audience(p, 1000, bought => true) a
      WHERE a.client_id <= 20 ORDER BY 1, 2$$,
    'audience(bought => true) says the same of each client and product');
SELECT taste.none($$SELECT c, n FROM generate_series(1, 10) c, unnest('{0,1,7,30,64,65}'::integer[]) n
                    WHERE (SELECT count(*) FROM reco.recommend(c, n, bought => true)) <> n$$, 'n rows');
SELECT is((SELECT count(*) FROM reco.recommend(2, 1000, bought => true)), 65::bigint, 'or all there are');
SELECT taste.none($$SELECT c, n FROM generate_series(1, 10) c, unnest('{1,5,20,40}'::integer[]) n
                    WHERE taste.ids(c, n) <> (taste.ids(c, 65))[:n]$$, 'a shorter list is the beginning of a longer one');
SELECT results_eq($$SELECT * FROM reco.recommend(999, 20, bought => true)$$, $$SELECT * FROM reco.recommend(999, 20)$$,
                  'a client without history gets the popular list either way');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 10) c, generate_series(1, 60) p
      WHERE abs((SELECT sum(contribution) FROM reco.explain(c, p, 100)) - reco.score(c, p)) > 1e-5$$,
    'explain() goes on to explain score()');
SELECT results_eq(
    $$SELECT c, r.product_id, r.score FROM generate_series(1, 20) c, reco.recommend(c, 20) r ORDER BY 1, r.rank$$,
    $$SELECT c, r.product_id, reco.score(c, r.product_id) FROM generate_series(1, 20) c, reco.recommend(c, 20) r ORDER BY 1, r.rank$$,
    'which is what lists without bought rank by');

-- what may be offered

SELECT isnt((SELECT array_agg(product_id) FROM reco.recommend(2, 65, bought => true, exclude => '{1}')) && '{1}', true,
            'exclude holds for what was bought');
CREATE TABLE taste.shelf AS SELECT unnest('{1,5,6,7}'::bigint[]) AS product_id;
SELECT set_eq($$SELECT product_id FROM reco.recommend(2, 65, bought => true, among => 'taste.shelf')$$, '{1,5,6,7}'::bigint[], 'so does among');
UPDATE taste.product SET stock = 0 WHERE id IN (1, 2);
SELECT taste.none($$SELECT c FROM generate_series(1, 120) c, reco.recommend(c, 65, bought => true) r WHERE r.product_id IN (1, 2)$$,
                  'nobody is offered what is sold out, however often they bought it');
UPDATE taste.product SET stock = 10;

-- rows of this transaction

SELECT product_id AS new, score AS new_score FROM reco.recommend(7, 65) r JOIN (SELECT product_id AS p, score AS s FROM reco.recommend(7, 65, bought => true)) b
ON b.p = r.product_id WHERE r.rank = 30 \gset
CREATE TEMP TABLE step (n integer, score double precision);
INSERT INTO step SELECT 0, score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new;
INSERT INTO taste.sale VALUES (7, :new, 1, '2024-12-01');
INSERT INTO step SELECT 1, score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new;
INSERT INTO taste.sale VALUES (7, :new, 1, '2024-12-08');
INSERT INTO step SELECT 2, score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new;
INSERT INTO taste.sale VALUES (7, :new, 1, '2024-12-08'), (7, :new, 5, '2024-12-08');
INSERT INTO step SELECT 3, score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new;
INSERT INTO taste.sale SELECT 7, :new, 1, date '2024-12-08' + d FROM generate_series(1, 14) d;
INSERT INTO step SELECT 4, score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new;
SELECT cmp_ok((SELECT score FROM step WHERE n = 1), '<', (SELECT score FROM step WHERE n = 0),
              'bought a moment ago, once, it is less likely, as goods bought once are in this shop');
SELECT cmp_ok((SELECT score FROM step WHERE n = 2), '>', (SELECT score FROM step WHERE n = 1), 'one more on another day, more');
SELECT is((SELECT score FROM step WHERE n = 3), (SELECT score FROM step WHERE n = 2), 'another row of a day is the same purchase');
SELECT is(taste.ids(7, 1), ARRAY[:new::bigint], 'bought each day, it comes first');
INSERT INTO taste.sale SELECT 7, :new, -(SELECT sum(quantity) FROM taste.sale WHERE client = 7 AND product = :new), '2024-12-24';
SELECT is((SELECT score FROM reco.recommend(7, 65, bought => true) WHERE product_id = :new), (SELECT score FROM step WHERE n = 0),
          'and all of it returned, it was not bought');
DELETE FROM taste.sale WHERE client = 7 AND product = :new;

-- times that are odd

INSERT INTO taste.sale VALUES (2, 1, 1, '2999-01-01'), (2, 1, 1, 'infinity'), (2, 4, 1, '-infinity'), (2, 5, 1, NULL);
SELECT is(taste.ids(2, 1), '{1}', 'a purchase that is yet to come counts');
SELECT taste.none($$SELECT r FROM reco.recommend(2, 65, bought => true) r WHERE r.score IS NULL OR r.score <= 0 OR r.score >= 1 OR r.score = 'NaN'$$,
                  'chances are chances with odd times, too');
SELECT version FROM reco.train('again') \gset
SELECT reco.activate('again', 2) \gset
SELECT taste.none($$SELECT c FROM generate_series(2, 120, 2) c WHERE NOT 1 = ANY (taste.ids(c, 3))$$, 'and they can be learnt from');
DELETE FROM taste.sale WHERE at IS NULL OR NOT isfinite(at) OR at > '2900-01-01';

-- other logs

SELECT reco.create_model('rows', purchases => 'SELECT client, product, quantity FROM taste.sale') \gset
SELECT reco.create_model('once', purchases => 'SELECT client, product, sum(quantity), max(at) FROM taste.sale GROUP BY 1, 2') \gset
SELECT reco.create_model('one_day', purchases => $$SELECT client, product, quantity, '2024-01-01'::date FROM taste.sale$$) \gset
SELECT (reco.train(m)).version, reco.activate(m, 1) FROM unnest('{rows,once,one_day}'::text[]) m \g /dev/null
SELECT is((SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(2, 1, 'rows', bought => true)), '{1}',
          'without times, rows are what is counted');
SELECT taste.none($$SELECT r FROM generate_series(1, 20) c, reco.recommend(c, 65, 'rows', bought => true) r
                    WHERE r.score IS NULL OR r.score <= 0 OR r.score >= 1 OR r.score = 'NaN'$$, 'by chances as well');
SELECT taste.none(
    format($$SELECT c FROM generate_series(1, 20) c,
             LATERAL (SELECT array_agg(product_id ORDER BY rank) AS ids FROM reco.recommend(c, 60, %1$L, bought => true)) l,
             LATERAL (SELECT array_agg(p::bigint ORDER BY reco.score(c, p, %1$L) DESC, p) AS ids FROM generate_series(1, 60) p) s
             WHERE l.ids <> s.ids$$, m),
    'where nothing is bought again, score() ranks all: ' || m)
FROM unnest('{once,one_day}'::text[]) m;

-- a version goes with what it learnt of this

SELECT name FROM reco.import_model('copy', reco.export_model('again')) v, LATERAL (SELECT 'copy' AS name) n \gset
SELECT results_eq($$SELECT c, r.product_id, r.score FROM generate_series(1, 20) c, reco.recommend(c, 20, 'copy', bought => true) r$$,
                  $$SELECT c, r.product_id, r.score FROM generate_series(1, 20) c, reco.recommend(c, 20, 'again', bought => true) r$$,
                  'exported and imported, it makes the same lists');
SELECT ok((SELECT clients FROM reco.likely_buyers(3) WHERE product_id = 1) >= 50, 'who buys soap each month is a likely buyer of it');

SELECT * FROM finish();
ROLLBACK;
