-- Floors: on data with tastes in it, a model must find them.
BEGIN;
\ir setup/tastes.sql
SELECT plan(35);

-- a fifth of the rows is put aside; models learn from the rest
CREATE TABLE taste.later_purchase AS SELECT * FROM taste.purchase WHERE taste.chance('later', client, product) < 0.2;
DELETE FROM taste.purchase WHERE taste.chance('later', client, product) < 0.2;
CREATE TABLE taste.later_rating AS SELECT * FROM taste.rating WHERE taste.chance('later', client, product) < 0.2;
DELETE FROM taste.rating WHERE taste.chance('later', client, product) < 0.2;

SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT reco.create_model('rated', ratings => 'SELECT client, product, stars FROM taste.rating') \gset
SELECT reco.create_model('svd', ratings => 'SELECT client, product, stars FROM taste.rating',
                         options => '{"ratings": {"method": "svd"}}') \gset
CREATE TEMP TABLE trained AS
SELECT t.* FROM unnest(ARRAY['bought', 'rated', 'svd']) m, reco.train(m) t;

-- what the versions say of themselves

SELECT ok(active, 'the model goes live: ' || model) FROM trained ORDER BY model;
SELECT cmp_ok(ndcg_at_10, '>', 2 * popular_ndcg_at_10, 'ndcg is more than twice that of the most popular products')
FROM trained WHERE model = 'bought';
SELECT cmp_ok(recall_at_10, '>', 2 * popular_recall_at_10, 'recall is more than twice that of the most popular products')
FROM trained WHERE model = 'bought';
SELECT cmp_ok(recall_at_10, '>', 0.5::double precision, 'more than half of the held-out purchases are found')
FROM trained WHERE model = 'bought';
SELECT cmp_ok(rmse, '<', 0.7 * baseline_rmse, 'rmse is less than seven tenths of that of the biases: ' || model)
FROM trained WHERE model <> 'bought' ORDER BY model;
SELECT cmp_ok(mae, '<', 0.7 * baseline_mae, 'mae is less than seven tenths of that of the biases: ' || model)
FROM trained WHERE model <> 'bought' ORDER BY model;
SELECT cmp_ok(rmse, '<', 0.8::double precision, 'stars are wrong by less than 0.8 on average: ' || model)
FROM trained WHERE model <> 'bought' ORDER BY model;

-- and what comes out on the rows put aside, which they have never seen

CREATE FUNCTION taste.recall(method text) RETURNS double precision
STABLE
RETURN (
    SELECT avg(found / least(wanted, 10)::double precision)
    FROM (SELECT l.client, count(*) AS wanted,
                 (SELECT count(*)
                  FROM reco.recommend(CASE method WHEN 'personal' THEN l.client END, 10, 'bought',
                                      exclude => ARRAY(SELECT product FROM taste.purchase b WHERE b.client = l.client)) r
                  WHERE r.product_id = ANY (array_agg(l.product))) AS found
          FROM taste.later_purchase l GROUP BY l.client) c);
SELECT cmp_ok(taste.recall('personal'), '>', 2 * taste.recall('popular'), 'personal lists find more than twice as much as popular ones');
SELECT cmp_ok(taste.recall('personal'), '>', 0.5::double precision, 'and more than half of what was bought later');
SELECT cmp_ok(abs(taste.recall('personal') - (SELECT recall_at_10 FROM trained WHERE model = 'bought')), '<', 0.15::double precision,
              'the recall that the version claims is true');
SELECT cmp_ok(abs(taste.recall('popular') - (SELECT popular_recall_at_10 FROM trained WHERE model = 'bought')), '<', 0.15::double precision,
              'and that of the most popular products');
CREATE TEMP TABLE error AS
SELECT m AS model, sqrt(avg((stars - reco.predict(client, product, m)) ^ 2)) AS rmse,
       avg(abs(stars - reco.predict(client, product, m))) AS mae
FROM unnest(ARRAY['rated', 'svd']) m, taste.later_rating GROUP BY m;
SELECT cmp_ok(abs(e.rmse - t.rmse), '<', 0.15::double precision, 'the rmse that the version claims is true: ' || model)
FROM error e JOIN trained t USING (model) ORDER BY model;
SELECT cmp_ok(abs(e.mae - t.mae), '<', 0.15::double precision, 'and the mae: ' || model)
FROM error e JOIN trained t USING (model) ORDER BY model;

-- few ratings: a product has one or two, or up to twenty; tastes matter not at all, somewhat, or much; a fifth is put
-- aside, products and clients that nobody has met yet among it

CREATE TABLE taste.sparse AS
SELECT rows, strength, seed, format('%s rows, tastes %s, seed %s', rows, strength, seed) AS model, client, product,
       greatest(1, least(5, round(3.6 + 1.6 * (taste.chance('kind', client, seed) - 0.5) + 2.4 * (taste.chance('good', product, seed) - 0.5)
           + strength * cos(2 * pi() * (taste.chance('taste', client, seed) - taste.chance('theme', product, seed)))
           + 2 * (taste.chance('mood', client, product + 1000 * seed) + taste.chance('day', client, product + 1000 * seed) - 1)))) AS stars,
       taste.chance('later', client, product + 1000 * seed) < 0.2 AS later
FROM (SELECT DISTINCT rows, seed, floor(300 * taste.chance('client', g, seed) ^ 1.5)::integer AS client,
             floor(400 * taste.chance('product', g, seed) ^ 1.5)::integer AS product
      FROM (VALUES (600), (1500), (6000)) r (rows), unnest(ARRAY[1, 3]) seed, generate_series(1, rows) g) d,
     unnest(ARRAY[0, 0.8, 1.5]) strength;
SELECT reco.create_model(model, ratings => format('SELECT client, product, stars FROM taste.sparse WHERE model = %L AND NOT later', model))
FROM (SELECT DISTINCT model FROM taste.sparse) m \g /dev/null
CREATE TEMP TABLE sparse AS SELECT t.* FROM (SELECT DISTINCT model FROM taste.sparse) m, reco.train(m.model) t;

-- biases of clients and products, damped by three ratings, each what the other leaves over
CREATE TEMP TABLE client_bias AS SELECT DISTINCT model, client, 0::double precision AS bias FROM taste.sparse WHERE NOT later;
CREATE TEMP TABLE product_bias AS SELECT DISTINCT model, product, 0::double precision AS bias FROM taste.sparse WHERE NOT later;
CREATE TEMP TABLE average AS SELECT model, avg(stars) AS stars FROM taste.sparse WHERE NOT later GROUP BY model;
DO $$
BEGIN
    FOR step IN 1 .. 6 LOOP
        UPDATE product_bias b SET bias = n.bias
        FROM (SELECT model, product, sum(s.stars - a.stars - c.bias) / (count(*) + 3) AS bias
              FROM taste.sparse s JOIN average a USING (model) JOIN client_bias c USING (model, client)
              WHERE NOT later GROUP BY model, product) n
        WHERE (n.model, n.product) = (b.model, b.product);
        UPDATE client_bias b SET bias = n.bias
        FROM (SELECT model, client, sum(s.stars - a.stars - p.bias) / (count(*) + 3) AS bias
              FROM taste.sparse s JOIN average a USING (model) JOIN product_bias p USING (model, product)
              WHERE NOT later GROUP BY model, client) n
        WHERE (n.model, n.client) = (b.model, b.client);
    END LOOP;
END $$;
CREATE TEMP TABLE served AS
SELECT s.*, p.product IS NULL OR c.client IS NULL AS unmet, (reco.predict(client, product, model) - s.stars) ^ 2 AS error,
       (greatest(1, least(5, a.stars + coalesce(c.bias, 0) + coalesce(p.bias, 0))) - s.stars) ^ 2 AS bias_error
FROM taste.sparse s JOIN average a USING (model)
LEFT JOIN client_bias c USING (model, client) LEFT JOIN product_bias p USING (model, product)
WHERE later;
SELECT cmp_ok(count(*), '>', 20::bigint, 'products and clients that are not in the models are to be predicted: ' || rows || ' rows')
FROM served WHERE unmet GROUP BY rows ORDER BY rows;
SELECT cmp_ok(sqrt(avg(error)), '<', 1.003 * sqrt(avg(bias_error)), format('no worse than biases: %s rows, tastes %s', rows, strength))
FROM served GROUP BY rows, strength ORDER BY rows, strength;
SELECT cmp_ok(sqrt(avg(error)), '<', 1.01 * sqrt(avg(bias_error)), 'nor of the few products and clients that nobody has met')
FROM served WHERE unmet;
SELECT cmp_ok(sqrt(avg(error)), '<', 0.97 * sqrt(avg(bias_error)), 'better where tastes are strong and ratings not too few')
FROM served WHERE rows = 6000 AND strength = 1.5;
SELECT ok(bool_and(active), 'by factors, which are live there') FROM sparse WHERE model ~ '^6000 rows, tastes 1.5';
SELECT ok(bool_and(note ~ CASE WHEN rmse < 0.999 * baseline_rmse THEN 'is better than [0-9.]+ of the biases alone, but not by more than one standard error$'
                               WHEN rmse < baseline_rmse THEN 'is better than [0-9.]+ of the biases alone, but not by a thousandth$'
                               ELSE 'is no better than [0-9.]+ of the biases alone$' END), 'and why others are not live is true')
FROM sparse WHERE NOT active;

SELECT * FROM finish();
ROLLBACK;
