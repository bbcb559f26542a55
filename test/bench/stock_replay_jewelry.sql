-- Stock replay, jewelry: 314 items, weekly, a year of warm-up; a season to be learnt
-- needs jewelry/demand.tsv.gz
\ir setup/stock_replay.sql

CREATE TABLE series (name text, day date, units double precision);
\copy series FROM PROGRAM 'gzip -dc "$RECO_DATA/jewelry/demand.tsv.gz"'
INSERT INTO replay.demand
SELECT dense_rank() OVER (ORDER BY name COLLATE "C"), (day - min(day) OVER ()) / 7, units FROM series WHERE units > 0;
INSERT INTO replay.setting SELECT count(DISTINCT day), 1, 56, 4, 1, 1, 4 FROM series;
SELECT replay.prepare() \g /dev/null
\ir setup/stock_replay_curve.sql
SELECT round(f.stock) AS "stock of fixed, k = 1.5", f.lost AS "lost by it",
       round(replay.lost_at('forecast', f.stock)) AS "lost by forecast", 300 AS "at most"
FROM replay.score f WHERE f.rule = 'fixed' AND f.k = 1.5;
SELECT bench.at_most('lost weeks', replay.lost_at('forecast', f.stock), 300)
FROM replay.score f WHERE f.rule = 'fixed' AND f.k = 1.5 \g /dev/null

\echo
\echo 'the same with half a year of warm-up: no season is known for the first 30 weeks'
TRUNCATE replay.item, replay.week, replay.opening, replay.score;
UPDATE replay.setting SET warm_up = 26;
SELECT replay.prepare() \g /dev/null
\ir setup/stock_replay_curve.sql
