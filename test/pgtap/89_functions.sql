-- No function can do more than it should: walks all there are, so that a new one is looked at, too.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(16);

CREATE VIEW taste.function AS
SELECT p.oid::regprocedure AS function, p.proname AS name, l.lanname AS language, p.prosecdef AS definer, p.proleakproof AS leakproof,
       p.prokind AS kind, p.provolatile AS volatility, p.proparallel AS parallel, p.proconfig AS settings, p.prorettype AS result,
       coalesce(pg_get_function_sqlbody(p.oid), p.prosrc) AS body, p.prosqlbody IS NOT NULL AS parsed,
       has_function_privilege('public', p.oid, 'EXECUTE') AS public
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'reco';

-- Functions in C decide by themselves who may do what. Each is of one of these kinds, and what a kind promises
-- is tried below.
CREATE TABLE taste.kind (name name PRIMARY KEY, kind text);
INSERT INTO taste.kind
SELECT unnest(names), kind FROM (VALUES
    -- read only, with the rights of the caller on the tables behind the model
    ('asks', '{predict,score,recommend,recommend_all,similar_products,similar_clients,explain,audience,likely_buyers}'::name[]),
    -- take the role of the model's owner
    ('owns', '{drop_model,train,evaluate,activate,rollback,forget_client,export_model,retrain}'),
    -- make something that is the caller's own
    ('makes', '{create_model,import_model,expect_run}'),
    -- take the role of the owner of a table, or of the tables of a shop
    ('tends', '{refresh_stock,close_stock_alerts,evaluate_shop,rebuild_levels}'),
    -- run as triggers alone
    ('triggers', '{watch_statement,shop_moves,shop_reservations,shop_products,shop_orders,guard_moves,guard_levels}'),
    -- show what the caller may see, or nothing
    ('shows', '{rows_now,trainings}'),
    -- read a query of the caller's own, read only
    ('reads', '{forecast_demand}'),
    -- compute
    ('computes', '{demand_quantile}')) v (kind, names);

SELECT is_empty($$SELECT function FROM taste.function WHERE language = 'c' AND name NOT IN (SELECT name FROM taste.kind)$$,
                'what each function in C may do has been thought of');
SELECT is_empty($$SELECT name FROM taste.kind EXCEPT SELECT name FROM taste.function WHERE language = 'c'$$, 'and all of these are there');
SELECT is_empty('SELECT function FROM taste.function WHERE language NOT IN (''c'', ''sql'', ''plpgsql'')', 'there are functions in no other language');
SELECT is_empty('SELECT function FROM taste.function WHERE definer', 'none runs with the rights of its owner');
SELECT is_empty('SELECT function FROM taste.function WHERE leakproof', 'none says that it tells nothing of what it is given');
SELECT is_empty(
    $$SELECT function FROM taste.function WHERE language <> 'c' AND NOT parsed
      AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (settings), false)$$,
    'each with a body of text looks for names in pg_catalog alone');

-- what it says of itself is so

SELECT is_empty(
    $$SELECT f.function, f.volatility, f.parallel FROM taste.function f JOIN taste.kind k USING (name) WHERE f.language = 'c' AND f.kind = 'f'
      AND NOT CASE k.kind WHEN 'asks' THEN f.volatility = 's' AND f.parallel = 'r'
                          WHEN 'computes' THEN f.volatility = 'i' AND f.parallel = 's'
                          WHEN 'shows' THEN f.volatility IN ('s', 'v') AND f.parallel <> 's'
                          WHEN 'reads' THEN f.volatility <> 'i' AND f.parallel <> 's'
                          ELSE f.volatility = 'v' AND f.parallel = 'u' OR f.name = 'export_model' AND f.volatility = 's' AND f.parallel = 'r' END$$,
    'what writes is volatile and stays in the leader, what asks is stable');
SELECT is_empty(
    $$SELECT function FROM taste.function WHERE language <> 'c' AND volatility <> 'v'
      AND body ~* '\m(insert\s+into|update\s+\S+\s+set|delete\s+from|create|drop|alter|grant|lock\s+table|nextval|set_config|clock_timestamp|random)\M'$$,
    'nothing that writes says that it does not');
SELECT is_empty(
    $$SELECT function FROM taste.function WHERE language <> 'c' AND volatility = 'i'
      AND body ~* '\m(now|current_date|current_setting|current_user|to_regclass|from\s+reco\.(model|stock|job)\w*)\M'$$,
    'nothing that changes says that it does not');
SELECT is_empty($$SELECT function FROM taste.function WHERE language <> 'c' AND volatility = 'v' AND parallel <> 'u'$$,
                'what may write stays out of parallel queries');

-- whoever calls it without rights gets nothing

CREATE ROLE function_stranger;
SELECT reco.create_shop('functions') \gset
CREATE TABLE taste.watched (id integer PRIMARY KEY, stock integer);
SELECT reco.watch_stock('taste.watched', 'id', 'stock') \gset

-- Arguments of its types that would do something if the caller had the rights; the error, or what it did.
CREATE FUNCTION taste.outcome(called regprocedure) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    arguments text;
    call text;
BEGIN
    SELECT string_agg(CASE a.type
        WHEN 'text'::regtype THEN '''bought'''
        WHEN 'name'::regtype THEN '''functions'''
        WHEN 'integer'::regtype THEN '20'
        WHEN 'regclass'::regtype THEN CASE WHEN a.place = 1 THEN '''taste.watched''' ELSE 'NULL' END
        WHEN 'bytea'::regtype THEN '''x'''
        WHEN 'jsonb'::regtype THEN '''{}'''
        WHEN 'boolean'::regtype THEN 'false'
        WHEN 'date'::regtype THEN '''2026-01-01'''
        WHEN 'timestamptz'::regtype THEN '''2026-01-01'''
        WHEN 'bigint[]'::regtype THEN '''{1}'''
        WHEN 'numeric[]'::regtype THEN '''{1}'''
        ELSE '1' END || '::' || a.type::regtype, ', ' ORDER BY a.place) INTO arguments
    FROM pg_proc p, unnest(p.proargtypes::oid[]) WITH ORDINALITY a (type, place) WHERE p.oid = called;
    SELECT format(CASE WHEN p.prokind = 'p' THEN 'CALL %s(%s)' WHEN p.prorettype = 'trigger'::regtype THEN 'SELECT %s(%s)' ELSE 'SELECT * FROM %s(%s)' END, p.oid::regproc, arguments) INTO call
    FROM pg_proc p WHERE p.oid = called;
    PERFORM set_config('role', 'function_stranger', true);
    EXECUTE call;
    PERFORM set_config('role', 'none', true);
    RETURN 'no error';
EXCEPTION
    WHEN OTHERS THEN
        RETURN SQLSTATE;
END
$$;
SELECT taste.none(
    $$SELECT f.function, taste.outcome(f.function) FROM taste.function f JOIN taste.kind k USING (name)
      WHERE k.kind IN ('asks', 'owns', 'tends') AND taste.outcome(f.function) <> '42501'
      AND NOT (f.name = 'predict' AND taste.outcome(f.function) = '22023')$$,
    'what asks, owns or tends takes rights');
SELECT taste.none(
    $$SELECT f.function, taste.outcome(f.function) FROM taste.function f JOIN taste.kind k USING (name)
      WHERE k.kind = 'triggers' AND taste.outcome(f.function) <> '39P01'$$,
    'a trigger''s function is no other one');
SELECT is(taste.run_as('function_stranger', $$SELECT coalesce(reco.rows_now('bought')::text, 'nothing')$$), 'nothing', 'what shows shows nothing');
-- of the functions in SQL and plpgsql, those that are about a shop need rights on its tables, the others touch none
SELECT taste.none(
    $$SELECT f.function, taste.outcome(f.function) FROM taste.function f WHERE language <> 'c' AND 'name'::regtype = ANY ((SELECT proargtypes::oid[] FROM pg_proc WHERE oid = f.function)::oid[])
      -- or it is an error before that: the names are taken, arguments do not go together
      AND taste.outcome(f.function) <> CASE name WHEN 'create_shop' THEN '42P07' WHEN 'release' THEN '22023' WHEN 'acknowledge_alert' THEN '22023' ELSE '42501' END$$,
    'what is about a shop takes rights on it');

-- tables and views

SELECT is_empty(
    $$SELECT c.oid::regclass, p FROM pg_class c, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
      WHERE c.relnamespace = 'reco'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND has_table_privilege('public', c.oid, p)
      AND NOT (p = 'SELECT' AND (c.relrowsecurity OR 'security_invoker=true' = ANY (coalesce(c.reloptions, '{}'))
                                 OR 'security_barrier=true' = ANY (coalesce(c.reloptions, '{}')) AND pg_get_viewdef(c.oid) ~ 'pg_has_role'))$$,
    'everybody may read what shows rows of one''s own alone, and write nothing');
SELECT is_empty(
    $$SELECT c.oid::regclass FROM pg_class c WHERE c.relnamespace = 'reco'::regnamespace AND c.relkind = 'S'
      AND (has_sequence_privilege('public', c.oid, 'USAGE') OR has_sequence_privilege('public', c.oid, 'SELECT') OR has_sequence_privilege('public', c.oid, 'UPDATE'))$$,
    'numbers are given by the engine');

SELECT * FROM finish();
ROLLBACK;
