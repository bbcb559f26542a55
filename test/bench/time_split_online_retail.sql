-- Online Retail: what is bought in the last fifth of the days, again and new
-- needs online-retail/transactions.tsv.gz
\set ON_ERROR_STOP on
CREATE TABLE invoice_line (customer integer, code text, pieces integer, unit_price numeric, invoiced timestamp, label text);
\copy invoice_line FROM PROGRAM 'gzip -dc "$RECO_DATA/online-retail/transactions.tsv.gz"'
CREATE TABLE line AS
SELECT customer::bigint AS client, dense_rank() OVER (ORDER BY code COLLATE "C") AS product, pieces::numeric AS quantity, invoiced AS at
FROM invoice_line WHERE customer IS NOT NULL;
ANALYZE line;
\set log 'Online Retail'
\set methods '{als,ease,items}'
\ir setup/time_split.sql
