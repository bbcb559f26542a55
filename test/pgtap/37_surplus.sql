-- Candidates with a surplus are lifted a little, and only where the client may want them.
BEGIN;
\ir setup/tastes.sql
SELECT plan(22);

ALTER TABLE taste.product ADD surplus numeric;
SELECT reco.create_model('lifted',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity FROM taste.purchase',
    candidates => 'SELECT id, surplus FROM taste.product WHERE stock > 0') \gset
SELECT reco.create_model('plain',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity FROM taste.purchase',
    candidates => 'SELECT id FROM taste.product WHERE stock > 0') \gset
SELECT reco.create_model('half',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity FROM taste.purchase',
    candidates => 'SELECT id, surplus FROM taste.product WHERE stock > 0', options => '{"lift": 0.5}') \gset
SELECT reco.create_model('unlifted',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity FROM taste.purchase',
    candidates => 'SELECT id, surplus FROM taste.product WHERE stock > 0', options => '{"lift": 0}') \gset
SELECT reco.create_model('stars',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    candidates => 'SELECT id, surplus FROM taste.product WHERE stock > 0') \gset
SELECT (reco.train(m)).version FROM unnest(ARRAY['lifted', 'plain', 'half', 'unlifted', 'stars']) m \g /dev/null

SELECT is((SELECT array_agg(name ORDER BY name) FROM reco.model WHERE has_surplus), '{half,lifted,stars,unlifted}',
          'a second column of the candidates is their surplus');
SELECT set_eq($$SELECT product_id, score FROM reco.recommend(1, 100, 'lifted')$$,
              $$SELECT product_id, score FROM reco.recommend(1, 100, 'plain')$$, 'without any surplus nothing is lifted');

SELECT product_id AS first, score AS top FROM reco.recommend(1, 1, 'plain', bought => true) \gset
SELECT product_id AS third, score AS third_score FROM reco.recommend(1, 3, 'plain') WHERE rank = 3 \gset
SELECT product_id AS last, score AS last_score FROM reco.recommend(1, 60, 'plain') WHERE score < 0.5 * :top AND score > 0 LIMIT 1 \gset
UPDATE taste.product SET surplus = CASE WHEN id IN (:third, :last, 61) THEN 1 WHEN id % 2 = 0 THEN 0 WHEN id % 5 = 0 THEN -3 END;

SELECT ok(abs(reco.score(1, :third, 'lifted') - 1.2 * :third_score) < 1e-6, 'a surplus of 1 lifts a score by a fifth');
SELECT ok(abs(reco.score(1, :third, 'half') - 1.5 * :third_score) < 1e-6, 'or by the lift that the model is made with');
SELECT is(reco.score(1, :third, 'unlifted')::numeric(12,6), :third_score::numeric(12,6), 'or not at all');
SELECT is(reco.score(1, :last, 'lifted')::numeric(12,6), :last_score::numeric(12,6),
          'a score less than half of the best candidate''s is not lifted');
SELECT is(reco.score(1, 61, 'lifted'), 0::double precision, 'nor a product that the model does not know');
SELECT taste.none($$SELECT c, id FROM generate_series(1, 20) c, taste.product
                    WHERE surplus IS DISTINCT FROM 1 AND reco.score(c, id, 'lifted') <> reco.score(c, id, 'plain')$$,
                  'surplus of zero, below zero or NULL lifts nothing');
SELECT taste.none($$SELECT c, p FROM generate_series(1, 20) c, generate_series(1, 65) p
                    WHERE reco.predict(c, p, 'lifted') <> reco.predict(c, p, 'plain')$$, 'stars are not lifted');
SELECT taste.none($$SELECT c, p FROM generate_series(1, 5) c, generate_series(1, 65) p
                    WHERE reco.score(c, p, 'stars') NOT BETWEEN -2 AND 8$$, 'nor scores that are stars');
SELECT taste.none(
    $$SELECT c FROM generate_series(1, 40) c
      WHERE (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(c, 10, 'lifted')) IS DISTINCT FROM
            (SELECT array_agg(id::bigint ORDER BY score DESC, id) FROM
                (SELECT id, reco.score(c, id, 'lifted') FROM taste.product p
                 WHERE NOT EXISTS (SELECT FROM taste.purchase WHERE client = c AND product = p.id)
                 ORDER BY 2 DESC, 1 LIMIT 10) best)$$,
    'the list is the exact top n of the lifted scores');
SELECT ok((SELECT rank FROM reco.recommend(1, 10, 'half') WHERE product_id = :third) = 1, 'what is lifted moves up');

UPDATE taste.product SET surplus = 0.5 WHERE id = :third;
SELECT ok(abs(reco.score(1, :third, 'lifted') - 1.1 * :third_score) < 1e-6, 'half the surplus lifts half as much');
UPDATE taste.product SET surplus = 1000 WHERE id = :third;
SELECT ok(abs(reco.score(1, :third, 'lifted') - 1.2 * :third_score) < 1e-6, 'more than 1 no more than 1');
UPDATE taste.product SET surplus = 'infinity' WHERE id = :third;
SELECT ok(abs(reco.score(1, :third, 'lifted') - 1.2 * :third_score) < 1e-6, 'not even infinity');
UPDATE taste.product SET surplus = 'NaN' WHERE id = :third;
SELECT is(reco.score(1, :third, 'lifted')::numeric(12,6), :third_score::numeric(12,6), 'and NaN lifts nothing');
UPDATE taste.product SET surplus = 1;
SELECT is((SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 5, 'lifted')),
          (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 5, 'plain')),
          'when all have a surplus, the best stay the best');
SELECT is((SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 10, 'plain', bought => true)
           WHERE product_id IN (SELECT product_id FROM reco.recommend(1, 10, 'lifted', bought => true))),
          (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 10, 'lifted', bought => true)),
          'in their order');
UPDATE taste.product SET stock = 0 WHERE id = :first;
SELECT ok(reco.score(1, :first, 'lifted') <= :top, 'what may not be offered is not lifted');
UPDATE taste.product SET stock = 10;

UPDATE taste.product SET surplus = CASE id WHEN 3 THEN 1 END;
SELECT ok(reco.score(999, 3, 'lifted') = reco.score(999, 3, 'plain') * 1.2, 'lists of popular products are lifted, too');
CREATE TABLE taste.choice AS SELECT id AS product_id, 0 AS surplus FROM taste.product;
SELECT results_eq($$SELECT product_id, score FROM reco.recommend(1, 10, 'half', among => 'taste.choice')$$,
                  $$SELECT product_id, score FROM reco.recommend(1, 10, 'half')$$, 'a column surplus of among has no say');
SELECT is_empty($$SELECT FROM reco.likely_buyers(5, 'half') a FULL JOIN reco.likely_buyers(5, 'unlifted') b USING (product_id)
                  WHERE a.clients IS DISTINCT FROM b.clients$$, 'likely buyers are those who would buy without a lift');

SELECT * FROM finish();
ROLLBACK;
