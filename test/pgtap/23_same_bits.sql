-- The same seed gives the same model, bit for bit.
BEGIN;
\ir setup/tastes.sql
SELECT plan(32);

CREATE FUNCTION taste.learn(name text, row_order text DEFAULT 'client, product', options jsonb DEFAULT '{}') RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM reco.create_model(name, options => options,
        ratings => format('SELECT client, product, stars, rated_at FROM taste.rating ORDER BY %s', row_order),
        purchases => format('SELECT client, product, quantity FROM taste.purchase ORDER BY %s', row_order));
    PERFORM reco.train(name);
    RETURN taste.bits(name);
END
$$;

SELECT taste.learn('first') AS first \gset
SELECT matches(:'first'::text, '^[0-9a-f]{32}$', 'what a version learnt has a fingerprint');
SELECT set_eq(
    $$SELECT DISTINCT name FROM reco.model_array$$,
    $$VALUES ('header'), ('client_id'), ('product_id'), ('popularity'), ('rating_baseline'), ('rating_clients'),
             ('rating_products'), ('rating_features'), ('rating_prior'), ('rating_spread'), ('purchase_clients'), ('purchase_products'), ('purchase_gram'),
             ('neighbour_product'), ('neighbour_weight')$$,
    'of everything that it serves by');

CREATE FUNCTION taste.learn_with(workers integer, server_workers integer) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('reco.max_parallel_workers', workers::text, true);
    PERFORM set_config('max_parallel_workers', server_workers::text, true);
    RETURN taste.learn(format('workers %s of %s', workers, server_workers));
END
$$;
SELECT is(taste.learn_with(w, s), :'first', format('with %s workers of %s', w, s))
FROM (VALUES (0, 8), (1, 8), (8, 8), (8, 0), (1024, 1024)) v (w, s);
SELECT set_config('max_parallel_workers', '8', true) AS _ \gset

SELECT is(taste.learn('order ' || o, o), :'first', 'with rows in the order of ' || o)
FROM unnest(ARRAY['client DESC, product', 'product, client', 'taste.chance(''order'', client, product)',
                  'product % 7, client DESC']) o;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SELECT is(taste.learn('parallel', 'hashtext(client::text)'), :'first', 'with queries that run in parallel');
RESET parallel_setup_cost;
RESET parallel_tuple_cost;
RESET min_parallel_table_scan_size;
SELECT reco.train('first') \g /dev/null
SELECT is(taste.bits('first', 2), :'first', 'trained again');
SELECT is(taste.bits('first', 1), :'first', 'which leaves the version before as it is');
SELECT is(taste.learn('options', options => '{"seed": 1, "ratings": {}, "purchases": {}}'), :'first',
          'with the defaults said aloud');

SELECT taste.learn('svd', options => '{"ratings": {"method": "svd"}}') AS svd \gset
SELECT set_config('reco.max_parallel_workers', '0', true) AS _ \gset
SELECT is(taste.learn('svd alone', 'product, client', '{"ratings": {"method": "svd"}}'), :'svd',
          'with another method, by the backend alone, in another order');
SELECT set_config('reco.max_parallel_workers', '8', true) AS _ \gset
SELECT is(taste.learn('svd again', options => '{"ratings": {"method": "svd"}}'), :'svd', 'or by threads');

SELECT set_config('reco.max_parallel_workers', w::text, true) AS _, taste.learn(m || ' by ' || w, o, format('{"purchases": {"method": "%s"}}', m)::jsonb) AS _
FROM unnest('{als,ease,items,blend}'::text[]) m, (VALUES (0, 'product, client'), (8, 'client, product')) v (w, o) \g /dev/null
SELECT is(taste.bits(m || ' by 0'), taste.bits(m || ' by 8'), 'purchases by ' || m || ', by the backend alone or by threads')
FROM unnest('{als,ease,items,blend}'::text[]) m;
SELECT set_eq(
    $$SELECT a.name FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version WHERE v.model = 'als by 0' AND a.name LIKE 'purchase%'$$,
    $$VALUES ('purchase_clients'), ('purchase_products'), ('purchase_gram')$$, 'factors where purchases are learnt by them');

-- many clients with few purchases: their rows are solved in another way
CREATE FUNCTION taste.learn_sparse(workers integer, row_order text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('reco.max_parallel_workers', workers::text, true);
    PERFORM reco.create_model('sparse ' || workers, options => '{"purchases": {"method": "als", "factors": 64}}',
        purchases => format('SELECT c, 1 + hashint8extended(c * 10 + i, 5) & 63 + 32 * (c & 1), 1 FROM generate_series(1, 3000) c, generate_series(1, 6) i ORDER BY %s', row_order));
    PERFORM reco.train('sparse ' || workers);
    RETURN taste.bits('sparse ' || workers);
END
$$;
SELECT is(taste.learn_sparse(0, 'c, i'), taste.learn_sparse(8, 'i DESC, c'), 'purchases of many clients with few of them, by the backend alone or by threads');

-- what must make a difference

SELECT isnt(taste.learn('another ' || o, options => o::jsonb), :'first', 'another model: ' || o)
FROM unnest(ARRAY['{"seed": 2}', '{"ratings": {"method": "svd"}}', '{"seed": 9007199254740991}', '{"ratings": {"iterations": 1}}',
                  '{"purchases": {"regularization": 0.01}}']) o;
SELECT isnt((SELECT ndcg_at_10 FROM reco.model_version WHERE model = 'another {"seed": 2}'),
            (SELECT ndcg_at_10 FROM reco.model_version WHERE model = 'first' AND version = 1),
            'another seed holds out other rows');
SELECT is((SELECT ARRAY[rmse, ndcg_at_10] FROM reco.model_version WHERE model = 'order product, client'),
          (SELECT ARRAY[rmse, ndcg_at_10] FROM reco.model_version WHERE model = 'first' AND version = 1),
          'the same seed the same ones, in any order');
SELECT reco.train('another {"seed": 2}') \g /dev/null
SELECT is(taste.bits('another {"seed": 2}', 1), taste.bits('another {"seed": 2}', 2), 'and gives the same model again');
DELETE FROM taste.purchase WHERE (client, product) = (SELECT client, product FROM taste.purchase ORDER BY 1, 2 LIMIT 1);
SELECT isnt(taste.learn('one less'), :'first', 'another model: one purchase less');

SELECT * FROM finish();
ROLLBACK;
