-- Whatever a function is called with: a plain answer or a plain error, never NaN, an error of our own making or a crash.
-- Walks all functions there are, so that a new one is called, too; arguments are chosen by chance, the same ones each time.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(6);
SELECT reco.create_shop('chance_shop') \gset
SELECT FROM reco.demo_shop('chance_shop', clients => 20, products => 20, days => 20, seed => 1) \g /dev/null
CREATE TABLE taste.watched (id integer PRIMARY KEY, stock integer);
SELECT reco.watch_stock('taste.watched', 'id', 'stock') \gset

-- What there is of each type.
CREATE TABLE taste.value (type regtype PRIMARY KEY, choices text[]);
INSERT INTO taste.value VALUES
    ('text', ARRAY['', 'bought', 'rated', 'both', 'chance_shop', 'nothing', E'\'";--\\', repeat('é', 3000), 'SELECT 1', 'SELECT client, product, quantity FROM taste.purchase',
                   'SELECT product, bought_at, quantity FROM taste.purchase', 'DROP TABLE taste.purchase', '* * * * *', 'time', 'NaN']),
    ('name', ARRAY['', 'chance_shop', 'chance_shop', 'chance_shop', 'taste', 'nothing', 'pg_catalog', '"; DROP TABLE taste.purchase', 'id', 'stock']),
    ('integer', '{0,1,-1,3,10,2147483647,-2147483648}'),
    ('bigint', '{0,1,-1,5,7,9223372036854775807,-9223372036854775808}'),
    ('double precision', '{0,-0,1,-1,0.5,0.95,NaN,Infinity,-Infinity,1.7e308,-1.7e308,1e-310}'),
    ('numeric', '{0,1,-1,0.001,NaN,Infinity,-Infinity,1e1000,-1e-1000}'),
    ('boolean', '{f,t}'),
    ('date', '{infinity,-infinity,2024-02-01,5874897-12-31,"4713-01-01 BC"}'),
    ('timestamptz', '{infinity,-infinity,2024-02-01,"294276-12-31 23:59:59.999999+00","4713-01-01 00:00:00+00 BC"}'),
    ('jsonb', ARRAY['null', '{}', '[]', '0', '""', '{"seed": -1}', '{"ratings": {"factors": 1e400}}', '{"purchases": []}', repeat('[', 500) || repeat(']', 500)]),
    ('bytea', ARRAY['', '\x00', '\x5245434f4d4f444c', '\x' || repeat('ff', 200), reco.export_model('both')::text, set_byte(reco.export_model('bought'), 900, 99)::text]),
    ('regclass', '{0,pg_class,taste.purchase,taste.watched,chance_shop.stock_level,chance_shop.dashboard,99}'),
    ('bigint[]', ARRAY['{}', '{NULL}', '{1,2}', '{1,1}', '{{1,2},{3,4}}', '[0:1]={1,2}', '{9223372036854775807}', '{-1}']),
    ('numeric[]', ARRAY['{}', '{NULL}', '{1,2}', '{NaN,1}', '{{1,2},{3,4}}', '[0:1]={1,2}', '{1e1000,1}', '{-1,0}']),
    ('double precision[]', ARRAY['{}', '{NULL}', '{1,2}', '{NaN,Infinity}', '{{1,2},{3,4}}', '{1.7e308,1.7e308}']),
    ('integer[]', ARRAY['{}', '{NULL}', '{1,2}', '{{1,2},{3,4}}', '{2147483647}']),
    ('text[]', ARRAY['{}', '{NULL}', '{a,b}', '{{a,b},{c,d}}']);

CREATE VIEW taste.function AS
SELECT p.oid::regprocedure AS function, p.prokind AS kind, p.proargtypes::oid[] AS types
FROM pg_proc p JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND e.oid = d.refobjid AND e.extname = 'reco'
WHERE p.prorettype <> 'trigger'::regtype;

-- demo_... make as many rows, of as many days, as they are told to.
CREATE FUNCTION taste.argument(type oid, what text, place bigint, try bigint) RETURNS text
STABLE
RETURN (SELECT CASE WHEN taste.chance(what || ' null', place, try) < 0.08 THEN 'NULL'
                    ELSE quote_literal(regexp_replace(choices[1 + floor(taste.chance(what, place, try) * cardinality(choices))::integer],
                                                      CASE WHEN what ~ 'demo_' THEN '^-?(2147483647|2147483648|9223372036854775807|9223372036854775808)$' ELSE '(?!)' END, '30')) END
               || '::' || format_type(v.type, NULL)
        FROM taste.value v WHERE v.type = argument.type);

-- What a call came to; all that it did is undone.
CREATE FUNCTION taste.outcome(call text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    odd text := 'fine';
BEGIN
    EXECUTE call INTO odd;
    RAISE EXCEPTION 'undo' USING ERRCODE = 'UN000';
EXCEPTION
    WHEN SQLSTATE 'UN000' THEN RETURN coalesce(odd, 'fine');
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;

SELECT is_empty($$SELECT function, format_type(t, NULL) FROM taste.function, unnest(types) t WHERE t NOT IN (SELECT type FROM taste.value)$$,
                'there is a choice of values for every argument of every function');
SELECT is_empty($$SELECT type FROM taste.value WHERE NOT EXISTS (SELECT FROM taste.function WHERE type = ANY (types))$$, 'and for no other');

-- Odd answers are NaN and infinity, though what was given may be given back.
CREATE TABLE taste.called AS
SELECT function, format(CASE WHEN kind = 'p' THEN 'CALL %s(%s)' ELSE
           'SELECT (SELECT ''answer '' || f::text FROM %s(%s) f WHERE f::text ~ ''(\mNaN\M|\mInfinity\M)'' AND %L !~ ''NaN|nfinity'' LIMIT 1)' END,
           function::oid::regproc, arguments, arguments) AS call, arguments, NULL::text AS outcome
FROM taste.function, generate_series(1, CASE WHEN cardinality(types) = 0 THEN 1 ELSE 12 END) try,
     LATERAL (SELECT coalesce(string_agg(taste.argument(t, function::text, place, try), ', ' ORDER BY place), '') AS arguments
              FROM unnest(types) WITH ORDINALITY u (t, place)) a;
SET LOCAL client_min_messages = error;
SET LOCAL statement_timeout = '60s';
UPDATE taste.called SET outcome = taste.outcome(call);
SET LOCAL statement_timeout = 0;
SET LOCAL client_min_messages = notice;

SELECT is((SELECT count(DISTINCT function) FROM taste.called WHERE outcome IS NOT NULL), (SELECT count(*) FROM taste.function), 'every function was called');
SELECT is_empty($$SELECT call, outcome FROM taste.called WHERE outcome ~ '^(XX|answer)' AND NOT (outcome ~ '^XX001' AND call ~ 'import_model') LIMIT 5$$,
                'and nothing came to an error of our own making, or to an answer that is no number');
SELECT cmp_ok((SELECT count(*) FROM taste.called WHERE outcome = 'fine'), '>', 100::bigint, 'many were answered');
SELECT cmp_ok((SELECT count(*) FROM taste.called WHERE outcome <> 'fine'), '>', 300::bigint, 'more were refused');

SELECT * FROM finish();
ROLLBACK;
