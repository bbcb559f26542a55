-- One list from purchases and stars: ranked by purchases, corrected by what stars say.
BEGIN;
\ir setup/tastes.sql
SELECT plan(13);

-- Of their own taste: 6 is rated badly by everybody, 9 well, 12 by nobody, the others as they are.
DELETE FROM taste.rating WHERE product IN (6, 9, 12);
INSERT INTO taste.rating SELECT c, p, CASE p WHEN 6 THEN 1 ELSE 5 END, timestamptz '2024-02-01'
FROM generate_series(1, 100) c, unnest('{6, 9}'::integer[]) p WHERE taste.chance('rates again', c, p) < 0.5;
SELECT reco.create_model('bought',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT reco.create_model('both',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT version FROM reco.train('bought') \gset
SELECT version FROM reco.train('both') \gset
SELECT reco.activate('bought', 1), reco.activate('both', 1) \gset

-- Clients of that taste who neither bought nor rated the three.
CREATE TABLE taste.other AS
SELECT c AS client FROM generate_series(3, 120, 3) c
WHERE NOT EXISTS (SELECT FROM taste.purchase WHERE client = c AND product IN (6, 9, 12))
  AND NOT EXISTS (SELECT FROM taste.rating WHERE client = c AND product IN (6, 9, 12));
CREATE VIEW taste.change AS
SELECT o.client, p AS product, reco.score(o.client, p, 'both') / reco.score(o.client, p, 'bought') AS factor
FROM taste.other o, generate_series(1, 60) p
WHERE reco.score(o.client, p, 'bought') > 0;

SELECT cmp_ok((SELECT count(*) FROM taste.other), '>=', 3::bigint, 'there are clients who know nothing of the three');
SELECT taste.none('SELECT * FROM taste.change WHERE product = 6 AND factor > 0.9',
                  'what everybody rates badly goes down for those who did not rate it');
SELECT taste.none('SELECT * FROM taste.change WHERE product = 9 AND factor < 1.02',
                  'what everybody rates well goes up');
SELECT taste.none('SELECT * FROM taste.change WHERE product = 12 AND abs(factor - 1) > 0.1',
                  'what nobody rated stays about where it is');
SELECT taste.none(
    $$SELECT * FROM taste.change c
      WHERE factor > 1.5001 OR factor < CASE WHEN EXISTS (SELECT FROM taste.rating r WHERE r.client = c.client AND r.product = c.product)
                                             THEN 0.2499 ELSE 0.4999 END$$,
    'up goes no score by more than half, down to a half, or to a quarter where this client gave the stars');
SELECT taste.none(
    $$SELECT o.client FROM taste.other o,
      LATERAL (SELECT rank FROM reco.recommend(o.client, 65, 'bought') WHERE product_id = 6) before,
      LATERAL (SELECT rank FROM reco.recommend(o.client, 65, 'both') WHERE product_id = 6) after
      WHERE after.rank < before.rank$$,
    'a product rated badly is nowhere higher in a list than purchases alone have it');

SELECT results_eq(
    $$SELECT c, r.product_id FROM generate_series(1, 30) c, reco.recommend(c, 20, 'both') r ORDER BY c, r.rank$$,
    $$SELECT c, b.id FROM generate_series(1, 30) c, LATERAL (
          SELECT p.id::bigint, reco.score(c, p.id, 'both') AS score FROM taste.product p
          WHERE NOT EXISTS (SELECT FROM taste.purchase u WHERE u.client = c AND u.product = p.id)
          ORDER BY 2 DESC, 1 LIMIT 20) b ORDER BY c, b.score DESC, b.id$$,
    'lists are the exact best by the corrected score');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 30) c, generate_series(1, 60) p
      WHERE abs((SELECT sum(contribution) FROM reco.explain(c, p, 100, 'both')) - reco.score(c, p, 'both')) > 1e-5$$,
    'contributions add up to the corrected score');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 10) c, generate_series(1, 60) p,
      LATERAL (SELECT array_agg(product_id ORDER BY product_id), array_agg(round(share::numeric, 5) ORDER BY product_id)
               FROM reco.explain(c, p, 100, 'both')) a (ids, shares),
      LATERAL (SELECT array_agg(product_id ORDER BY product_id), array_agg(round(share::numeric, 5) ORDER BY product_id)
               FROM reco.explain(c, p, 100, 'bought')) b (ids, shares)
      WHERE a.ids <> b.ids OR a.shares <> b.shares$$,
    'and speak for a product in the same parts as without stars');

-- What one client says, a moment ago.
SELECT min(client) AS client FROM taste.other \gset
SELECT product_id AS first FROM reco.recommend(:client, 1, 'both') \gset
SELECT reco.score(:client, :first, 'both') AS score_before \gset
INSERT INTO taste.rating VALUES (:client, :first, 1, now());
SELECT cmp_ok(reco.score(:client, :first, 'both'), '<', 0.6 * :'score_before'::float8,
              'rated badly by this client, it goes down much, at once');
SELECT isnt((SELECT product_id FROM reco.recommend(:client, 1, 'both')), :first::bigint, 'and leads their list no more');
SELECT cmp_ok(reco.score(:client, :first, 'both'), '>', 0::float8, 'but stays in it');
CREATE TEMP TABLE by_stars AS SELECT NULL::integer AS stars, NULL::float8 AS score WHERE false;
UPDATE taste.rating SET stars = 2 WHERE client = :client AND product = :first;
INSERT INTO by_stars SELECT 2, reco.score(:client, :first, 'both');
UPDATE taste.rating SET stars = 3 WHERE client = :client AND product = :first;
INSERT INTO by_stars SELECT 3, reco.score(:client, :first, 'both');
UPDATE taste.rating SET stars = 4 WHERE client = :client AND product = :first;
INSERT INTO by_stars SELECT 4, reco.score(:client, :first, 'both');
UPDATE taste.rating SET stars = 5 WHERE client = :client AND product = :first;
INSERT INTO by_stars SELECT 5, reco.score(:client, :first, 'both');
SELECT taste.none('SELECT * FROM by_stars a, by_stars b WHERE a.stars < b.stars AND a.score > b.score',
                  'more stars of one''s own never make it less');

SELECT * FROM finish();
ROLLBACK;
