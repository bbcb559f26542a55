-- Whoever may create in a database may install the extension, and gets no more rights by it than others.
BEGIN;
SET LOCAL client_min_messages = warning;
DROP EXTENSION reco CASCADE;
DROP SCHEMA reco CASCADE;
SELECT plan(32);
CREATE ROLE install_owner;
CREATE ROLE install_other;
CREATE FUNCTION pg_temp.create_on(role name, granted boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format('%s CREATE ON DATABASE %I %s %I', CASE WHEN granted THEN 'GRANT' ELSE 'REVOKE' END, current_database(),
                   CASE WHEN granted THEN 'TO' ELSE 'FROM' END, role);
END
$$;

-- who may

SET ROLE install_owner;
SELECT throws_ok('CREATE EXTENSION reco', '42501', NULL, 'it takes the right to create in the database');
RESET ROLE;
SELECT pg_temp.create_on('install_owner', true), pg_temp.create_on('install_other', true) \g /dev/null

-- a schema that was there before

CREATE SCHEMA reco AUTHORIZATION install_other;
SAVEPOINT prepared;
SET ROLE install_other;
CREATE FUNCTION reco.refit_forecasts(name, boolean) RETURNS integer LANGUAGE sql AS 'SELECT 1';
RESET ROLE;
SELECT throws_ok('CREATE EXTENSION reco', '42P06', NULL, 'a function in it could be called in place of another');
ROLLBACK TO prepared;
SET ROLE install_other;
CREATE TABLE reco.model ();
RESET ROLE;
SELECT throws_ok('CREATE EXTENSION reco', '42P06', NULL, 'so could a table');
ROLLBACK TO prepared;
GRANT CREATE ON SCHEMA reco TO install_owner;
SELECT throws_ok('CREATE EXTENSION reco', '42P06', NULL, 'or one that others may make later');
ROLLBACK TO prepared;
SET ROLE install_owner;
SELECT lives_ok('CREATE EXTENSION reco', 'an empty one will do');
RESET ROLE;
SELECT throws_ok(format('SET LOCAL ROLE %I; CREATE TABLE reco.mine ()', r), '42501', NULL, r || ' may add nothing to it then')
FROM unnest('{install_owner,install_other}'::name[]) r;
ROLLBACK TO prepared;
DROP SCHEMA reco;

-- what whoever installed it has

SET ROLE install_owner;
SELECT lives_ok('CREATE EXTENSION reco', 'whoever may create in the database installs it');
SELECT is(extowner::regrole::text, 'install_owner', 'and owns it') FROM pg_extension WHERE extname = 'reco';
SELECT is_empty(
    $$SELECT pg_describe_object(d.classid, d.objid, 0) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'reco'
      LEFT JOIN pg_class c ON d.classid = 'pg_class'::regclass AND c.oid = d.objid
      LEFT JOIN pg_proc p ON d.classid = 'pg_proc'::regclass AND p.oid = d.objid
      WHERE d.deptype = 'e' AND coalesce(c.relowner, p.proowner) = 'install_owner'::regrole$$,
    'but none of what belongs to it');
SELECT isnt(nspowner::regrole::text, 'install_owner', 'nor the schema') FROM pg_namespace WHERE nspname = 'reco';
SELECT throws_ok(statement, '42501', NULL, 'cannot: ' || statement) FROM unnest(ARRAY[
    'CREATE FUNCTION reco.sell(text) RETURNS integer RETURN 1',
    'SELECT FROM reco.model_array',
    'INSERT INTO reco.model (name, owner, ratings, options, has_surplus) VALUES (''x'', ''postgres'', ''SELECT'', ''{}'', false)',
    'ALTER TABLE reco.model ADD x integer',
    'CREATE TRIGGER t BEFORE INSERT ON reco.model FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()',
    'DROP TABLE reco.model CASCADE',
    'ALTER FUNCTION reco.train(text) OWNER TO install_other',
    'ALTER EXTENSION reco DROP TABLE reco.model',
    'ALTER SCHEMA reco RENAME TO mine',
    'DROP SCHEMA reco CASCADE',
    'SET reco.max_memory = ''1GB''']) statement;

-- and works with it

CREATE SCHEMA installed;
CREATE TABLE installed.bought AS SELECT c, p FROM generate_series(1, 60) c, generate_series(1, 30) p WHERE (c + p) % 3 = 0 AND c * p % 7 < 5;
SELECT lives_ok($$SELECT reco.create_model('mine', purchases => 'SELECT c, p, 1 FROM installed.bought')$$, 'makes a model');
SELECT lives_ok($$SELECT reco.train('mine'), reco.activate('mine', 1)$$, 'trains it');
SELECT is((SELECT count(*) FROM reco.recommend(1, 5, 'mine')), 5::bigint, 'is recommended something');
SELECT lives_ok($$SELECT reco.create_shop('own_shop')$$, 'and opens a shop');
SET ROLE install_other;
SELECT is((SELECT count(*) FROM reco.model), 0::bigint, 'another role sees nothing of it');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 5, 'mine')$$, '42501', NULL, 'nor is told anything');
SELECT lives_ok($$SELECT reco.create_shop('others')$$, 'and may open a shop of its own');
SET ROLE install_owner;
SELECT throws_ok('SELECT FROM others.client', '42501', NULL, 'of which whoever installed it sees nothing');
SELECT throws_ok('DROP EXTENSION reco', '2BP01', NULL, 'the extension stands under shops');
SELECT lives_ok('DROP EXTENSION reco CASCADE', 'and is dropped by its owner');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
