-- All sessions share one copy of what the active version learnt. Needs sessions of its own, so it commits, and
-- cleans up. The server's folder is looked at, and meddled with, by programs that the server runs.
\set ON_ERROR_STOP 1
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS taste CASCADE;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
\ir setup/tastes.sql
\ir setup/models.sql
SELECT reco.drop_model(m) FROM unnest('{rated,bought}'::text[]) m \g /dev/null

-- The shared copies of this database: their names.
CREATE FUNCTION taste.copies() RETURNS text[]
RETURN (SELECT coalesce(array_agg(f ORDER BY f), '{}') FROM pg_ls_dir('pg_stat_tmp') f, pg_database d
        WHERE d.datname = current_database() AND f LIKE 'reco.%.' || d.oid || '.%');
-- Of what version's uuid are they?
CREATE FUNCTION taste.copied_versions() RETURNS text[]
RETURN (SELECT array_agg(v.model || ' ' || v.version ORDER BY 1) FROM reco.model_version v
        WHERE EXISTS (SELECT FROM unnest(taste.copies()) f WHERE f LIKE '%' || replace(v.uuid::text, '-', '') || '%'));
-- Does this session have a shared copy mapped? As many times.
CREATE FUNCTION taste.mapped(deleted boolean DEFAULT false) RETURNS bigint
RETURN (SELECT count(*) FROM regexp_split_to_table(pg_read_file('/proc/self/maps'), '\n') l
        WHERE l LIKE '%pg_stat_tmp/reco.%' AND (l LIKE '%(deleted)') = deleted);
CREATE FUNCTION taste.answer() RETURNS text
STABLE
RETURN (SELECT md5(string_agg(r::text, ' ' ORDER BY c, rank)) FROM generate_series(1, 20) c, reco.recommend(c, 10, 'both') r);
-- How often this transaction has looked into the table of the arrays.
CREATE FUNCTION taste.reads() RETURNS bigint
RETURN (SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relid = 'reco.model_array'::regclass);
CREATE TABLE taste.result (what text PRIMARY KEY, text text, number bigint, list text[]);
-- Runs a program in the server's folder.
CREATE FUNCTION taste.run(program text) RETURNS void
LANGUAGE plpgsql
AS $$ BEGIN EXECUTE format('COPY (SELECT WHERE false) TO PROGRAM %L', 'exec >/dev/null 2>&1; cd pg_stat_tmp && { ' || program || '; }'); END $$;

-- a training makes the copy
\c
BEGIN;
INSERT INTO taste.result SELECT 'trained answer', taste.answer();
INSERT INTO taste.result SELECT 'trained', NULL, taste.reads(), taste.copied_versions();
COMMIT;
SELECT taste.run('rm -f reco.*');

-- where it is not there one session makes it, the next one takes it
\c
BEGIN;
INSERT INTO taste.result SELECT 'first answer', taste.answer();
INSERT INTO taste.result SELECT 'first', current_setting('data_directory'), taste.reads(), taste.copied_versions();
INSERT INTO taste.result SELECT 'first maps', NULL, taste.mapped();
COMMIT;
CREATE TEMP TABLE mode (octal text);
COPY mode FROM PROGRAM 'stat -c %a pg_stat_tmp/reco.* | sort -u';
INSERT INTO taste.result SELECT 'mode', octal FROM mode;
\c
BEGIN;
INSERT INTO taste.result SELECT 'second answer', taste.answer();
INSERT INTO taste.result SELECT 'second', NULL, taste.reads(), taste.copied_versions();
INSERT INTO taste.result SELECT 'second maps', NULL, taste.mapped();
COMMIT;

-- a new version takes its place, in a session that used the one before and for all others
SELECT version FROM reco.train('both') \gset
BEGIN;
INSERT INTO taste.result SELECT 'new answer', taste.answer();
INSERT INTO taste.result SELECT 'new', NULL, taste.mapped(true), taste.copied_versions();
COMMIT;

-- a training that is rolled back
BEGIN;
SELECT version FROM reco.train('both') \gset
SELECT taste.answer() AS uncommitted, taste.copied_versions() AS versions \gset
ROLLBACK;
INSERT INTO taste.result SELECT 'uncommitted', :'uncommitted', NULL, :'versions';
INSERT INTO taste.result SELECT 'rolled back', taste.answer(), NULL, taste.copied_versions();

-- files that are not what they should be; never changed in place, as others may have them mapped
SELECT taste.run('for f in reco.*; do head -c 5000 $f >$f.new; mv $f.new $f; done');
\c
INSERT INTO taste.result SELECT 'cut short', taste.answer(), taste.mapped(), taste.copies();
SELECT taste.run('for f in reco.*; do : >$f.new; mv $f.new $f; done');
\c
INSERT INTO taste.result SELECT 'empty', taste.answer(), taste.mapped(), taste.copies();
SELECT taste.run('for f in reco.*; do { head -c 100 $f; printf x; tail -c +102 $f; } >$f.new; mv $f.new $f; done');
\c
INSERT INTO taste.result SELECT 'one byte of its head', taste.answer(), taste.mapped(), taste.copies();
SELECT taste.run('for f in reco.*; do head -c 100000 /dev/urandom >$f.making; rm $f; done');
\c
INSERT INTO taste.result SELECT 'left by a maker that died', taste.answer(), taste.mapped(), taste.copies();
SELECT taste.run('for f in reco.*; do rm $f; mkdir $f; done');
\c
INSERT INTO taste.result SELECT 'a folder', taste.answer(), taste.mapped(), NULL;
SELECT taste.run('rmdir reco.*; rm -f reco.*');

-- a full disk, and no place at all
\c
SELECT taste.run('prlimit --pid $PPID --fsize=4096:4096');
SELECT taste.answer() AS answer, taste.mapped() AS mapped, taste.copies() AS copies \gset
\c
INSERT INTO taste.result SELECT 'a full disk', :'answer', :mapped, :'copies';
SELECT taste.run('cd .. && mv pg_stat_tmp pg_stat_tmp.away');
\c
SELECT taste.answer() AS answer, taste.mapped() AS mapped \gset
COPY (SELECT WHERE false) TO PROGRAM 'mv pg_stat_tmp.away pg_stat_tmp';
INSERT INTO taste.result SELECT 'no place', :'answer', :mapped, taste.copies();

-- many sessions miss it at once
\setenv RECO_TEST_DATABASE :DBNAME
\! for i in 1 2 3 4 5 6; do psql -X -q -d "$RECO_TEST_DATABASE" -c "INSERT INTO taste.result SELECT 'crowd $i', taste.answer(), taste.mapped()" & done; wait
INSERT INTO taste.result SELECT 'crowd', NULL, NULL, taste.copies();

-- a training by another session, while this one has the copy before it
\c
SELECT taste.answer() \g /dev/null
\! psql -X -q -d "$RECO_TEST_DATABASE" -c "SELECT reco.train('both')" -c "SELECT taste.answer()" >/dev/null
INSERT INTO taste.result SELECT 'by another, before', NULL, taste.mapped(true);
INSERT INTO taste.result SELECT 'by another, after', taste.answer(), taste.mapped(true);
-- and one of another model lets go what was swept away
\! psql -X -q -d "$RECO_TEST_DATABASE" -c "SELECT reco.train('both')" -c "SELECT taste.answer()" >/dev/null
SELECT reco.create_model('other', purchases => 'SELECT client, product, quantity FROM taste.purchase') \g /dev/null
SELECT version FROM reco.train('other') \gset
SELECT reco.score(1, 1, 'other') \g /dev/null
INSERT INTO taste.result SELECT 'another model', NULL, taste.mapped(true), taste.copied_versions();
SELECT reco.drop_model('both') \g /dev/null
SELECT version FROM reco.train('other') \gset
SELECT reco.score(1, 1, 'other') \g /dev/null
INSERT INTO taste.result SELECT 'dropped', NULL, NULL, taste.copied_versions();
-- of a database that is gone, of another layout, and of somebody else
SELECT taste.run('touch reco.1.4294967294.0123456789abcdef0123456789abcdef.1 reco.0.$(ls reco.* | cut -d . -f 3-) else.1');
SELECT version FROM reco.train('other') \gset
SELECT reco.score(1, 1, 'other') \g /dev/null
INSERT INTO taste.result SELECT 'strangers', NULL, count(*) FROM pg_ls_dir('pg_stat_tmp') f WHERE f LIKE 'reco.%.4294967294.%' OR f LIKE 'reco.0.%' OR f = 'else.1';
SELECT taste.run('rm else.1');
INSERT INTO taste.result SELECT 'dropped, files', NULL, cardinality(taste.copies());
-- the nightly run
INSERT INTO taste.purchase SELECT client + 100000, product, quantity FROM taste.purchase WHERE client <= 20;
\! psql -X -q -d "$RECO_TEST_DATABASE" -c "CALL reco.retrain('other')" >/dev/null
INSERT INTO taste.result SELECT 'night', (SELECT 'other ' || version FROM reco.model_version WHERE model = 'other' AND active), NULL, taste.copied_versions();

BEGIN;
SELECT plan(37);
SELECT is(list, '{both 1}', 'a training makes a copy of what serves') FROM taste.result WHERE what = 'trained';
SELECT is(number, 0::bigint, 'for which nobody has to wait') FROM taste.result WHERE what = 'trained';
SELECT is(list, '{both 1}', 'whoever asks first makes a copy, named by the version') FROM taste.result WHERE what = 'first';
SELECT is(number, 1::bigint, 'and uses it') FROM taste.result WHERE what = 'first maps';
SELECT cmp_ok(number, '>', 0::bigint, 'made from the table of the arrays') FROM taste.result WHERE what = 'first';
SELECT is(text, '600', 'nobody else may read it') FROM taste.result WHERE what = 'mode';
SELECT is(number, 0::bigint, 'the next session does not read the arrays') FROM taste.result WHERE what = 'second';
SELECT is(number, 1::bigint, 'but uses the same copy') FROM taste.result WHERE what = 'second maps';
SELECT is(max(r.text), max(f.text), 'and gives the same lists: ' || what)
FROM taste.result r, (SELECT text FROM taste.result WHERE what = 'first answer') f
WHERE what IN ('trained answer', 'second answer', 'new answer', 'uncommitted', 'rolled back', 'cut short', 'empty', 'one byte of its head',
               'left by a maker that died', 'a folder', 'a full disk', 'no place', 'by another, after')
GROUP BY what ORDER BY what;
SELECT is(list, '{both 2}', 'a new version has a copy of its own, the one before it is swept away') FROM taste.result WHERE what = 'new';
SELECT is(number, 0::bigint, 'and let go') FROM taste.result WHERE what = 'new';
SELECT ok('both 3' = ANY (list), 'a training that is not committed serves its own session') FROM taste.result WHERE what = 'uncommitted';
SELECT is(list, '{both 2}', 'rolled back, its copy is swept away') FROM taste.result WHERE what = 'rolled back';
SELECT taste.none($$SELECT * FROM taste.result WHERE (number, cardinality(list)) IS DISTINCT FROM (1, 1)
                    AND what IN ('cut short', 'empty', 'one byte of its head', 'left by a maker that died')$$,
                  'a file that is not whole is made anew');
SELECT taste.none($$SELECT * FROM taste.result WHERE (number, cardinality(coalesce(list, '{}'))) IS DISTINCT FROM (0, 0)
                    AND what IN ('a folder', 'a full disk', 'no place')$$,
                  'where none can be made a session has a copy of its own');
SELECT taste.none($$SELECT * FROM taste.result WHERE what LIKE 'crowd _' AND (number <> 1 OR text <> (SELECT text FROM taste.result WHERE what = 'first answer'))$$,
                  'many that miss it at once all get it');
SELECT is(count(*), 6::bigint, 'all of them') FROM taste.result WHERE what LIKE 'crowd _';
SELECT is(cardinality(list), 1, 'one') FROM taste.result WHERE what = 'crowd';
SELECT is((SELECT number FROM taste.result WHERE what = 'by another, before'), 1::bigint, 'a session keeps what it used');
SELECT is((SELECT number FROM taste.result WHERE what = 'by another, after'), 0::bigint, 'until it asks again');
SELECT is((SELECT number FROM taste.result WHERE what = 'another model'), 0::bigint, 'be it of another model');
SELECT is((SELECT list FROM taste.result WHERE what = 'dropped'), '{"other 2"}', 'of a dropped model nothing is left');
SELECT is((SELECT number FROM taste.result WHERE what = 'dropped, files'), 1::bigint, 'no file either');
SELECT is(list, ARRAY[text], 'after a nightly run nobody waits for the copy') FROM taste.result WHERE what = 'night';
SELECT is((SELECT number FROM taste.result WHERE what = 'strangers'), 1::bigint, 'nor what databases left that are gone; what is not ours is not touched');
SELECT * FROM finish();
ROLLBACK;

SET client_min_messages = warning;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DROP SCHEMA taste CASCADE;
