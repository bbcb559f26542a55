-- Complete Journey, groceries: what is bought in the last fifth of the days, again and new
-- needs complete-journey/transactions.tsv.gz
\set ON_ERROR_STOP on
CREATE TABLE line (client bigint, product bigint, quantity numeric, price numeric, at timestamp, label text);
\copy line FROM PROGRAM 'gzip -dc "$RECO_DATA/complete-journey/transactions.tsv.gz"'
ANALYZE line;
\set log 'groceries'
\set methods '{als,ease,items}'
\ir setup/time_split.sql
