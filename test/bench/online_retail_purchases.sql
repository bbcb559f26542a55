-- Online Retail, purchases: lists of 100 of the full catalogue, a tenth of the pairs held out
-- needs online-retail/transactions.tsv.gz
\ir setup/measure.sql
\ir ../data/setup/protocol.sql

CREATE TABLE invoice_line (customer integer, code text, pieces integer, unit_price numeric, invoiced timestamp, label text);
\copy invoice_line FROM PROGRAM 'gzip -dc "$RECO_DATA/online-retail/transactions.tsv.gz"'
CREATE TABLE article (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE NOT NULL);
INSERT INTO article (code) SELECT DISTINCT code COLLATE "C" FROM invoice_line ORDER BY 1;
CREATE TABLE kept AS
SELECT customer AS client, number AS product, protocol.split(customer, number) = 0 AS held_out, sum(pieces) AS pieces
FROM invoice_line JOIN article USING (code) WHERE customer IS NOT NULL
GROUP BY customer, number;
CREATE INDEX ON kept (client);
VACUUM ANALYZE kept;
CREATE VIEW seen AS SELECT client, product FROM kept WHERE NOT held_out AND pieces > 0;
CREATE VIEW held_out AS SELECT client, product FROM kept WHERE held_out AND pieces > 0;

SELECT reco.create_model('warehouse', purchases => 'SELECT client, product, pieces FROM kept WHERE NOT held_out') \g /dev/null
CREATE TABLE trained AS SELECT * FROM bench.train('warehouse');
CREATE TABLE list AS SELECT * FROM reco.recommend_all(100, 'warehouse');
ANALYZE list;
CREATE TABLE popular AS SELECT * FROM protocol.popular('seen');
ANALYZE popular;

SELECT system AS "trained by", round(recall_at_20::numeric, 4) AS "recall@20", round(ndcg_at_100::numeric, 4) AS "NDCG@100",
       round(cpu::numeric, 2) AS "CPU s", round(wall::numeric, 2) AS "wall s"
FROM (SELECT 0, 'reco', recall_at_20, ndcg_at_100, cpu, wall
      FROM protocol.ranking('list', 'seen', 'held_out'), trained
      UNION ALL
      SELECT 1, 'the most popular', recall_at_20, ndcg_at_100, NULL, NULL
      FROM protocol.ranking('popular', 'seen', 'held_out')) t (place, system, recall_at_20, ndcg_at_100, cpu, wall)
ORDER BY place;

\set model warehouse
CREATE VIEW client AS SELECT DISTINCT client AS id FROM seen;
\ir setup/latency.sql
\ir setup/training.sql
