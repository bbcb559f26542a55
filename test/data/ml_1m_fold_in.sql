-- MovieLens 1M: clients whose ratings were all hidden from training, folded in from their rows of now.
\set missing `test -r "$RECO_DATA/ml-1m/ratings.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set ml-1m
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(3);

CREATE SCHEMA cinema;
CREATE TABLE cinema.line (viewer integer, film integer, score smallint, epoch bigint);
\copy cinema.line FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-1m/ratings.tsv.gz"'
CREATE TABLE cinema.part AS SELECT viewer, film, score, protocol.split(viewer, film) AS part FROM cinema.line;
CREATE TABLE cinema.score AS SELECT viewer, film, score FROM cinema.part WHERE part <> 0;
CREATE INDEX ON cinema.score (viewer);
ANALYZE cinema.score;

-- every tenth viewer, and what all versions are asked about
CREATE TABLE cinema.newcomer AS
SELECT viewer FROM cinema.line GROUP BY viewer HAVING protocol.split(viewer, 0) = 5;
CREATE TABLE cinema.question AS
SELECT viewer, film, score FROM cinema.part JOIN cinema.newcomer USING (viewer) WHERE part = 0;

SELECT reco.create_model(kind || ' ' || method, ratings => 'SELECT viewer, film, score FROM cinema.score',
                         options => format('{"ratings": {"method": "%s"}}', method)::jsonb)
FROM unnest(ARRAY['svd', 'bayes']) method, unnest(ARRAY['retrained', 'folded in']) kind \g /dev/null
SELECT reco.train('retrained ' || method) FROM unnest(ARRAY['svd', 'bayes']) method \g /dev/null
CREATE TABLE cinema.hidden AS SELECT s.* FROM cinema.score s JOIN cinema.newcomer USING (viewer);
DELETE FROM cinema.score WHERE viewer IN (SELECT viewer FROM cinema.newcomer);
SELECT reco.train('folded in ' || method) FROM unnest(ARRAY['svd', 'bayes']) method \g /dev/null
INSERT INTO cinema.score SELECT * FROM cinema.hidden;

CREATE TEMP TABLE answer AS
SELECT kind, method, sqrt(avg((reco.predict(viewer, film, kind || ' ' || method) - score) ^ 2)) AS rmse
FROM unnest(ARRAY['svd', 'bayes']) method, unnest(ARRAY['retrained', 'folded in']) kind, cinema.question
GROUP BY kind, method;

SELECT cmp_ok((SELECT count(*) FROM cinema.question), '>', 5000::bigint, 'so many ratings are asked about');
SELECT cmp_ok(f.rmse, '<', r.rmse + 0.005,
              format('folded in, %s, as good as trained on: RMSE %s, %s', method, round(f.rmse::numeric, 4), round(r.rmse::numeric, 4)))
FROM answer f JOIN answer r USING (method) WHERE f.kind = 'folded in' AND r.kind = 'retrained' ORDER BY method;

SELECT * FROM finish();
ROLLBACK;
