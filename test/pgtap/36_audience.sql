-- audience(): which clients a product would suit; likely_buyers(): how many, for each product.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(29);

SELECT taste.none(
    format($$SELECT p, a.* FROM generate_series(1, 65) p, reco.audience(p, 200, %1$L) a
             WHERE a.score IS DISTINCT FROM reco.score(a.client_id, p, %1$L)$$, m),
    'the score of a row is that of reco.score: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT taste.none(
    format($$SELECT p FROM generate_series(1, 60, 3) p
             WHERE (SELECT array_agg(client_id ORDER BY rank) FROM reco.audience(p, 15, %1$L)) IS DISTINCT FROM
                   (SELECT array_agg(client ORDER BY score DESC, client)
                    FROM (SELECT client, reco.score(client, p, %1$L) FROM (SELECT DISTINCT client FROM %2$s) c
                          WHERE client NOT IN (SELECT client FROM %2$s WHERE product = p)
                          ORDER BY 2 DESC, 1 LIMIT 15) best)$$,
           m, CASE WHEN m IN ('rated', 'svd') THEN 'taste.rating' ELSE 'taste.purchase' END),
    'it is the exact top n of the clients who do not have the product, ties by lower id: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT set_eq(
    $$SELECT client_id FROM reco.audience(1, 200, 'bought', bought => true)$$,
    $$SELECT DISTINCT client FROM taste.purchase$$,
    'bought => true has those who have it as well');
SELECT taste.none(
    $$SELECT p FROM generate_series(1, 60) p
      WHERE (SELECT array_agg(rank) FROM reco.audience(p, 20, 'bought')) <> (SELECT array_agg(i) FROM generate_series(1, 20) i)$$,
    'ranks run from 1 to n');
SELECT ok((SELECT avg((p % 3 = client_id % 3)::integer) > 0.9 FROM generate_series(1, 60) p, reco.audience(p, 10, m)),
          'nearly all are of the product''s taste: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT taste.none($$SELECT * FROM reco.audience(NULL, 10, 'bought')$$, 'NULL suits nobody');
SELECT taste.none(format('SELECT p, a.* FROM unnest(ARRAY[-1, 0, 61, 1000]) p, reco.audience(p, 10, %L) a', m), 'nor does what the model does not know: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT taste.none($$SELECT * FROM reco.audience(1, 0, 'bought')$$, 'with n = 0, nobody');

SELECT client_id AS best FROM reco.audience(4, 1, 'bought') \gset
INSERT INTO taste.purchase VALUES (:best, 4, 1, now()), (900, 1, 1, now()), (900, 7, 1, now()), (901, 1000, 1, now());
SELECT ok(:best <> ALL (array_agg(client_id)), 'a client who buys it in this transaction is left out')
FROM reco.audience(4, 200, 'bought');
SELECT ok(900 = ANY (array_agg(client_id)), 'a client who is new is in it') FROM reco.audience(4, 200, 'bought');
SELECT ok(901 <> ALL (array_agg(client_id)), 'but not one of whom the model knows nothing') FROM reco.audience(4, 200, 'bought');
DELETE FROM taste.purchase WHERE bought_at = now();

SELECT set_eq(
    format('SELECT * FROM reco.likely_buyers(5, %L)', m),
    format($$SELECT product_id, count(*) FROM (SELECT DISTINCT client FROM %s) c, reco.recommend(client, 5, %L, bought => true)
             GROUP BY product_id$$, CASE WHEN m IN ('rated', 'svd') THEN 'taste.rating' ELSE 'taste.purchase' END, m),
    'likely buyers are the clients who have a product among their n best: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT is((SELECT sum(clients) FROM reco.likely_buyers(7, 'bought')), 120 * 7::numeric, 'each client counts n times');
UPDATE taste.product SET stock = 0;
SELECT is((SELECT sum(clients) FROM reco.likely_buyers(7, 'bought')), 120 * 7::numeric, 'whether or not there is stock');
SELECT taste.none($$SELECT * FROM reco.likely_buyers(0, 'bought')$$, 'with n = 0, nobody');

UPDATE reco.model_version SET active = false WHERE model = 'bought';
SELECT taste.none($$SELECT * FROM reco.audience(1, 10, 'bought')$$, 'without an active version nobody is known to like anything');
SELECT taste.none($$SELECT * FROM reco.likely_buyers(10, 'bought')$$, 'nor to buy it');

SELECT * FROM finish();
ROLLBACK;
