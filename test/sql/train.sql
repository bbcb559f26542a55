-- train(): what it refuses, and in which words.
CREATE SCHEMA test_train;
SET search_path = test_train;
CREATE TABLE sold (client bigint, product integer, quantity float8);
SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('rated', ratings => 'SELECT client, product, quantity FROM sold');
SELECT reco.create_model('both', ratings => 'SELECT client, product, quantity FROM sold WHERE product < 0', purchases => 'SELECT client, product, quantity FROM sold');
\pset tuples_only on
\set SHOW_CONTEXT never

-- which model?
SELECT reco.train('nothing');
SELECT reco.train('');
SELECT reco.train();
SELECT reco.train(NULL);
SET reco.default_model = 'something';
SELECT reco.train();
RESET reco.default_model;

-- nothing to learn from
SELECT reco.train('bought');
INSERT INTO sold VALUES (NULL, 1, 1), (1, NULL, 1), (1, 1, NULL), (NULL, NULL, NULL);
SELECT reco.train('bought');
SELECT reco.train('rated');
SELECT reco.train('both');
INSERT INTO sold VALUES (1, 1, 2), (1, 1, -2);
SELECT reco.train('bought');
TRUNCATE sold;
INSERT INTO sold VALUES (1, 1, -2);
SELECT reco.train('bought');

-- not a number
INSERT INTO sold VALUES (1, 2, 'NaN'), (1, 3, 'Infinity'), (2, 4, '-Infinity'), (NULL, 4, 'NaN'), (2, 5, 3);
SELECT reco.train('bought');
SELECT reco.train('rated');
SELECT reco.train('both');
SELECT reco.create_model('numeric', ratings => 'SELECT 1, 2, ''NaN''::numeric');
SELECT reco.train('numeric');
SELECT reco.create_model('too great', ratings => 'SELECT 1, 2, 1e400');
\set VERBOSITY sqlstate
SELECT reco.train('too great');
\set VERBOSITY default

-- tables that have changed
TRUNCATE sold;
INSERT INTO sold SELECT c, p, 1 FROM generate_series(1, 40) c, generate_series(1, 40) p WHERE c % 4 = p % 4;
ALTER TABLE sold ALTER product TYPE text;
SELECT reco.train('bought');
\set VERBOSITY sqlstate
ALTER TABLE sold DROP product;
SELECT reco.train('bought');
DROP TABLE sold;
SELECT reco.train('bought');
\set VERBOSITY default
CREATE TABLE sold (client smallint, product bigint, quantity integer);
SELECT reco.train('bought');
INSERT INTO sold SELECT c, p, 1 FROM generate_series(1, 40) c, generate_series(1, 40) p WHERE c % 4 = p % 4;
SELECT version, clients, products, purchases, active FROM reco.train('bought');

-- memory: as much as it says, and the knob
\set VERBOSITY terse
SET reco.max_memory = '1MB';
SELECT reco.create_model('wide', purchases => 'SELECT client, product, quantity FROM sold', options => '{"purchases": {"factors": 512}}');
SELECT reco.create_model('long', purchases => 'SELECT c, p, 1 FROM generate_series(1, 1000000) c, generate_series(1, 1000) p');
SELECT reco.train('wide');
SELECT reco.train('long');
\set VERBOSITY default
DO $$
DECLARE
    message text;
    detail text;
    hint text;
    name text;
BEGIN
    FOREACH name IN ARRAY ARRAY['wide', 'long'] LOOP
        BEGIN
            PERFORM reco.train(name);
        EXCEPTION
            WHEN configuration_limit_exceeded THEN
                GET STACKED DIAGNOSTICS message = MESSAGE_TEXT, detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
                -- how much is needed depends on the cores of the machine
                RAISE NOTICE E'%\n%\n%', message, regexp_replace(detail, '\d{4,} kB are', 'N kB are'), hint;
        END;
    END LOOP;
END
$$;
RESET reco.max_memory;

-- only by its owner
CREATE ROLE test_train_other;
GRANT USAGE ON SCHEMA test_train TO test_train_other;
GRANT SELECT ON sold TO test_train_other;
SET ROLE test_train_other;
SELECT reco.train('bought');
SELECT reco.activate('bought', 1);
SELECT reco.rollback('bought');
SELECT reco.drop_model('bought');
SELECT reco.train('nothing');
RESET ROLE;

-- where something can be written
BEGIN READ ONLY;
SELECT reco.train('bought');
ROLLBACK;

-- what was refused left no version
SELECT model, version FROM reco.model_version;

SELECT count(reco.drop_model(name)) FROM reco.model;
SET client_min_messages = warning;
DROP SCHEMA test_train CASCADE;
DROP ROLE test_train_other;
