-- Objects that a caller puts in the way change nothing.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(20);

CREATE FUNCTION taste.answers() RETURNS text
STABLE
RETURN (SELECT md5(string_agg(a, ' ' ORDER BY a)) FROM (
    SELECT 'r' || r::text AS a FROM reco.recommend(1, 10, 'both') r
    UNION ALL SELECT 'a' || r::text FROM reco.recommend_all(3, 'bought') r
    UNION ALL SELECT 's' || s::text FROM reco.similar_products(1, 5, 'rated') s
    UNION ALL SELECT 'c' || s::text FROM reco.similar_clients(1, 5, 'both') s
    UNION ALL SELECT 'e' || e::text FROM reco.explain(1, 4, 5, 'both') e
    UNION ALL SELECT 'u' || u::text FROM reco.audience(1, 5, 'both') u
    UNION ALL SELECT 'p' || reco.predict(1, 4, 'both')::text
    UNION ALL SELECT 'm' || concat_ws(' ', name, version, rows_since) FROM reco.models) x);
SELECT taste.answers() AS before, taste.bits('both') AS bits \gset

-- A schema full of look-alikes: of the tables behind the models, of the engine's own tables, of the functions,
-- types and operators in their queries. Each of them lies or fails.
CREATE SCHEMA trap;
CREATE TABLE trap.purchase (client bigint, product integer, quantity numeric, bought_at timestamptz);
CREATE TABLE trap.rating (client bigint, product integer, stars integer, rated_at timestamptz);
CREATE TABLE trap.product (id integer, stock integer);
CREATE TABLE trap.model (LIKE reco.model);
CREATE TABLE trap.model_version (LIKE reco.model_version);
CREATE TABLE trap.model_array (LIKE reco.model_array);
CREATE DOMAIN trap.float8 AS text CHECK (value = 'never');
CREATE DOMAIN trap.int8 AS text CHECK (value = 'never');
CREATE DOMAIN trap.int4 AS text CHECK (value = 'never');
CREATE DOMAIN trap.timestamptz AS text CHECK (value = 'never');
CREATE DOMAIN trap.text AS integer CHECK (value = 0);
CREATE FUNCTION trap.caught() RETURNS boolean LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'caught'; END $$;
DO $$
DECLARE
    operator text;
    type text;
BEGIN
    FOREACH type IN ARRAY ARRAY['bigint', 'integer', 'text', 'uuid', 'oid', 'double precision', 'numeric', 'timestamp with time zone'] LOOP
        EXECUTE format('CREATE FUNCTION trap.lie(pg_catalog.%1$s, pg_catalog.%1$s) RETURNS boolean RETURN trap.caught()',
                       CASE type WHEN 'bigint' THEN 'int8' WHEN 'integer' THEN 'int4' WHEN 'double precision' THEN 'float8'
                                 WHEN 'timestamp with time zone' THEN 'timestamptz' ELSE type END);
        FOREACH operator IN ARRAY ARRAY['=', '<', '>', '<=', '>=', '<>', '-', '+'] LOOP
            EXECUTE format('CREATE OPERATOR trap.%s (LEFTARG = pg_catalog.%2$s, RIGHTARG = pg_catalog.%2$s, FUNCTION = trap.lie)', operator,
                           CASE type WHEN 'bigint' THEN 'int8' WHEN 'integer' THEN 'int4' WHEN 'double precision' THEN 'float8'
                                     WHEN 'timestamp with time zone' THEN 'timestamptz' ELSE type END);
        END LOOP;
    END LOOP;
END
$$;
CREATE FUNCTION trap.now() RETURNS pg_catalog.timestamptz RETURN pg_catalog.now() - pg_catalog.make_interval(secs => 1e9);
CREATE FUNCTION trap.count("any") RETURNS pg_catalog.int8 LANGUAGE internal AS 'int8inc';
CREATE FUNCTION trap.max(pg_catalog.int4) RETURNS pg_catalog.int4 RETURN (SELECT 1 WHERE trap.caught());
CREATE FUNCTION trap.pg_has_role(pg_catalog.oid, pg_catalog.text) RETURNS boolean RETURN true;
CREATE FUNCTION trap.clock_timestamp() RETURNS pg_catalog.timestamptz RETURN trap.now();

-- Runs a statement under another search_path; its first value.
CREATE FUNCTION taste.under(path text, statement text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    answer text;
BEGIN
    PERFORM pg_catalog.set_config('search_path', path, true);
    EXECUTE statement INTO answer;
    PERFORM pg_catalog.set_config('search_path', 'public', true);
    RETURN answer;
END
$$;
CREATE FUNCTION taste.in_trap(statement text) RETURNS text RETURN taste.under('trap, pg_catalog', statement);

SELECT throws_ok($$SELECT taste.in_trap('SELECT 1 = 1')$$, 'P0001', 'caught', 'the trap works');
SELECT throws_ok($$SELECT taste.in_trap('SELECT 1::float8')$$, '23514', NULL, 'for types as well');
SELECT is(taste.in_trap('SELECT taste.answers()'), :'before', 'with look-alikes first in the search_path, the answers are the same');
SELECT is(taste.in_trap($$SELECT version FROM reco.train('both')$$), '2', 'a model is trained');
SELECT is(taste.bits('both', 2), :'bits', 'on the same rows, to the same bits');
SELECT lives_ok($$SELECT taste.in_trap('SELECT reco.activate(''both'', 1)')$$, 'a version is activated');
SELECT lives_ok($$SELECT taste.in_trap('SELECT reco.create_model(''there'', purchases => ''SELECT client, product, quantity FROM taste.purchase'')')$$,
                'a model is made');
SELECT is(taste.in_trap($$SELECT active FROM reco.train('there')$$), 'true', 'and trained');
SELECT lives_ok($$SELECT taste.in_trap('SELECT reco.drop_model(''there'')')$$, 'and dropped');
SELECT is((SELECT count(*) FROM trap.model) + (SELECT count(*) FROM trap.model_version) + (SELECT count(*) FROM trap.model_array),
          0::bigint, 'nothing was written to the look-alikes');

-- a model made with look-alikes in sight means what its author saw, for ever

INSERT INTO trap.purchase SELECT * FROM taste.purchase WHERE client <= 60;
SET LOCAL search_path = trap, public;
SELECT reco.create_model('trapped', purchases => 'SELECT client, product, quantity FROM purchase') \gset
SET LOCAL search_path = public;
SELECT is((SELECT clients FROM reco.train('trapped')), 60::bigint, 'the tables of a query are those of its author''s search_path');
SET LOCAL search_path = taste, public;
SELECT reco.create_model('compared', purchases => 'SELECT client, product, quantity FROM purchase WHERE client = client AND quantity > 0') \gset
SET LOCAL search_path = public;
SELECT is(taste.in_trap($$SELECT clients FROM reco.train('compared')$$), '120', 'and so are the operators');
SELECT reco.create_model('operator', purchases =>
    'SELECT client, product, quantity FROM taste.purchase WHERE client OPERATOR(trap.=) 1') \gset
SELECT throws_ok($$SELECT reco.train('operator')$$, 'P0001', 'caught', 'and those that it names itself');

-- temporary look-alikes, which come first in any search_path

CREATE TEMP TABLE purchase (LIKE taste.purchase);
CREATE TEMP TABLE rating (LIKE taste.rating);
CREATE TEMP TABLE product (LIKE taste.product);
CREATE TEMP TABLE model (LIKE reco.model);
CREATE TEMP TABLE model_version (LIKE reco.model_version);
CREATE TEMP TABLE model_array (LIKE reco.model_array);
CREATE TEMP TABLE pg_class (LIKE pg_catalog.pg_class);
CREATE FUNCTION pg_temp.pg_has_role(oid, text) RETURNS boolean RETURN true;
SELECT reco.drop_model(m) FROM unnest(ARRAY['trapped', 'compared', 'operator']) m \g /dev/null
SELECT is(taste.answers(), :'before', 'with temporary look-alikes the answers are the same');
SELECT reco.train('both') \g /dev/null
SELECT is(taste.bits('both', 3), :'bits', 'and a training learns the same');
SELECT reco.activate('both', 1) \gset
SELECT is((SELECT count(*) FROM pg_temp.model_version), 0::bigint, 'and nothing was written to them');

-- the caller's own search_path

SELECT is(taste.under('', 'SELECT taste.answers()'), :'before', 'an empty search_path does no harm');
SET LOCAL search_path = taste, public;
SELECT reco.train('both') \g /dev/null
SELECT is(current_setting('search_path'), 'taste, public', 'the search_path is the caller''s again afterwards');
SELECT throws_ok($$SELECT reco.train('nothing')$$, '42704', NULL, 'an error');
SELECT is(current_setting('search_path'), 'taste, public', 'leaves it as it is, too');

SELECT * FROM finish();
ROLLBACK;
