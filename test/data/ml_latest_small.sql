-- MovieLens latest-small: half stars, fifteen times as many films as viewers.
\set missing `test -r "$RECO_DATA/ml-latest-small/ratings.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set ml-latest-small
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(7);

CREATE SCHEMA festival;
CREATE TABLE festival.vote (juror integer, reel bigint, half_stars real, cast_at timestamptz);
CREATE TEMP TABLE line (juror integer, reel bigint, half_stars real, epoch bigint);
\copy line FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-latest-small/ratings.tsv.gz"'
INSERT INTO festival.vote SELECT juror, reel, half_stars, to_timestamp(epoch) FROM line;
CREATE INDEX ON festival.vote (juror);
ANALYZE festival.vote;

SELECT reco.create_model('festival', ratings =>
    'SELECT juror, reel, half_stars, cast_at FROM festival.vote WHERE protocol.split(juror, reel) <> 0');
CREATE TEMP TABLE trained AS SELECT * FROM reco.train('festival');
CREATE TEMP TABLE predicted AS
SELECT half_stars::float8 AS stars, reco.predict(juror, reel, 'festival') AS prediction
FROM festival.vote WHERE protocol.split(juror, reel) = 0;
CREATE TEMP TABLE measured AS
SELECT sqrt(avg((prediction - stars) ^ 2)) AS rmse, avg(abs(prediction - stars)) AS mae FROM predicted;

SELECT ok((SELECT active FROM trained), 'the version goes live');
SELECT is((SELECT count(*) FROM predicted WHERE prediction BETWEEN 0.5 AND 5), (SELECT count(*) FROM predicted),
          'every prediction is inside the scale of half stars');
SELECT cmp_ok((SELECT rmse FROM measured), '<=', 0.880::float8, 'RMSE on the held-out tenth');
SELECT cmp_ok((SELECT mae FROM measured), '<=', 0.675::float8, 'MAE on the held-out tenth');
SELECT cmp_ok((SELECT rmse FROM trained), '<', (SELECT baseline_rmse FROM trained),
              'RMSE is better than that of the biases alone');

-- an opinion given a moment ago
INSERT INTO festival.vote
SELECT 1000001, v.reel, v.half_stars, now() FROM festival.vote v WHERE v.juror = 15 AND v.reel < 500;
SELECT is((SELECT DISTINCT method FROM reco.recommend(1000001, 10, 'festival')), 'personal',
          'a juror who came after the training has a list of their own at once');
INSERT INTO festival.vote SELECT 1000001, v.reel, 5.5 - v.half_stars, now() + interval '1 minute'
FROM festival.vote v WHERE v.juror = 1000001;
SELECT isnt(
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1000001, 10, 'festival')),
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(15, 10, 'festival')),
    'and another one when the votes are turned round: the latest vote counts');

SELECT * FROM finish();
ROLLBACK;
