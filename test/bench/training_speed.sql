-- Training on MovieLens 1M, from the table to the stored model, by each method: time and quality on a held-out tenth
-- needs ml-1m/ratings.tsv.gz
\setenv FILMS ml-1m
\ir setup/film_ratings.sql
CREATE VIEW liked AS SELECT viewer AS client, film AS product FROM seen WHERE score >= 4;
CREATE VIEW liked_held_out AS SELECT viewer AS client, film AS product FROM held_out WHERE score >= 4;

SELECT reco.create_model('svd', ratings => 'SELECT viewer, film, score FROM seen', options => '{"ratings": {"method": "svd"}}'),
       reco.create_model('bayes', ratings => 'SELECT viewer, film, score FROM seen', options => '{"ratings": {"method": "bayes"}}'),
       reco.create_model('als', purchases => 'SELECT client, product, 1 FROM liked',
           options => '{"purchases": {"method": "als", "factors": 64, "regularization": 0.01, "unobserved_weight": 0.15}}') \g /dev/null

-- The best of three, after one that loads the library; the slow method once.
SELECT bench.train('svd') \g /dev/null
CREATE TABLE trained AS
SELECT model, t.cpu, t.wall, (t.version).seconds
FROM (VALUES ('svd'), ('svd'), ('svd'), ('als'), ('als'), ('als'), ('bayes')) m (model), LATERAL bench.train(model) t;
CREATE TABLE list AS SELECT * FROM reco.recommend_all(100, 'als');
ANALYZE list;
CREATE TABLE quality AS
SELECT model, sqrt(avg((score - reco.predict(viewer, film, model)) ^ 2)) AS rmse, NULL::float8 AS recall, NULL::float8 AS ndcg
FROM held_out, (VALUES ('svd'), ('bayes')) m (model) GROUP BY model
UNION ALL
SELECT 'als', NULL, recall_at_20, ndcg_at_100 FROM protocol.ranking('list', 'liked', 'liked_held_out');

SELECT model, round(min(cpu)::numeric, 2) AS "CPU s", round(min(wall)::numeric, 2) AS "wall s", round(any_rmse::numeric, 4) AS "RMSE",
       round(any_recall::numeric, 4) AS "recall@20", round(any_ndcg::numeric, 4) AS "NDCG@100"
FROM trained JOIN (SELECT model, rmse AS any_rmse, recall AS any_recall, ndcg AS any_ndcg FROM quality) q USING (model)
GROUP BY model, any_rmse, any_recall, any_ndcg ORDER BY model;

SELECT bench.figure('ml-1m ratings, svd: table to stored model', min(wall), '<=', 1.0, 's', 'LIBMF, 2 threads, one fit of a file: 1.05')
FROM trained WHERE model = 'svd' \g /dev/null
SELECT bench.figure('the same', min(cpu), NULL, NULL, 'CPU s', 'LIBMF 1.44, cmfrec 4.25, Surprise SVD 3.44')
FROM trained WHERE model = 'svd' \g /dev/null
SELECT bench.figure('its RMSE', rmse, '<=', 0.842, 'stars', 'LIBMF 0.8381, cmfrec 0.8491, Surprise SVD 0.8664')
FROM quality WHERE model = 'svd' \g /dev/null
SELECT bench.figure('ml-1m ratings, bayes: table to stored model', min(wall), '<=', 30, 's', NULL)
FROM trained WHERE model = 'bayes' \g /dev/null
SELECT bench.figure('its RMSE', rmse, NULL, NULL, 'stars', 'LensKit ItemItem 0.8459 in 17.1 s, Surprise SVDpp 0.8572 in 361 s')
FROM quality WHERE model = 'bayes' \g /dev/null
SELECT bench.figure('ml-1m purchases, 64 factors, options given: table to stored model', min(cpu), '<=', 1.0, 'CPU s',
                    'cmfrec CG, one fit 1.41; google-research iALS 3.01')
FROM trained WHERE model = 'als' \g /dev/null
SELECT bench.figure('its NDCG@100', ndcg, '>=', 0.366, '', 'cmfrec CG 0.3599, google-research iALS 0.3658')
FROM quality WHERE model = 'als' \g /dev/null

-- Memory: of a session that trains once.
\connect -
SELECT bench.train('als') \g /dev/null
SELECT bench.figure('ml-1m purchases: memory at the peak', bench.memory() / 1048576.0, NULL, NULL, 'MB',
                    'cmfrec 516, implicit 252, google-research iALS 36') \g /dev/null
\connect -
SELECT bench.train('svd') \g /dev/null
SELECT bench.figure('ml-1m ratings, svd: memory at the peak', bench.memory() / 1048576.0, NULL, NULL, 'MB',
                    'LIBMF 19, cmfrec 280, Surprise 427') \g /dev/null
