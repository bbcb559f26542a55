-- Stock replay, car parts: 2,010 items that are seldom asked for, monthly
-- needs carparts/demand.tsv.gz
\ir setup/stock_replay.sql

-- A month is played as a week; a year has no season then.
CREATE TABLE series (name text, day date, units double precision);
\copy series FROM PROGRAM 'gzip -dc "$RECO_DATA/carparts/demand.tsv.gz"'
CREATE VIEW month AS
SELECT name, units, (12 * (extract(year FROM day) - 1998) + extract(month FROM day) - 1)::integer AS number FROM series;
INSERT INTO replay.demand
SELECT dense_rank() OVER (ORDER BY name COLLATE "C"), number, units FROM month WHERE units > 0;
INSERT INTO replay.setting SELECT max(number) + 1, 1, 24, 1, 2, 1, 1 FROM month;
SELECT replay.prepare() \g /dev/null
\ir setup/stock_replay_curve.sql
