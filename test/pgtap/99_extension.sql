-- The extension as a whole: what belongs to it, and that it goes without taking anything of the user's.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT reco.create_shop('market') \gset
INSERT INTO market.client (name) VALUES ('Kavira');
INSERT INTO market.category (name) VALUES ('all');
INSERT INTO market.product (name, category_id, price, unit_cost) SELECT 'rice', id, 2000, 1500 FROM market.category;
INSERT INTO market.stock_move (product_id, quantity, kind) SELECT id, 50, 'opening' FROM market.product;
SELECT reco.create_shop('bazaar') \gset
SELECT FROM reco.demo_shop('bazaar', clients => 60, products => 40, days => 60, seed => 3) \g /dev/null
-- The rows of every table of the shop, in one word.
CREATE FUNCTION taste.rows_of(shop name) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    relation regclass;
    rows text;
    result text := '';
BEGIN
    FOR relation IN SELECT c.oid FROM pg_class c WHERE relnamespace = shop::text::regnamespace AND relkind = 'r' ORDER BY relname LOOP
        EXECUTE format('SELECT count(*) || md5(string_agg(t::text, '' '' ORDER BY t::text)) FROM %s t', relation) INTO rows;
        result := concat_ws(' ', result, relation, rows);
    END LOOP;
    RETURN result;
END
$$;
SELECT version FROM reco.train('bazaar') \gset
SELECT reco.activate('bazaar', 1) \gset
SELECT string_agg(r::text, ' ' ORDER BY c, rank) AS lists FROM generate_series(1, 20) c, reco.recommend(c, 5, 'bazaar') r \gset
SELECT taste.rows_of('bazaar') AS rows \gset
CREATE VIEW taste.best AS SELECT c, r.product_id FROM generate_series(1, 3) c, reco.recommend(c, 1, 'bought') r;
SELECT plan(30);

-- what belongs to it

SELECT set_has(
    $$SELECT unnest(extconfig)::regclass::text FROM pg_extension WHERE extname = 'reco'$$,
    $$VALUES ('reco.model'), ('reco.model_id_seq'), ('reco.model_version'), ('reco.model_array')$$,
    'models, their versions and what they learnt are dumped');
SELECT taste.none(
    $$SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'reco'::regnamespace AND obj_description(p.oid, 'pg_proc') IS NULL
      AND p.prorettype <> 'trigger'::regtype$$,
    'every function has a comment');
SELECT taste.none(
    $$SELECT c.oid::regclass FROM pg_class c WHERE relnamespace = 'reco'::regnamespace AND relkind IN ('r', 'v')
      AND obj_description(c.oid, 'pg_class') IS NULL$$,
    'every table and view has a comment');
SELECT taste.none(
    $$SELECT p.oid::regprocedure FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
      WHERE pronamespace = 'reco'::regnamespace AND l.lanname IN ('plpgsql', 'sql') AND prosqlbody IS NULL AND prokind <> 'p'
        AND NOT coalesce(array_to_string(proconfig, ' ') ~ 'search_path=pg_catalog, pg_temp', false)$$,
    'every function with a body of text pins its search_path');
SELECT taste.none(
    $$SELECT p.oid::regprocedure FROM pg_proc p WHERE pronamespace = 'reco'::regnamespace AND prosecdef
        AND NOT coalesce(array_to_string(proconfig, ' ') ~ 'search_path=', false)$$,
    'and so does every one that runs with the rights of its owner');
SELECT taste.none(
    $$SELECT c.oid::regclass FROM pg_class c, unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER', 'REFERENCES']) p
      WHERE relnamespace = 'reco'::regnamespace AND relname LIKE 'model%' AND has_table_privilege('public', c.oid, p)$$,
    'nobody but the owner may write what models are');
SELECT is(has_schema_privilege('public', 'reco', 'CREATE'), false, 'nor add to the schema');
SELECT is(nspowner = (SELECT extowner FROM pg_extension WHERE extname = 'reco'), true, 'which is the extension owner''s') FROM pg_namespace WHERE nspname = 'reco';

-- made again in the same session

SELECT throws_ok('DROP EXTENSION reco', '2BP01', NULL, 'it is not dropped while something of the user''s stands on it');
SELECT md5(string_agg(p::text, ' ' ORDER BY client, product)) AS purchases FROM taste.purchase p \gset
SET LOCAL client_min_messages = warning;
DROP EXTENSION reco CASCADE;
SELECT is((SELECT count(*) FROM pg_class WHERE relnamespace = 'reco'::regnamespace)
          + (SELECT count(*) FROM pg_proc WHERE pronamespace = 'reco'::regnamespace), 0::bigint, 'it leaves nothing in its schema');
SELECT is((SELECT md5(string_agg(p::text, ' ' ORDER BY client, product)) FROM taste.purchase p), :'purchases', 'and leaves the tables of an app');
SELECT is((SELECT name FROM market.client), 'Kavira', 'and those of a shop');
SELECT is((SELECT on_hand FROM market.stock_level), 50::numeric, 'with their stock');
SELECT is(taste.rows_of('bazaar'), :'rows', 'each row of each table');
SELECT lives_ok($$INSERT INTO market.sale (client_id) SELECT id FROM market.client$$, 'in which a merchant may go on selling');
SELECT throws_ok($$SELECT * FROM reco.recommend(1)$$, '42883', NULL, 'nothing is recommended then');
CREATE EXTENSION reco;
SELECT is((SELECT count(*) FROM reco.model), 0::bigint, 'made again, it knows no model');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 1, 'bought')$$, '42704', NULL, 'not in this session either');
SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT ok(active, 'and learns as before') FROM reco.train('bought');
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'bought')), 10::bigint, 'and serves');

-- and a shop is brought back to work

SELECT lives_ok($$SELECT reco.upgrade_shop(s) FROM unnest('{market,bazaar}'::name[]) s$$, 'shops are taken up again');
SELECT is(taste.rows_of('bazaar'), :'rows', 'not a row is another one');
SELECT is((SELECT array_agg(name ORDER BY name) FROM reco.model), '{bazaar,bought,market}', 'each has its model');
SELECT lives_ok($$SELECT reco.train('bazaar'), reco.activate('bazaar', 1)$$, 'which is trained');
SELECT is((SELECT string_agg(r::text, ' ' ORDER BY c, rank) FROM generate_series(1, 20) c, reco.recommend(c, 5, 'bazaar') r),
          :'lists', 'and recommends what it did before');
SELECT lives_ok($$SELECT market.sell(1, '{1}', '{49}')$$, 'goods are sold');
SELECT is((SELECT on_hand FROM market.stock_level), 1::numeric, 'and counted');
SELECT throws_ok($$SELECT market.sell(1, '{1}', '{2}')$$, '23514', NULL, 'no more than there are');
SELECT throws_ok($$DELETE FROM market.stock_move$$, NULL, 'stock moves are only ever added', 'the ledger is kept');
SELECT lives_ok($$CALL reco.retrain('bazaar')$$, 'and nights work');

SELECT * FROM finish();
ROLLBACK;
