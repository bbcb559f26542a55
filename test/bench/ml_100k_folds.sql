-- MovieLens 100k, ratings: RMSE and MAE over five random folds, by reco.evaluate
-- needs ml-100k/ratings.tsv.gz
--
-- With five folds a split at random holds out a fifth of the ratings for each, and every rating once: 80/20, as others
-- publish it.
\ir setup/measure.sql

CREATE TABLE viewer_score (viewer integer, film integer, score smallint, epoch bigint);
\copy viewer_score FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-100k/ratings.tsv.gz"'
VACUUM ANALYZE viewer_score;

SELECT reco.create_model('cinema', ratings => 'SELECT viewer, film, score FROM viewer_score') \g /dev/null
CREATE TABLE judged AS
SELECT metric, value, baseline, error, samples
FROM reco.evaluate('cinema', folds => 5, split => 'random') WHERE metric IN ('rmse', 'mae');

WITH ours AS (
    SELECT max(value) FILTER (WHERE metric = 'rmse') AS rmse, max(value) FILTER (WHERE metric = 'mae') AS mae,
           max(baseline) FILTER (WHERE metric = 'rmse') AS biases_rmse, max(baseline) FILTER (WHERE metric = 'mae') AS biases_mae,
           max(samples) AS samples
    FROM judged)
SELECT system AS "published by, five folds", round(rmse::numeric, 4) AS "RMSE", round(mae::numeric, 4) AS "MAE", samples AS "ratings held out"
FROM (SELECT 0, 'reco', rmse, mae, samples FROM ours
      UNION ALL SELECT 7, 'reco, biases alone', biases_rmse, biases_mae, samples FROM ours
      UNION ALL VALUES
      (1, 'MyMediaLite SigmoidUserAsymmetricFactorModel, k 5', 0.8906, 0.7000, NULL::bigint),
      (2, 'MyMediaLite SVDPlusPlus, k 50', 0.9065, 0.7135, NULL),
      (3, 'MyMediaLite BiasedMatrixFactorization, k 40', 0.9076, 0.7172, NULL),
      (4, 'Surprise SVDpp, its defaults', 0.919, 0.721, NULL),
      (5, 'Surprise KNNBaseline', 0.931, 0.733, NULL),
      (6, 'Surprise SVD, its defaults', 0.934, 0.737, NULL)) t (place, system, rmse, mae, samples)
ORDER BY place;

SELECT bench.figure('ml-100k, five random folds: RMSE', value, '<=', 0.890, 'stars',
                    'published: MyMediaLite SigmoidUserAsymmetricFactorModel 0.8906, SVD++ 0.9065; Surprise SVD++ 0.919, SVD 0.934')
FROM judged WHERE metric = 'rmse' \g /dev/null
SELECT bench.figure('its MAE', value, '<=', 0.700, 'stars',
                    'published: MyMediaLite SigmoidUserAsymmetricFactorModel 0.7000, SVD++ 0.7135; Surprise SVD++ 0.721, SVD 0.737')
FROM judged WHERE metric = 'mae' \g /dev/null
