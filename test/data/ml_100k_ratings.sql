-- MovieLens 100k: an ordinary table with names of its own, quoted and in an order that suits no one.
\set missing `test -r "$RECO_DATA/ml-100k/ratings.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set ml-100k
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(9);

CREATE SCHEMA "Video club";
CREATE TABLE "Video club"."Opinion" ("Member" smallint, "Tape" smallint, "Out of five" smallint, "When" bigint);
\copy "Video club"."Opinion" FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-100k/ratings.tsv.gz"'

SELECT reco.create_model('video club', ratings => $$
    SELECT "Member", "Tape", "Out of five", to_timestamp("When")
    FROM "Video club"."Opinion" WHERE protocol.split("Member", "Tape") <> 0 $$);

CREATE TEMP TABLE trained AS SELECT * FROM reco.train('video club');
CREATE TEMP TABLE predicted AS
SELECT "Out of five"::float8 AS stars, reco.predict("Member", "Tape", 'video club') AS prediction
FROM "Video club"."Opinion" WHERE protocol.split("Member", "Tape") = 0;
CREATE TEMP TABLE measured AS
SELECT sqrt(avg((prediction - stars) ^ 2)) AS rmse, avg(abs(prediction - stars)) AS mae FROM predicted;

SELECT results_eq(
    'SELECT clients, products, ratings, rows_skipped FROM trained',
    $$ SELECT count(DISTINCT "Member"), count(DISTINCT "Tape"), count(*), 0::bigint
       FROM "Video club"."Opinion" WHERE protocol.split("Member", "Tape") <> 0 $$,
    'every rating of the query is read once');
SELECT ok((SELECT active FROM trained), 'the version goes live');
SELECT is((SELECT count(*) FROM predicted WHERE prediction BETWEEN 1 AND 5), (SELECT count(*) FROM predicted),
          'every prediction is inside the scale');
SELECT cmp_ok((SELECT rmse FROM measured), '<=', 0.905::float8, 'RMSE on the held-out tenth');
SELECT cmp_ok((SELECT mae FROM measured), '<=', 0.716::float8, 'MAE on the held-out tenth');
SELECT cmp_ok((SELECT rmse FROM trained), '<', (SELECT baseline_rmse FROM trained),
              'RMSE is better than that of the biases alone');
SELECT cmp_ok((SELECT abs(t.rmse - m.rmse) FROM trained t, measured m), '<', 0.03::float8,
              'the version states the RMSE that rows it has never seen confirm');

-- the workers and the seed
SET LOCAL reco.max_parallel_workers = 0;
CREATE TEMP TABLE alone AS SELECT * FROM reco.train('video club');
SELECT results_eq('SELECT rmse, mae FROM alone', 'SELECT rmse, mae FROM trained',
                  'a training without workers measures the same, to the last digit');
SELECT bag_eq(
    $$ SELECT "Out of five"::float8, reco.predict("Member", "Tape", 'video club')
       FROM "Video club"."Opinion" WHERE protocol.split("Member", "Tape") = 0 $$,
    'SELECT stars, prediction FROM predicted',
    'and predicts the same, to the last digit');

SELECT * FROM finish();
ROLLBACK;
