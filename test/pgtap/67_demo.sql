-- demo_shop(): believable trade, with tastes in it that a model finds.
BEGIN;
SELECT plan(19);
SELECT reco.create_shop() \gset
SELECT reco.demo_shop('shop', clients => 400, products => 150, days => 200, ends => '2024-07-01') \gset

SELECT is((SELECT count(*) FROM shop.product), 150::bigint, 'there are as many products as asked for');
SELECT cmp_ok((SELECT count(*) FROM shop.client), '<=', 400::bigint, 'and no more clients');
SELECT cmp_ok((SELECT count(*) FROM shop.sale), '>', 5000::bigint, 'who come again and again');
SELECT is((SELECT count(*) FROM shop.sale WHERE sold_at >= '2024-07-02' OR sold_at < '2023-12-01'), 0::bigint, 'in the days asked for');
SELECT cmp_ok((SELECT avg((visits > 1)::integer) FROM (
                  SELECT count(DISTINCT s.id) AS visits FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id
                  WHERE client_id IS NOT NULL GROUP BY client_id, product_id) pair), '>', 0.25::numeric, 'to buy what they bought before');
SELECT cmp_ok((SELECT count(DISTINCT stars) FROM shop.rating), '=', 5::bigint, 'ratings use the whole scale');
SELECT is_empty($$SELECT product_id FROM shop.stock_level WHERE on_hand < 0$$, 'never is more sold than there is');
SELECT results_eq('SELECT product_id, on_hand FROM shop.stock_level ORDER BY 1',
                  'SELECT product_id, sum(quantity) FROM shop.stock_move GROUP BY 1 ORDER BY 1', 'stock is the sum of its moves');

-- floors: what a merchant is shown must be better than a list of what everybody buys

CREATE TEMP TABLE trained AS SELECT * FROM reco.train();
SELECT ok(active, 'the model goes live') FROM trained;
SELECT cmp_ok(ndcg_at_10, '>', 1.5 * popular_ndcg_at_10, 'its lists beat those of the most popular products clearly: ndcg') FROM trained;
SELECT cmp_ok(recall_at_10, '>', 1.5 * popular_recall_at_10, 'and recall') FROM trained;
SELECT cmp_ok(rmse, '<', 0.93 * baseline_rmse, 'its stars beat those of the biases') FROM trained;
SELECT ok(note IS NULL, 'without a note') FROM trained;
SELECT results_eq('SELECT DISTINCT method FROM shop.client c, reco.recommend(c.id, 1) WHERE EXISTS (SELECT FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id WHERE s.client_id = c.id AND l.quantity > 0)',
                  $$VALUES ('personal')$$, 'every client who bought gets a list of their own');

-- the same arguments make the same shop

SELECT reco.create_shop('twin') \gset
SELECT reco.demo_shop('twin', clients => 400, products => 150, days => 200, ends => '2024-07-01') \gset
SELECT results_eq('SELECT sale_id, product_id, quantity, unit_price FROM twin.sale_line ORDER BY id',
                  'SELECT sale_id, product_id, quantity, unit_price FROM shop.sale_line ORDER BY id', 'the same arguments make the same sales');
SELECT results_eq('SELECT client_id, product_id, stars, rated_at FROM twin.rating ORDER BY 1, 2',
                  'SELECT client_id, product_id, stars, rated_at FROM shop.rating ORDER BY 1, 2', 'and the same ratings');
SELECT is((SELECT ndcg_at_10 FROM reco.train('twin')), (SELECT ndcg_at_10 FROM trained), 'and the same model');
SELECT reco.create_shop('other') \gset
SELECT reco.demo_shop('other', clients => 50, products => 40, days => 60, seed => 2, ends => '2024-07-01') \gset
SELECT isnt((SELECT array_agg(name ORDER BY id) FROM other.client), (SELECT array_agg(name ORDER BY id) FROM shop.client WHERE id <= 50),
            'another seed makes other people');
SELECT throws_ok($$SELECT reco.demo_shop('other')$$, NULL, 'shop "other" is not empty', 'a shop with trade in it is left alone');

SELECT * FROM finish();
ROLLBACK;
