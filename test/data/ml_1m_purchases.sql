-- MovieLens 1M as purchases: a rating of 4 or more is one. Full catalogue, lists of 100 for everybody.
\set missing `test -r "$RECO_DATA/ml-1m/ratings.tsv.gz" && echo false || echo true`
\if :missing
\echo 1..0 # SKIP there is no data set ml-1m
\quit
\endif
BEGIN;
\ir setup/protocol.sql
SELECT plan(9);

CREATE SCHEMA cinema;
CREATE TABLE cinema.ticket (viewer integer, film integer, score smallint, epoch bigint);
\copy cinema.ticket FROM PROGRAM 'gzip -dc "$RECO_DATA/ml-1m/ratings.tsv.gz"'
DELETE FROM cinema.ticket WHERE score < 4;
ALTER TABLE cinema.ticket ADD tenth smallint;
UPDATE cinema.ticket SET tenth = protocol.split(viewer, film);
CREATE INDEX ON cinema.ticket (viewer);
ANALYZE cinema.ticket;
CREATE VIEW cinema.seen AS SELECT viewer AS client, film AS product FROM cinema.ticket WHERE tenth <> 0;
CREATE VIEW cinema.held_out AS SELECT viewer AS client, film AS product FROM cinema.ticket WHERE tenth = 0;

SELECT reco.create_model('cinema', purchases => 'SELECT client, product, 1 FROM cinema.seen');
CREATE TEMP TABLE trained AS SELECT * FROM reco.train('cinema');
CREATE TEMP TABLE list AS SELECT * FROM reco.recommend_all(100, 'cinema');
ANALYZE list;
CREATE TEMP TABLE popular AS SELECT * FROM protocol.popular('cinema.seen');
ANALYZE popular;
CREATE TEMP TABLE measured AS SELECT * FROM protocol.ranking('list', 'cinema.seen', 'cinema.held_out');
CREATE TEMP TABLE measured_popular AS SELECT * FROM protocol.ranking('popular', 'cinema.seen', 'cinema.held_out');

SELECT results_eq(
    'SELECT clients, products, purchases FROM trained',
    'SELECT count(DISTINCT client), count(DISTINCT product), count(*) FROM cinema.seen',
    'every purchase of the query is read once');
SELECT ok((SELECT active FROM trained), 'the version goes live');
SELECT cmp_ok((SELECT recall_at_20 FROM measured), '>=', 0.319::float8, 'recall@20 on the held-out tenth');
SELECT cmp_ok((SELECT ndcg_at_100 FROM measured), '>=', 0.355::float8, 'NDCG@100 on the held-out tenth');
SELECT cmp_ok((SELECT ndcg_at_100 FROM measured), '>', (SELECT 1.9 * ndcg_at_100 FROM measured_popular),
              'NDCG@100 is nearly twice that of the most popular films');
SELECT cmp_ok((SELECT ndcg_at_10 FROM trained), '>', (SELECT 1.9 * popular_ndcg_at_10 FROM trained),
              'and so say the version''s own metrics');

SELECT is_empty(
    $$ SELECT client FROM cinema.seen EXCEPT SELECT client_id FROM list GROUP BY client_id HAVING count(*) = 100 $$,
    'everybody gets a hundred films');
SELECT is_empty(
    'SELECT l.client_id FROM list l JOIN cinema.seen s ON s.client = l.client_id AND s.product = l.product_id',
    'none of which they have seen');
SELECT is_empty(
    $$ SELECT v.client, r.rank FROM (SELECT DISTINCT client FROM cinema.seen WHERE client % 100 = 7) v
       CROSS JOIN LATERAL reco.recommend(v.client, 100, 'cinema') r
       LEFT JOIN list l ON l.client_id = v.client AND l.rank = r.rank AND l.product_id = r.product_id
       WHERE l.client_id IS NULL OR r.method <> 'personal' $$,
    'recommend_all() gives each the list that recommend() gives');

SELECT * FROM finish();
ROLLBACK;
