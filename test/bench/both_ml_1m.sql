-- MovieLens 1M: films seen as purchases, and their stars; a tenth held out
-- needs ml-1m/ratings.tsv.gz
\set ON_ERROR_STOP on
\set liked 4
CREATE TABLE ticket (client bigint, product bigint, stars numeric, epoch bigint);
\copy ticket FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-1m/ratings.tsv.gz"'
\ir setup/both.sql
