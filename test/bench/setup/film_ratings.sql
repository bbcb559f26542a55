-- Ratings of MovieLens, of the set that environment variable FILMS names: viewer_score, all of them, split by the
-- protocol into seen and held_out.
\ir measure.sql
\ir ../../data/setup/protocol.sql

CREATE TABLE viewer_score (viewer integer, film integer, score smallint, epoch bigint);
\copy viewer_score FROM PROGRAM 'gzip -dc "$RECO_DATA/$FILMS/ratings.tsv.gz"'
CREATE TABLE seen AS SELECT * FROM viewer_score WHERE protocol.split(viewer, film) <> 0;
CREATE TABLE held_out AS SELECT * FROM viewer_score WHERE protocol.split(viewer, film) = 0;
CREATE INDEX ON seen (viewer);
VACUUM ANALYZE seen, held_out;
