-- Online Retail: product codes are texts, a quarter of the lines have no customer, returns are negative.
\set missing `test -r "$RECO_DATA/online-retail/transactions.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set online-retail
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(11);

-- An own integer for each code is all that texts need.
CREATE SCHEMA warehouse;
CREATE TABLE warehouse.invoice_line (customer integer, code text, pieces integer, unit_price numeric,
                                     invoiced timestamp, label text);
\copy warehouse.invoice_line FROM PROGRAM 'gzip -dc "$RECO_DATA/online-retail/transactions.tsv.gz"'
CREATE TABLE warehouse.article (number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, code text UNIQUE NOT NULL);
INSERT INTO warehouse.article (code) SELECT DISTINCT code COLLATE "C" FROM warehouse.invoice_line ORDER BY 1;
CREATE INDEX ON warehouse.invoice_line (customer);
ANALYZE warehouse.invoice_line, warehouse.article;
CREATE VIEW warehouse.sold AS
SELECT l.customer, a.number AS article, l.pieces, l.invoiced, protocol.split(l.customer, a.number) AS tenth
FROM warehouse.invoice_line l JOIN warehouse.article a USING (code);

-- Without its time: the rows held out are of the whole year, and what was bought last would count for more.
SELECT reco.create_model('warehouse',
    purchases => 'SELECT customer, article, pieces FROM warehouse.sold WHERE tenth IS DISTINCT FROM 0');
CREATE TEMP TABLE trained AS SELECT * FROM reco.train('warehouse');

-- What a customer has kept, by the rules of the model.
CREATE TEMP TABLE kept AS
SELECT customer AS client, article AS product, tenth, sum(pieces) AS pieces
FROM warehouse.sold WHERE customer IS NOT NULL GROUP BY customer, article, tenth;
CREATE TEMP VIEW seen AS SELECT client, product FROM kept WHERE tenth <> 0 AND pieces > 0;
CREATE TEMP VIEW held_out AS SELECT client, product FROM kept WHERE tenth = 0 AND pieces > 0;
CREATE TEMP TABLE list AS SELECT * FROM reco.recommend_all(100, 'warehouse');
ANALYZE list;
CREATE TEMP TABLE popular AS SELECT * FROM protocol.popular('seen');
ANALYZE popular;
CREATE TEMP TABLE measured AS SELECT * FROM protocol.ranking('list', 'seen', 'held_out');
CREATE TEMP TABLE measured_popular AS SELECT * FROM protocol.ranking('popular', 'seen', 'held_out');

SELECT is((SELECT rows_skipped FROM trained),
          (SELECT count(*) FROM warehouse.invoice_line WHERE customer IS NULL),
          'lines without a customer are skipped and counted');
SELECT cmp_ok((SELECT rows_skipped FROM trained), '>', 100000::bigint, 'there are many of them');
SELECT is((SELECT purchases FROM trained), (SELECT count(*) FROM seen),
          'what was sent back is taken off what was bought');
SELECT cmp_ok((SELECT count(*) FROM kept WHERE tenth <> 0 AND pieces <= 0), '>', 1000::bigint,
              'there is a lot of that too');
SELECT ok((SELECT active FROM trained), 'the version goes live');
SELECT cmp_ok((SELECT recall_at_20 FROM measured), '>', (SELECT 2 * recall_at_20 FROM measured_popular),
              'recall@20 is more than twice that of the most popular articles');
SELECT cmp_ok((SELECT ndcg_at_100 FROM measured), '>', (SELECT 2 * ndcg_at_100 FROM measured_popular),
              'NDCG@100 is more than twice that of the most popular articles');
SELECT cmp_ok((SELECT ndcg_at_10 FROM trained), '>', (SELECT 2 * popular_ndcg_at_10 FROM trained),
              'and so say the version''s own metrics');
SELECT is_empty(
    'SELECT l.client_id, l.product_id FROM list l JOIN seen s ON s.client = l.client_id AND s.product = l.product_id',
    'nobody is offered what they have');

-- sending something back, a moment ago
CREATE TEMP TABLE returned AS SELECT client, product, pieces FROM kept
WHERE tenth <> 0 AND pieces > 0 ORDER BY pieces DESC, client, product LIMIT 1;
SELECT is_empty(
    $$ SELECT r.product_id FROM returned b, reco.recommend(b.client, 10000, 'warehouse') r
       WHERE r.product_id = b.product $$,
    'what was bought is not in the list of all articles');
INSERT INTO warehouse.invoice_line (customer, code, pieces, invoiced)
SELECT b.client, a.code, -b.pieces, now() FROM returned b JOIN warehouse.article a ON a.number = b.product;
SELECT isnt_empty(
    $$ SELECT r.product_id FROM returned b, reco.recommend(b.client, 10000, 'warehouse') r
       WHERE r.product_id = b.product $$,
    'until it is sent back');

SELECT * FROM finish();
ROLLBACK;
