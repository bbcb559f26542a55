-- A generated shop: 1,200 clients, 350 products, 400 days of sales; its own held-out tenth
\ir setup/measure.sql

SELECT reco.create_shop(), reco.demo_shop('shop', ends => '2025-01-01') \g /dev/null
CREATE TABLE trained AS SELECT * FROM bench.train('shop');

SELECT system AS "trained by", round(rmse::numeric, 4) AS "RMSE", round(mae::numeric, 4) AS "MAE",
       round(recall::numeric, 4) AS "recall@10", round(ndcg::numeric, 4) AS "NDCG@10",
       round(cpu_s::numeric, 2) AS "CPU s", round(wall_s::numeric, 2) AS "wall s"
FROM trained, LATERAL (VALUES
    (0, 'reco', (version).rmse, (version).mae, (version).recall_at_10, (version).ndcg_at_10, cpu, wall),
    (1, 'averages, the most popular', (version).baseline_rmse, (version).baseline_mae,
     (version).popular_recall_at_10, (version).popular_ndcg_at_10, NULL, NULL))
    t (place, system, rmse, mae, recall, ndcg, cpu_s, wall_s)
ORDER BY place;

\set model shop
CREATE VIEW client AS SELECT id FROM shop.client;
\ir setup/latency.sql
SELECT bench.at_most('seconds of training', wall, 10) FROM trained \g /dev/null
