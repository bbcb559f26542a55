-- The view reco.models.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(15);

SELECT columns_are('reco', 'models', ARRAY[
    'name', 'owner', 'version', 'trained_at', 'age', 'clients', 'products', 'ratings', 'purchases', 'rmse', 'mae',
    'baseline_rmse', 'recall_at_10', 'ndcg_at_10', 'popular_ndcg_at_10', 'rows_since'], 'it has these columns');
SELECT results_eq(
    'SELECT name, owner, version, clients, products, ratings, purchases, rmse, mae, recall_at_10, ndcg_at_10, popular_ndcg_at_10
     FROM reco.models ORDER BY name',
    'SELECT model, current_user::regrole, version, clients, products, ratings, purchases, rmse, mae, recall_at_10, ndcg_at_10,
            popular_ndcg_at_10
     FROM reco.model_version WHERE active ORDER BY model',
    'it shows each model with its active version');
SELECT ok(bool_and(age > interval '0' AND age < interval '1 hour'), 'and how old that is') FROM reco.models;
SELECT is((SELECT array_agg(rows_since) FROM reco.models), ARRAY[0, 0, 0]::bigint[], 'after a training nothing has changed');
INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM generate_series(1, 5) p;
DELETE FROM taste.rating WHERE client = 2 AND product <= 30;
SELECT results_eq(
    'SELECT name, rows_since FROM reco.models ORDER BY name',
    $$SELECT name, CASE WHEN name <> 'rated' THEN 5 ELSE 0 END
                   + CASE WHEN name <> 'bought' THEN (SELECT count(*) FROM taste.rating) - ratings ELSE 0 END
      FROM reco.models ORDER BY name$$,
    'rows that came and went since are counted');
SELECT cmp_ok(rows_since, '<', 0::bigint, 'fewer rows are a number below zero') FROM reco.models WHERE name = 'rated';

SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT results_eq($$SELECT version, trained_at, age, rows_since FROM reco.models WHERE name = 'new'$$,
                  'SELECT NULL::integer, NULL::timestamptz, NULL::interval, NULL::bigint', 'a model never trained has no version');
UPDATE reco.model_version SET active = false WHERE model = 'bought';
SELECT results_eq($$SELECT version, ndcg_at_10 FROM reco.models WHERE name = 'bought'$$,
                  'SELECT NULL::integer, NULL::double precision', 'nor one without an active version');
SELECT is(reco.rows_now('new'), (SELECT count(*) FROM taste.purchase), 'rows_now() counts the rows of the queries');
SELECT is(reco.rows_now('both'), (SELECT count(*) FROM taste.purchase) + (SELECT count(*) FROM taste.rating), 'of both');
SELECT is(reco.rows_now('nothing'), NULL, 'and is NULL for a model that does not exist');

ALTER TABLE taste.rating RENAME TO opinion;
SELECT results_eq('SELECT name, rows_since IS NULL FROM reco.models ORDER BY name',
                  $$VALUES ('both', true), ('bought', true), ('new', true), ('rated', true)$$,
                  'a model whose table is gone is shown all the same');
SELECT lives_ok('SELECT count(*) FROM taste.opinion', 'and does not spoil the transaction');
ALTER TABLE taste.opinion RENAME TO rating;
SAVEPOINT s;
SET LOCAL transaction_read_only = on;
SELECT sum(rows_since) AS rows FROM reco.models \gset
ROLLBACK TO s;
SELECT is(:rows::numeric, (SELECT sum(rows_since) FROM reco.models), 'it can be read in a read-only transaction');
-- called otherwise from PostgreSQL 16 on
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode') \g /dev/null
SELECT is((SELECT sum(rows_since) FROM reco.models), :rows::numeric, 'and in a query that is made parallel by force');

SELECT * FROM finish();
ROLLBACK;
