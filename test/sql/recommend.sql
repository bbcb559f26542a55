-- What the functions that serve answer to arguments of all kinds. Two groups of eight clients and eight products:
-- each client bought seven products of the own group, and is to be offered the eighth first.
CREATE SCHEMA test_recommend;
SET search_path = test_recommend;
CREATE TABLE sold AS
SELECT c AS client, p AS product, 1 AS quantity
FROM generate_series(1, 16) c, generate_series(1, 16) p WHERE c % 2 = p % 2 AND c <> p;
CREATE TABLE rated AS SELECT client, product, 3 + (client + product / 2) % 3 AS stars FROM sold;
CREATE TABLE goods (id integer);
INSERT INTO goods SELECT generate_series(1, 18);
SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity FROM sold',
                         candidates => 'SELECT id FROM goods', options => '{"purchases": {"factors": 4, "regularization": 0.05}}');
SELECT reco.create_model('rated', ratings => 'SELECT client, product, stars FROM rated', candidates => 'SELECT id FROM goods');
SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM sold');
\set SHOW_CONTEXT never

-- not trained, not there
SELECT * FROM reco.recommend(1, 3, 'new');
SELECT reco.score(1, 3, 'new');
SELECT reco.predict(1, 3, 'new');
SELECT * FROM reco.recommend_all(3, 'new');
SELECT * FROM reco.similar_products(1, 3, 'new');
SELECT * FROM reco.similar_clients(1, 3, 'new');
SELECT * FROM reco.explain(1, 3, 3, 'new');
SELECT * FROM reco.audience(1, 3, 'new');
SELECT * FROM reco.likely_buyers(3, 'new');
SELECT * FROM reco.recommend(1, 3, 'nothing');
SELECT reco.score(1, 3, 'nothing');
SELECT * FROM reco.recommend(1, 3, '');
SELECT * FROM reco.recommend(1);
SELECT * FROM reco.recommend(1, 3, NULL);

SELECT clients, products, purchases FROM reco.train('bought');
SELECT reco.activate('bought', 1);
SELECT clients, products, ratings FROM reco.train('rated');
SET reco.default_model = 'bought';

-- lists
SELECT rank, product_id, stars, method FROM reco.recommend(5, 1);
SELECT rank, product_id, stars, method FROM reco.recommend(12, 1);
SELECT count(*), min(rank), max(rank), count(DISTINCT product_id) FROM reco.recommend(5);
SELECT count(*), count(*) FILTER (WHERE product_id = 5), count(*) FILTER (WHERE product_id % 2 = 1), max(product_id)
FROM reco.recommend(5, 1000000000);
SELECT count(*) FROM reco.recommend(5, 2147483647);
SELECT count(*) FROM reco.recommend(5, 1000000000, bought => true);
SELECT * FROM reco.recommend(5, 0);
SELECT * FROM reco.recommend(5, -1);
SELECT * FROM reco.recommend(5, NULL);
SELECT * FROM reco.recommend(5, -2147483648);

-- clients that nobody knows
SELECT rank, product_id, score, stars, method FROM reco.recommend(1000, 3);
SELECT rank, product_id, score, stars, method FROM reco.recommend(NULL, 3);
SELECT rank, product_id, score, stars, method FROM reco.recommend(-9223372036854775808, 3);
SELECT rank, product_id, score, stars, method FROM reco.recommend(9223372036854775807, 3);
SELECT product_id, score FROM reco.recommend(1000, 18) OFFSET 15;

-- among and exclude
CREATE VIEW chosen AS SELECT 6::smallint AS product_id UNION ALL VALUES (8::smallint), (17), (99), (NULL), (8);
SELECT rank, product_id FROM reco.recommend(1000, 10, among => 'chosen');
SELECT rank, product_id FROM reco.recommend(1000, 10, among => 'chosen', exclude => '{6, NULL, 1000}');
SELECT rank, product_id FROM reco.recommend(1000, 2, exclude => '{{1,2},{3,4}}');
SELECT * FROM reco.recommend(1000, 3, among => 'nothing');
SELECT * FROM reco.recommend(1000, 3, among => 1::regclass);
SELECT * FROM reco.recommend(1000, 3, among => 'goods');
CREATE TABLE wrong_type (product_id numeric);
SELECT * FROM reco.recommend(1000, 3, among => 'wrong_type');
CREATE SEQUENCE not_a_table;
SELECT * FROM reco.recommend(1000, 3, among => 'not_a_table');
CREATE TABLE goods_index (product_id integer PRIMARY KEY);
\set VERBOSITY sqlstate
SELECT * FROM reco.recommend(1000, 3, among => 'goods_index_pkey');
\set VERBOSITY default

-- scores and stars
SELECT reco.score(5, 5) > reco.score(5, 4), reco.score(1000, 5), reco.score(NULL, 5), reco.score(5, 17), reco.score(5, 99), reco.score(1000, 99);
SELECT reco.score(5, NULL), reco.score(NULL, NULL);
SELECT reco.predict(5, 5);
SELECT reco.predict(5, NULL), reco.predict(NULL, 5), reco.predict(NULL, NULL, 'nothing');
SELECT reco.predict(5, 5, 'rated') BETWEEN 3 AND 5, reco.predict(1000, 5, 'rated') BETWEEN 3 AND 5,
       reco.predict(5, 99, 'rated') BETWEEN 3 AND 5, reco.predict(1000, 99, 'rated') BETWEEN 3 AND 5;

-- lists for all
SELECT client_id, rank, product_id FROM reco.recommend_all(1);
SELECT count(*) FROM reco.recommend_all();
SELECT count(*) FROM reco.recommend_all(1000000000);
SELECT * FROM reco.recommend_all(0);
SELECT * FROM reco.recommend_all(-1);
SELECT * FROM reco.recommend_all(NULL);

-- neighbours
SELECT array_agg(product_id ORDER BY product_id) FROM reco.similar_products(5, 7);
SELECT array_agg(client_id ORDER BY client_id) FROM reco.similar_clients(5, 7);
SELECT count(*) FROM reco.similar_products(5);
SELECT count(*) FROM reco.similar_products(5, 1000000000);
SELECT count(*) FROM reco.similar_clients(5, 1000000000);
SELECT * FROM reco.similar_products(99, 3);
SELECT * FROM reco.similar_products(NULL, 3);
SELECT * FROM reco.similar_products(5, -1);
SELECT * FROM reco.similar_clients(1000, 3);
SELECT * FROM reco.similar_clients(NULL, 3);
SELECT * FROM reco.similar_clients(5, NULL);

-- the other way round
SELECT rank, client_id FROM reco.audience(5, 1);
SELECT count(*) FROM reco.audience(5, 1000000000);
SELECT count(*) FROM reco.audience(5, 1000000000, bought => true);
SELECT * FROM reco.audience(NULL, 3);
SELECT * FROM reco.audience(5, -1);
SELECT sum(clients) FROM reco.likely_buyers(3);
SELECT * FROM reco.likely_buyers(0);
SELECT * FROM reco.likely_buyers(NULL);

-- why
SELECT array_agg(product_id ORDER BY product_id), count(*) FILTER (WHERE contribution > 0), round(sum(share)::numeric, 6)
FROM reco.explain(5, 5, 10);
SELECT count(*) FROM reco.explain(5, 5);
SELECT * FROM reco.explain(5, 99);
SELECT * FROM reco.explain(1000, 5);
SELECT * FROM reco.explain(NULL, 5);
SELECT * FROM reco.explain(5, NULL);
SELECT * FROM reco.explain(5, 5, 0);
SELECT * FROM reco.explain(5, 5, -1);

-- rows of a client that no training has seen
INSERT INTO sold VALUES (5, 6, NULL), (5, NULL, 1), (2000, 1, 1), (2000, 3, 1);
SELECT rank, product_id FROM reco.recommend(5, 1);
SELECT product_id % 2 AS odd, method FROM reco.recommend(2000, 3);
ALTER TABLE sold ALTER quantity TYPE float8;
INSERT INTO sold VALUES (5, 8, 'NaN'), (5, 9, 1), (6, 9, '-Infinity');
SELECT * FROM reco.recommend(5, 1);
SELECT reco.score(5, 5);
SELECT rank, product_id FROM reco.recommend(7, 1);
SELECT * FROM reco.recommend_all(1);

-- what a model reads is told to its owner alone
CREATE ROLE test_recommend_other;
GRANT USAGE ON SCHEMA test_recommend TO test_recommend_other;
GRANT SELECT ON sold TO test_recommend_other;
SELECT reco.create_model('open', purchases => 'SELECT client, product, 1 FROM sold WHERE product <> 12345',
                         candidates => 'SELECT id FROM goods WHERE id <> 12345');
SELECT version FROM reco.train('open');
\set SHOW_CONTEXT errors
SET ROLE test_recommend_other;
SELECT * FROM reco.recommend(5, 1, 'open');
RESET ROLE;
REVOKE USAGE ON SCHEMA test_recommend FROM test_recommend_other;
SET ROLE test_recommend_other;
SELECT reco.score(5, 1, 'open');
RESET ROLE;
ALTER TABLE goods RENAME TO wares;
SELECT * FROM reco.recommend(5, 1, 'open');
ALTER TABLE wares RENAME TO goods;
\set SHOW_CONTEXT never

-- tables that have changed
\set VERBOSITY sqlstate
ALTER TABLE goods RENAME TO wares;
SELECT * FROM reco.recommend(7, 1);
SELECT count(*) FROM reco.similar_products(5, 3);
DROP TABLE sold;
SELECT count(*) FROM reco.similar_products(5, 3);

SELECT count(reco.drop_model(name)) FROM reco.model;
SET client_min_messages = warning;
DROP SCHEMA test_recommend CASCADE;
DROP ROLE test_recommend_other;
