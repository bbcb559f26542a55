-- similar_products() and similar_clients().
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(35);

SELECT taste.none(
    format($$SELECT * FROM generate_series(1, 60) p WHERE (SELECT count(*) FROM reco.similar_products(p, 100, %L)) <> 59$$, m),
    'with a great n, all products but the one itself: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT taste.none(
    format($$SELECT * FROM generate_series(1, 120) c WHERE (SELECT count(*) FROM reco.similar_clients(c, 200, %L)) <> 119$$, m),
    'with a great n, all clients but the one itself: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT taste.none(
    format($$SELECT * FROM generate_series(1, 60) p, reco.similar_products(p, 100, %L) s
             WHERE s.product_id = p OR s.score NOT BETWEEN -1.000001 AND 1.000001 OR s.score IS NULL$$, m),
    'never a product itself, and scores are cosines: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT taste.none(
    format($$SELECT * FROM (SELECT rank, lag(score) OVER (PARTITION BY p ORDER BY rank) AS better, score,
                                 lag(rank) OVER (PARTITION BY p ORDER BY rank) AS before
                          FROM generate_series(1, 60) p, reco.similar_products(p, 100, %L)) s
             WHERE better < score OR rank <> coalesce(before + 1, 1)$$, m),
    'products stand in the order of their scores: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT taste.none(
    $$SELECT * FROM (SELECT p, s.* FROM generate_series(1, 60) p, reco.similar_products(p, 100, 'bought') s) a
      JOIN (SELECT p, s.* FROM generate_series(1, 60) p, reco.similar_products(p, 100, 'bought') s) b
        ON a.p = b.product_id AND a.product_id = b.p
      WHERE a.score <> b.score$$,
    'a product is as similar to another as the other to it');
SELECT ok(
    (SELECT avg((p % 3 = product_id % 3)::integer) > 0.95 FROM generate_series(1, 60) p, reco.similar_products(p, 10, m)),
    'nearly all similar products are to the same taste: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT ok(
    (SELECT avg((c % 3 = client_id % 3)::integer) > 0.95 FROM generate_series(1, 120) c, reco.similar_clients(c, 10, m)),
    'nearly all similar clients are of the same taste: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT results_eq(
    $$SELECT * FROM reco.similar_products(1, 5, 'both')$$,
    $$SELECT * FROM reco.similar_products(1, 5, 'bought')$$,
    'a model of both compares by purchases');

SELECT taste.none($$SELECT * FROM reco.similar_products(61, 5, 'bought')$$, 'nothing is similar to a product that the model does not know');
SELECT taste.none($$SELECT * FROM reco.similar_products(NULL, 5, 'bought')$$, 'nor to NULL');
SELECT taste.none($$SELECT * FROM reco.similar_clients(999, 5, 'bought')$$, 'nobody is similar to a client without history');
SELECT taste.none($$SELECT * FROM reco.similar_clients(NULL, 5, 'bought')$$, 'nor to NULL');
SELECT taste.none($$SELECT * FROM reco.similar_products(1, 0, 'bought')$$, 'with n = 0, nothing');

INSERT INTO taste.purchase SELECT 700, product, 1, now() FROM taste.purchase WHERE client = 10;
SELECT is((SELECT client_id FROM reco.similar_clients(700, 1, 'bought')), 10::bigint,
          'a new client who bought what another did is most like that one');
SELECT ok((SELECT abs(score - 1) < 1e-6 FROM reco.similar_clients(700, 1, 'bought')), 'as much as can be');
DELETE FROM taste.purchase WHERE client = 10;
INSERT INTO taste.purchase SELECT 10, product, 1, now() FROM taste.purchase WHERE client = 11;
SELECT is((SELECT client_id FROM reco.similar_clients(10, 1, 'bought')), 11::bigint,
          'a client who buys what others do becomes like them, with no retraining');

UPDATE taste.product SET stock = 0;
SELECT isnt_empty($$SELECT * FROM reco.similar_products(1, 5, 'bought')$$, 'what is similar does not depend on what is in stock');

-- a version that is not active answers for popularity alone

UPDATE reco.model_version SET active = false WHERE model = 'bought';
SELECT taste.none($$SELECT * FROM reco.similar_products(1, 5, 'bought')$$, 'without an active version no products are similar');
SELECT taste.none($$SELECT * FROM reco.similar_clients(1, 5, 'bought')$$, 'and no clients');
SELECT taste.none($$SELECT * FROM reco.explain(1, 4, 5, 'bought')$$, 'and nothing is explained');

SELECT * FROM finish();
ROLLBACK;
