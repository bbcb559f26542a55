-- create_shop() and demo_shop(): what they refuse, and in which words.
\pset tuples_only on
\set SHOW_CONTEXT never
SELECT reco.create_shop(NULL);
SELECT reco.create_shop('');
SELECT reco.create_shop('  ');
SELECT reco.create_shop('reco');
SELECT reco.create_shop('pg_shop');
SELECT reco.create_shop('information_schema');
CREATE SCHEMA test_shop;
CREATE TABLE test_shop.client (id integer);
CREATE VIEW test_shop.sale AS SELECT 1;
SELECT reco.create_shop('test_shop');
DROP VIEW test_shop.sale;
DROP TABLE test_shop.client;
CREATE TABLE test_shop.of_my_own (id integer);
SELECT reco.create_shop('test_shop');
\set VERBOSITY terse
SELECT reco.create_shop('test_shop');
\set VERBOSITY default

SELECT reco.demo_shop(NULL);
SELECT reco.demo_shop('test_shop', clients => NULL);
SELECT reco.demo_shop('test_shop', clients => 0);
SELECT reco.demo_shop('test_shop', days => 6);
SELECT reco.demo_shop('test_shop', days => 3661);
SELECT reco.demo_shop('test_shop', products => -1);
SELECT reco.demo_shop('test_shop', ends => '1970-01-02');
SELECT reco.demo_shop('nothing');
SELECT reco.demo_shop('pg_catalog');
INSERT INTO test_shop.client (name) VALUES ('Kavira');
SELECT reco.demo_shop('test_shop');
SELECT name FROM test_shop.client;

-- a name that is taken by a model
CREATE TABLE test_shop.sold (client bigint, product bigint);
SELECT reco.create_model('test_taken', purchases => 'SELECT client, product, 1 FROM test_shop.sold');
SELECT reco.create_shop('test_taken');
SELECT count(*) FROM pg_namespace WHERE nspname = 'test_taken';

-- without the right to make a schema
CREATE ROLE test_shop_nobody;
SET ROLE test_shop_nobody;
\set VERBOSITY sqlstate
SELECT reco.create_shop('test_mine');
SELECT reco.demo_shop('test_shop');
\set VERBOSITY default
RESET ROLE;
DROP ROLE test_shop_nobody;

SELECT reco.drop_model(name) FROM reco.model ORDER BY name COLLATE "C";
SET client_min_messages = warning;
DROP SCHEMA test_shop CASCADE;
