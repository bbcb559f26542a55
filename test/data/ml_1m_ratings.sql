-- MovieLens 1M: ratings in a partitioned table, some without a time.
\set missing `test -r "$RECO_DATA/ml-1m/ratings.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set ml-1m
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(8);

CREATE SCHEMA cinema;
CREATE TABLE cinema.viewer_score (viewer bigint, film integer, score numeric(2,1), epoch bigint)
    PARTITION BY HASH (viewer);
CREATE TABLE cinema.viewer_score_0 PARTITION OF cinema.viewer_score FOR VALUES WITH (MODULUS 3, REMAINDER 0);
CREATE TABLE cinema.viewer_score_1 PARTITION OF cinema.viewer_score FOR VALUES WITH (MODULUS 3, REMAINDER 1);
CREATE TABLE cinema.viewer_score_2 PARTITION OF cinema.viewer_score FOR VALUES WITH (MODULUS 3, REMAINDER 2);
\copy cinema.viewer_score FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-1m/ratings.tsv.gz"'

CREATE TABLE cinema.preview AS
SELECT * FROM cinema.viewer_score WHERE protocol.split(viewer, film) = 0;
DELETE FROM cinema.viewer_score WHERE protocol.split(viewer, film) = 0;
CREATE INDEX ON cinema.viewer_score (viewer);
ANALYZE cinema.viewer_score, cinema.preview;

SELECT reco.create_model('cinema',
    ratings => 'SELECT viewer, film, score, to_timestamp(epoch) FROM cinema.viewer_score');

CREATE TEMP TABLE trained AS SELECT * FROM reco.train('cinema');
CREATE TEMP TABLE predicted AS
SELECT viewer, film, score::float8 AS stars, reco.predict(viewer, film, 'cinema') AS prediction FROM cinema.preview;
CREATE TEMP TABLE measured AS
SELECT sqrt(avg((prediction - stars) ^ 2)) AS rmse, avg(abs(prediction - stars)) AS mae FROM predicted;

SELECT results_eq(
    'SELECT clients, products, ratings, rows_skipped FROM trained',
    'SELECT count(DISTINCT viewer), count(DISTINCT film), count(*), 0::bigint FROM cinema.viewer_score',
    'a rating without a time counts like any other');
SELECT ok((SELECT active FROM trained), 'the version goes live');
SELECT is((SELECT count(*) FROM predicted WHERE prediction BETWEEN 1 AND 5), (SELECT count(*) FROM cinema.preview),
          'every prediction is inside the scale');
SELECT cmp_ok((SELECT rmse FROM measured), '<=', 0.850::float8, 'RMSE on the held-out tenth');
SELECT cmp_ok((SELECT mae FROM measured), '<=', 0.670::float8, 'MAE on the held-out tenth');
SELECT cmp_ok((SELECT abs(t.rmse - m.rmse) FROM trained t, measured m), '<', 0.01::float8,
              'the version states the RMSE that rows it has never seen confirm');

SELECT results_eq(
    $$ SELECT r.stars FROM reco.recommend(1, 20, 'cinema') r ORDER BY r.rank $$,
    $$ SELECT reco.predict(1, r.product_id, 'cinema') FROM reco.recommend(1, 20, 'cinema') r ORDER BY r.rank $$,
    'recommend() shows the stars that predict() says');
SELECT is_empty(
    $$ SELECT r.product_id FROM reco.recommend(1, 3000, 'cinema') r
       INTERSECT SELECT film FROM cinema.viewer_score WHERE viewer = 1 $$,
    'what a viewer has rated is not recommended');

SELECT * FROM finish();
ROLLBACK;
