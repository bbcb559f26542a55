-- What serving and training do to the server process. Needs sessions of its own, so it commits, and cleans up.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS taste CASCADE;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
\ir setup/tastes.sql
\ir setup/models.sql
SELECT reco.create_model('long', purchases => 'SELECT client, product, quantity FROM taste.purchase',
    ratings => 'SELECT client, product, stars FROM taste.rating',
    options => '{"purchases": {"factors": 512, "iterations": 100}, "ratings": {"factors": 512, "iterations": 100}}') \gset
SELECT reco.create_model('long_rated', ratings => 'SELECT client, product, stars FROM taste.rating',
    options => '{"ratings": {"factors": 512, "iterations": 100}}') \gset
SELECT reco.create_model('long_svd', ratings => 'SELECT client, product, stars FROM taste.rating',
    options => '{"ratings": {"method": "svd", "factors": 512, "iterations": 100}}') \gset
SELECT reco.create_model('long_read', purchases =>
    'SELECT c, p, 1 FROM generate_series(1, 1000000) c, generate_series(1, 1000) p') \gset
SELECT reco.create_model('asleep', purchases =>
    'SELECT client, product, quantity FROM taste.purchase, pg_sleep(30)') \gset

-- a backend that serves

\c
SET client_min_messages = warning;
BEGIN;
SELECT plan(37);
CREATE FUNCTION pg_temp.threads() RETURNS integer
RETURN (regexp_match(pg_read_file('/proc/self/status'), 'Threads:\s+(\d+)'))[1]::integer;
SELECT count(*) FROM reco.recommend(1, 10, 'both') \g /dev/null
SELECT count(*) FROM reco.recommend_all(10, 'both') \g /dev/null
SELECT count(*) FROM reco.similar_products(1, 10, 'rated') \g /dev/null
SELECT count(*) FROM reco.similar_clients(1, 10, 'both') \g /dev/null
SELECT count(*) FROM reco.explain(1, 4, 10, 'both') \g /dev/null
SELECT count(*) FROM reco.audience(1, 10, 'both') \g /dev/null
SELECT reco.predict(1, 4, 'both') \g /dev/null
SELECT matches(pg_read_file('/proc/self/maps'), '/reco\.so\n', 'a backend that serves has loaded reco.so');
SELECT doesnt_match(pg_read_file('/proc/self/maps'), '/reco_train\.so', 'not the trainer');
SELECT doesnt_match(pg_read_file('/proc/self/maps'), 'blas', 'and not OpenBLAS');
SELECT is(pg_temp.threads(), 1, 'it has one thread');

-- a backend that trains

SELECT active FROM reco.train('both') \gset
SELECT matches(pg_read_file('/proc/self/maps'), '/reco_train\.so', 'a backend that trains has loaded the trainer');
SELECT matches(pg_read_file('/proc/self/maps'), 'blas', 'and OpenBLAS');
SELECT is(pg_temp.threads(), 1, 'and no thread is left of the training');
CREATE FUNCTION pg_temp.niceness() RETURNS integer
RETURN split_part(regexp_replace(pg_read_file('/proc/self/stat'), '^.*\) ', ''), ' ', 17)::integer;
SELECT pg_temp.niceness() AS before \gset
SET LOCAL reco.nice = 19;
SELECT active FROM reco.train('both') \gset
SELECT is(pg_temp.niceness(), :before, 'a training that gives way leaves the backend what it was');
SELECT is(taste.bits('both', 3), taste.bits('both', 2), 'and learns the same');
RESET reco.nice;

-- a training that is cancelled

CREATE TEMP TABLE before AS SELECT m.name, m.last_version, count(v.version) AS versions
FROM reco.model m LEFT JOIN reco.model_version v ON v.model = m.name GROUP BY 1, 2;
CREATE TEMP TABLE arrays AS SELECT count(*) FROM reco.model_array;
SET LOCAL statement_timeout = '300ms';
SET LOCAL reco.max_parallel_workers = 0;
SELECT taste.cancelled_after($$SELECT reco.train('long')$$) AS alone \gset
SELECT taste.cancelled_after($$SELECT reco.train('long_rated')$$) AS alone_rated \gset
SELECT taste.cancelled_after($$SELECT reco.train('long_svd')$$) AS alone_svd \gset
SET LOCAL reco.max_parallel_workers = 8;
SELECT taste.cancelled_after($$SELECT reco.train('long_svd')$$) AS threads_svd \gset
SELECT taste.cancelled_after($$SELECT reco.train('long')$$) AS threads \gset
SELECT taste.cancelled_after($$SELECT reco.train('long_rated')$$) AS threads_rated \gset
SELECT taste.cancelled_after($$SELECT reco.train('long_read')$$) AS read \gset
SELECT taste.cancelled_after($$SELECT reco.train('asleep')$$) AS asleep \gset
SET LOCAL statement_timeout = 0;
SELECT cmp_ok(seconds, '<', 0.8::double precision, 'a timeout of 0.3 s ends a training within half a second more: ' || what)
FROM (VALUES ('purchases, by the backend alone', :'alone'::double precision), ('ratings, by the backend alone', :'alone_rated'),
             ('ratings by svd, by the backend alone', :'alone_svd'), ('ratings by svd, by threads', :'threads_svd'),
             ('purchases, by threads', :'threads'), ('ratings, by threads', :'threads_rated'),
             ('while it reads', :'read'), ('while its query sleeps', :'asleep')) v (what, seconds);
SELECT is(pg_temp.threads(), 1, 'no thread is left of it');
SELECT results_eq('SELECT m.name, m.last_version, count(v.version) FROM reco.model m LEFT JOIN reco.model_version v ON v.model = m.name GROUP BY 1, 2 ORDER BY 1',
                  'SELECT * FROM before ORDER BY 1', 'no version');
SELECT results_eq('SELECT count(*) FROM reco.model_array', 'TABLE arrays', 'and no array');
SELECT is((SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'reco training%'), 0::bigint, 'and no memory');
SELECT is(taste.bits('both', 3), taste.bits('both', 2), 'what was trained before is whole');
SELECT is(version, 4, 'the next training works') FROM reco.train('both');
SELECT is(taste.bits('both', 4), taste.bits('both', 3), 'to the same bits');
COMMIT;

-- a training whose backend is terminated

\setenv RECO_TEST_DATABASE :DBNAME
\! (psql -X -q -d "$RECO_TEST_DATABASE" -c "SET statement_timeout = '10s'" -c "SELECT reco.train('long')" >/dev/null 2>&1 &)
CREATE FUNCTION pg_temp.training_pid() RETURNS integer
LANGUAGE plpgsql
AS $$
DECLARE
    training integer;
BEGIN
    FOR i IN 1 .. 500 LOOP
        SELECT pid INTO training FROM pg_locks
        WHERE locktype = 'object' AND classid = 'reco.model'::regclass AND mode = 'ExclusiveLock' AND granted;
        EXIT WHEN FOUND;
        PERFORM pg_sleep(0.01);
    END LOOP;
    PERFORM pg_sleep(0.3);
    RETURN training;
END
$$;
SELECT pg_temp.training_pid() AS pid \gset
SELECT isnt(:'pid'::text, '', 'a training in another session is seen in pg_locks');
SELECT ok(pg_terminate_backend(:pid, 2000), 'it is terminated within two seconds');
SELECT is((SELECT count(*) FROM reco.model_version WHERE model = 'long'), 0::bigint, 'and leaves no version');

-- memory is refused before it is taken

BEGIN;
SET LOCAL reco.max_memory = '1MB';
SELECT throws_ok($$SELECT reco.train('long')$$, '53400', 'not enough memory allowed by reco.max_memory', 'a training above reco.max_memory is refused');
SELECT throws_ok($$SELECT reco.train('long_read')$$, '53400', 'not enough memory allowed by reco.max_memory', 'as soon as its rows are too many');
SELECT lives_ok($$SELECT * FROM reco.recommend(1, 10, 'both')$$, 'while lists are served');
SELECT is((SELECT count(*) FROM reco.recommend_all(10, 'both')), 1200::bigint, 'for all, as far as that has room');
RESET reco.max_memory;
SELECT is(version, 5, 'with room for it, a training goes on') FROM reco.train('both');

-- what is kept in memory does not grow

CREATE FUNCTION pg_temp.growth_of(work text, times integer) RETURNS bigint
LANGUAGE plpgsql
AS $$
DECLARE
    before bigint;
BEGIN
    FOR i IN 1 .. 2 * times LOOP
        IF i = times THEN
            SELECT sum(total_bytes) INTO before FROM pg_backend_memory_contexts;
        END IF;
        BEGIN
            EXECUTE work;
        EXCEPTION
            WHEN undefined_object THEN NULL;
        END;
    END LOOP;
    RETURN (SELECT sum(total_bytes) FROM pg_backend_memory_contexts) - before;
END
$$;
SELECT cmp_ok(pg_temp.growth_of($$SELECT FROM reco.recommend(1, 10, 'both')$$, 1000), '<', 100000::bigint,
              'lists leave nothing in memory');
SELECT cmp_ok(pg_temp.growth_of($$SELECT FROM reco.recommend(1, 10, 'nothing')$$, 1000), '<', 100000::bigint,
              'nor do errors');
SELECT cmp_ok(pg_temp.growth_of($$SELECT reco.train('both'), reco.score(1, 4, 'both')$$, 4), '<', 250000::bigint,
              'a version is forgotten when the next one serves');
DO $$
BEGIN
    FOR i IN 1 .. 60 LOOP
        PERFORM reco.create_model('brief', options => '{"purchases": {"factors": 1, "iterations": 1}}',
            purchases => 'SELECT client, product, quantity FROM taste.purchase WHERE client <= 20');
        PERFORM reco.train('brief');
        PERFORM reco.score(1, 4, 'brief');
        PERFORM reco.drop_model('brief');
    END LOOP;
END
$$;
SELECT cmp_ok((SELECT count(*) FROM pg_backend_memory_contexts WHERE name LIKE 'reco model%'), '<', 30::bigint,
              'of models dropped, or not used for long, no image is kept');
SELECT cmp_ok((SELECT count(*) FROM pg_backend_memory_contexts WHERE name = 'CachedPlanSource'), '<', 180::bigint,
              'and no plan');

SELECT * FROM finish();
ROLLBACK;

SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DROP SCHEMA taste CASCADE;
