-- Two merchants in one database, a schema each: neither sees, learns from or changes what is the other's.
BEGIN;
\ir setup/tastes.sql
SELECT plan(31);

CREATE ROLE merchant_a;
CREATE ROLE merchant_b;
SELECT format('GRANT CREATE ON DATABASE %I TO merchant_a, merchant_b', current_database()) \gexec
SET LOCAL ROLE merchant_a;
SELECT reco.create_shop('shop_a') \gset
SELECT FROM reco.demo_shop('shop_a', clients => 60, products => 40, days => 60, seed => 1) \g /dev/null
SELECT version FROM reco.train('shop_a') \gset
SELECT reco.activate('shop_a', 1) \gset
CREATE TABLE shop_a.goods (id integer PRIMARY KEY, stock integer);
SELECT reco.watch_stock('shop_a.goods', 'id', 'stock') \gset
INSERT INTO shop_a.goods VALUES (1, 0);
CALL reco.retrain('shop_a');
SELECT reco.expect_run('0 3 * * *') \gset
RESET ROLE;
SET LOCAL ROLE merchant_b;
SELECT reco.create_shop('shop_b') \gset
SELECT FROM reco.demo_shop('shop_b', clients => 60, products => 40, days => 60, seed => 2) \g /dev/null
SELECT version FROM reco.train('shop_b') \gset
SELECT reco.activate('shop_b', 1) \gset
RESET ROLE;

-- tables, views, functions of the one, as the other: each of them

CREATE FUNCTION taste.denied(statement text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('role', 'merchant_b', true);
    EXECUTE statement;
    PERFORM set_config('role', 'none', true);
    RETURN 'no error';
EXCEPTION
    WHEN insufficient_privilege THEN
        RETURN NULL;
END
$$;
SELECT cmp_ok(count(*), '>', 25::bigint, 'a shop has tables and views') FROM pg_class WHERE relnamespace = 'shop_a'::regnamespace AND relkind IN ('r', 'v');
SELECT taste.none(
    $$SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'shop_a'::regnamespace AND relkind IN ('r', 'v')
      AND taste.denied('SELECT FROM ' || c.oid::regclass) IS NOT NULL$$, 'none of which another merchant reads');
SELECT taste.none(
    $$SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'shop_a'::regnamespace AND relkind = 'r'
      AND taste.denied('DELETE FROM ' || c.oid::regclass) IS NOT NULL$$, 'or writes');
SELECT taste.none(
    $$SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'shop_a'::regnamespace AND has_function_privilege('merchant_b', p.oid, 'EXECUTE')
      AND has_schema_privilege('merchant_b', 'shop_a', 'USAGE')$$, 'none of its functions is called');
SELECT is(taste.denied(call), NULL, 'nor is ' || call) FROM unnest(ARRAY[
    $$SELECT reco.sell('shop_a', NULL, '{1}', '{1}')$$, $$SELECT reco.receive('shop_a', NULL, '{1}', '{1}')$$,
    $$SELECT reco.count_stock('shop_a', '{1}', '{0}')$$, $$SELECT reco.refresh_alerts('shop_a')$$, $$SELECT reco.upgrade_shop('shop_a')$$,
    $$SELECT reco.refit_forecasts('shop_a')$$, $$SELECT reco.web_setup_code('shop_a')$$, $$SELECT reco.unwatch_stock('shop_a.goods')$$,
    $$SELECT reco.refresh_stock('shop_a.goods')$$, $$SELECT * FROM reco.recommend(1, 5, 'shop_a')$$, $$SELECT * FROM reco.similar_products(1, 5, 'shop_a')$$,
    $$SELECT reco.train('shop_a')$$, $$SELECT reco.export_model('shop_a')$$, $$SELECT reco.forget_client(1, 'shop_a')$$, $$CALL reco.retrain('shop_a')$$,
    $$SELECT reco.create_model('spy', ratings => 'SELECT client_id, product_id, stars FROM shop_a.rating')$$]) call;

-- a table of both, each with rows of its own, watched

SET LOCAL ROLE merchant_a;
CREATE TABLE shop_a.market (id integer PRIMARY KEY, stock integer, merchant name);
INSERT INTO shop_a.market VALUES (1, 0, 'merchant_a'), (2, 0, 'merchant_b');
SELECT reco.watch_stock('shop_a.market', 'id', 'stock') \gset
GRANT USAGE ON SCHEMA shop_a TO merchant_b;
GRANT SELECT ON shop_a.market TO merchant_b;
RESET ROLE;
SELECT is(taste.run_as('merchant_b', 'SELECT count(*) FROM reco.stock_alert'), '2', 'alerts are seen by who may read the table');
ALTER TABLE shop_a.market ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON shop_a.market USING (merchant = current_user);
SELECT is(taste.run_as('merchant_a', 'SELECT count(*) FROM reco.stock_alert'), '3', 'by its owner in any case');
SELECT is(taste.run_as('merchant_b', 'SELECT count(*) FROM shop_a.market'), '1', 'and not by who sees a part of its rows');

SELECT is(taste.run_as('merchant_b', format('SELECT count(*) FROM %s', relation)), '0', 'nothing of it is in ' || relation)
FROM unnest(ARRAY[$$reco.model WHERE name <> 'shop_b'$$, $$reco.models WHERE name <> 'shop_b'$$, $$reco.model_version WHERE model <> 'shop_b'$$,
                  $$reco.job_run$$, $$reco.health WHERE model <> 'shop_b'$$, 'reco.job_schedule', 'reco.stock_alert', 'reco.train_progress']) relation;

SELECT * FROM finish();
ROLLBACK;
