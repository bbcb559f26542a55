-- The nightly run: every outcome is a row, and none harms what serves. Not in one transaction, since
-- retrain() commits; what the file makes it takes away again.
SET client_min_messages = warning;
DROP SCHEMA IF EXISTS taste CASCADE;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DELETE FROM reco.job_record;
\ir setup/tastes.sql
SELECT plan(80);

SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase') \g /dev/null
CREATE FUNCTION taste.last_run(field text, model_name text DEFAULT 'bought') RETURNS text
STABLE
RETURN (SELECT to_jsonb(r) ->> field FROM reco.job_run r WHERE r.model = model_name ORDER BY id DESC LIMIT 1);
CREATE FUNCTION taste.active(model_name text DEFAULT 'bought') RETURNS integer
STABLE
RETURN (SELECT version FROM reco.model_version WHERE model = model_name AND active);
CREATE FUNCTION taste.problem(model_name text DEFAULT 'bought') RETURNS text
STABLE
RETURN (SELECT problem FROM reco.health WHERE model = model_name);

-- a night as it should be

SELECT is(taste.problem(), 'never trained', 'a model that was never trained is a problem');
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'activated', 'the first run trains a version that serves');
SELECT is(taste.active(), 1, 'as it says');
SELECT is(taste.last_run('version'), '1', 'the row names the version');
SELECT is(taste.last_run('rows')::bigint, (SELECT count(*) FROM taste.purchase), 'and how many rows were read');
SELECT is(taste.last_run('ndcg_at_10')::double precision, (SELECT ndcg_at_10 FROM reco.model_version WHERE model = 'bought'), 'and the metric');
SELECT ok(taste.last_run('memory')::bigint BETWEEN 10000 AND 10000000, 'and the memory taken');
SELECT ok(taste.last_run('finished')::timestamptz > taste.last_run('started')::timestamptz, 'and when');
SELECT is(taste.problem(), NULL, 'all is well');
SELECT is((SELECT ok FROM reco.health WHERE model = 'bought'), true, 'in one column');

CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'unchanged', 'nothing new, no training');
SELECT is(taste.last_run('message'), 'version 1 learnt from the same rows', 'says why');
INSERT INTO taste.purchase SELECT * FROM taste.purchase WHERE client < 10;
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'unchanged', 'to buy once more what one has bought changes no model');
SELECT is((SELECT rows_since FROM reco.health WHERE model = 'bought'), (SELECT count(*) FROM taste.purchase WHERE client < 10) / 2,
          'but these are rows since');

INSERT INTO taste.purchase
SELECT c, p, 1, clock_timestamp() FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE c % 3 = p % 3 AND taste.chance('since', c, p) < 0.3;
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'activated', 'new rows, a new version');
SELECT is(taste.active(), 2, 'which serves');
SELECT ok(taste.last_run('fresh_rows')::bigint > 300, 'what came since was measured on the version that served');
SELECT ok(taste.last_run('fresh_ndcg_at_10')::double precision > 1.5 * taste.last_run('fresh_popular_ndcg_at_10')::double precision,
          'and shows that it was of use');
SELECT is(taste.last_run('drifted'), 'false', 'so it has not drifted');

-- a version that is worse

CREATE TABLE taste.whim AS
SELECT c AS client, p AS product, 1 AS quantity, timestamptz '2024-01-01' AS bought_at
FROM generate_series(1, 120) c, generate_series(1, 60) p WHERE taste.chance('whim', c, p) < 0.3;
INSERT INTO taste.purchase SELECT * FROM taste.whim;
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'kept', 'a version that is worse is kept, inactive');
SELECT matches(taste.last_run('message'), '^kept inactive: ndcg ', 'says why');
SELECT is(taste.active(), 2, 'the one before goes on serving');
SELECT is(taste.problem(), NULL, 'once is no problem');
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'unchanged', 'the same rows are not trained on again, serving or not');
DELETE FROM taste.purchase p USING taste.whim w WHERE p.client = w.client AND p.product = w.product AND p.bought_at = w.bought_at;

-- nights that fail

\set ON_ERROR_STOP off
ALTER TABLE taste.purchase RENAME TO elsewhere;
CALL reco.retrain('bought');
\set state :SQLSTATE
SELECT is(:'state'::text, '42P01', 'a table that is gone is an error');
SELECT is(taste.last_run('outcome'), 'failed', 'and a row');
SELECT is(taste.last_run('sqlstate'), '42P01', 'with the SQLSTATE');
SELECT is(taste.last_run('message'), 'relation "taste.purchase" does not exist', 'and the message');
SELECT is(taste.last_run('phase'), 'reading', 'and the phase');
SELECT is(taste.problem(), 'the last run failed: relation "taste.purchase" does not exist', 'which health repeats');
SELECT is(taste.active(), 2, 'what served goes on serving');
SELECT is((SELECT count(*) FROM pg_locks WHERE locktype = 'object' AND pid = pg_backend_pid()), 0::bigint, 'no lock is left');
ALTER TABLE taste.elsewhere RENAME TO purchase;
INSERT INTO taste.purchase VALUES (1, 59, 1, now());
SET statement_timeout = '5ms';
CALL reco.retrain('bought');
\set state :SQLSTATE
RESET statement_timeout;
SELECT is(:'state'::text, '57014', 'a statement_timeout ends the run');
SELECT is(taste.last_run('outcome'), 'failed', 'is recorded');
SELECT is(taste.last_run('sqlstate'), '57014', 'as what it is');
UPDATE taste.purchase SET quantity = 'NaN' WHERE client = 1 AND product = 59;
CALL reco.retrain('bought');
SELECT is(taste.last_run('sqlstate'), '22003', 'NaN in the rows fails the run');
UPDATE taste.purchase SET quantity = 1 WHERE client = 1 AND product = 59;
\set ON_ERROR_STOP on
CALL reco.retrain('bought');
SELECT isnt(taste.last_run('outcome'), 'failed', 'the next night works');
SELECT is(taste.problem(), NULL, 'and all is well again');

-- several models

SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM taste.purchase WHERE client > 10000') \g /dev/null
SELECT reco.create_model('broken', purchases => 'SELECT client, product, quantity FROM taste.whim') \g /dev/null
DROP TABLE taste.whim;
INSERT INTO taste.purchase VALUES (2, 58, 1, now());
\set ON_ERROR_STOP off
CALL reco.retrain();
\set state :SQLSTATE
\set message :LAST_ERROR_MESSAGE
\set ON_ERROR_STOP on
SELECT is(:'message'::text, '1 of 3 models failed', 'that one of several failed is an error at the end');
SELECT is(:'state'::text, '38000', 'with an SQLSTATE of its own');
SELECT is(taste.last_run('sqlstate', 'broken'), '42P01', 'the row says of what');
SELECT is(taste.last_run('outcome'), 'activated', 'the others are done');
SELECT is(taste.last_run('outcome', 'new'), 'skipped', 'a model without rows is not trained');
SELECT is(taste.last_run('message', 'new'), 'there is nothing to learn from yet', 'as it says');
SELECT is(taste.problem('new'), NULL, 'which is no problem while it is new');
SELECT is((SELECT array_agg(model ORDER BY model) FROM reco.health WHERE NOT ok), ARRAY['broken'], 'one line to alert on');
SELECT reco.drop_model('broken') \g /dev/null
SELECT is((SELECT count(*) FROM reco.job_run WHERE model = 'broken'), 1::bigint, 'rows outlive their model');
SELECT is((SELECT count(*) FROM reco.health WHERE model = 'broken'), 0::bigint, 'health tells of models there are');

-- inside a transaction: all of it the caller's

INSERT INTO taste.purchase VALUES (3, 1057, 1, now());
BEGIN;
SELECT count(*) AS runs, taste.active() AS version FROM reco.job_run \gset
CALL reco.retrain('bought');
SELECT is(taste.last_run('outcome'), 'activated', 'works in a transaction block');
ROLLBACK;
SELECT is((SELECT count(*) FROM reco.job_run), :runs::bigint, 'and is rolled back with it');
SELECT is(taste.active(), :version, 'version and all');
SELECT throws_ok($$CALL reco.retrain('no such model')$$, '42704', 'model "no such model" does not exist', 'errors are the caller''s there');
SELECT throws_ok($$SET LOCAL transaction_read_only = on; CALL reco.retrain('bought')$$, '25006',
                 'cannot execute reco.retrain() in a read-only transaction', 'read-only is refused before any work');

-- a run that was killed

INSERT INTO reco.job_record (model_id, model, owner, task, started, outcome, phase, pid)
SELECT id, name, owner, 'training', now(), 'running', 'fitting', 1 FROM reco.model WHERE name = 'bought';
SELECT is(taste.last_run('outcome'), 'lost', 'a run that nobody runs any more is lost');
SELECT is(taste.problem(), 'the last run was lost: the session ended before the run did', 'which is a problem');
CALL reco.retrain('bought');
SELECT is((SELECT array_agg(outcome ORDER BY id DESC) FILTER (WHERE outcome IN ('lost', 'running')) FROM reco.job_record), ARRAY['lost'],
          'the next run writes that down');
SELECT is(taste.problem(), NULL, 'and all is well again');

-- due runs

SELECT is((SELECT next_run FROM reco.health WHERE model = 'bought'), NULL, 'nobody said when runs are due');
SELECT reco.expect_run('0 0 29 2 *') AS due \gset
SELECT is((SELECT next_run FROM reco.health WHERE model = 'bought'), :'due'::timestamptz, 'until somebody does');
UPDATE reco.job_schedule SET schedule = '0 * * * *', noted_at = now() - interval '3 hours';
UPDATE reco.job_record SET started = started - interval '3 hours';
SELECT matches(taste.problem(), '^no run since one was due at ', 'a run that does not come is a problem');
SELECT is(reco.expect_run(NULL), NULL, 'no more runs');
SELECT is(taste.problem(), NULL, 'no more problem');
SELECT is((SELECT array_agg(to_char(reco.next_run(s, '2026-01-31 10:07:30+00') AT TIME ZONE 'GMT', 'YYYY-MM-DD HH24:MI') ORDER BY n)
           FROM unnest(ARRAY['* * * * *', '30 2 * * *', '@daily', '0 0 29 2 *', '*/15 1-3 * * mon-fri', '0 0 13 * 5',
                             '5,10 4,10 * * *', '0 12 * * 7', '0 0 1 jan *']) WITH ORDINALITY u(s, n)),
          ARRAY['2026-01-31 10:08', '2026-02-01 02:30', '2026-02-01 00:00', '2028-02-29 00:00', '2026-02-02 01:00', '2026-02-06 00:00',
                '2026-01-31 10:10', '2026-02-01 12:00', '2027-01-01 00:00'], 'schedules as of cron');
SELECT is((SELECT count(reco.next_run(s)) FROM unnest(ARRAY['', '5', '60 * * * *', '* * 31 2 *', '* * * * * *', 'a b c d e', '*/0 * * * *']) s),
          0::bigint, 'or none');
SELECT throws_ok($$SELECT reco.expect_run('half past two')$$, '22023', 'schedule "half past two" cannot be read', 'is refused');

-- who may, and who sees

CREATE ROLE reco_test_owner;
CREATE ROLE reco_test_stranger;
CREATE ROLE reco_test_watcher IN ROLE pg_monitor;
GRANT USAGE ON SCHEMA taste TO reco_test_owner;
GRANT SELECT ON taste.purchase TO reco_test_owner;
SET ROLE reco_test_owner;
SELECT reco.create_model('theirs', purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase') \g /dev/null
CALL reco.retrain();
SELECT is((SELECT array_agg(model || ' ' || outcome) FROM reco.job_run), ARRAY['theirs activated'], 'a role retrains its own models, and sees them only');
SELECT is((SELECT array_agg(model) FROM reco.health), ARRAY['theirs'], 'so it is with health');
SELECT isnt(reco.expect_run('* * * * *', 'theirs'), NULL, 'it notes when its runs are due');
SELECT throws_ok(statement, '42501', NULL, 'and cannot: ' || statement) FROM unnest(ARRAY[
    $$INSERT INTO reco.job_schedule VALUES ('reco_test_stranger', NULL, '* * * * *')$$,
    $$INSERT INTO reco.job_schedule VALUES (current_user::regrole, NULL, '* * * * *', '294276-12-31')$$,
    $$LOCK TABLE reco.job_schedule IN ROW EXCLUSIVE MODE$$]) statement;
RESET ROLE;
REVOKE SELECT ON taste.purchase FROM reco_test_owner;
INSERT INTO taste.purchase VALUES (4, 1057, 1, now());
SET ROLE reco_test_owner;
\set ON_ERROR_STOP off
CALL reco.retrain();
\set ON_ERROR_STOP on
SELECT is((SELECT sqlstate || ' ' || message FROM reco.job_run ORDER BY id DESC LIMIT 1), '42501 permission denied for table purchase',
          'rights that were lost fail the run');
SET ROLE reco_test_stranger;
SELECT throws_ok($$CALL reco.retrain('theirs')$$, '42501', 'must be owner of model "theirs"', 'nobody retrains the model of another');
SELECT is((SELECT count(*) FROM reco.job_run) + (SELECT count(*) FROM reco.health) + (SELECT count(*) FROM reco.job_schedule), 0::bigint,
          'nor sees anything of it');
SELECT throws_ok('SELECT FROM reco.job_record', '42501', NULL, 'what is behind the view is not for reading');
SET ROLE reco_test_watcher;
SELECT is((SELECT count(DISTINCT model) FROM reco.job_run WHERE model IN ('bought', 'theirs')), 2::bigint, 'a member of pg_monitor sees all runs');
SELECT is((SELECT array_agg(model) FROM reco.health WHERE NOT ok), ARRAY['theirs'], 'and what is wrong');
RESET ROLE;
GRANT SELECT ON taste.purchase TO reco_test_owner;
CALL reco.retrain();
SELECT is((SELECT problem FROM reco.health WHERE model = 'theirs'), NULL, 'with the rights back the next night works');

-- what is told of clients and products besides is part of what a version learns from
CREATE TABLE taste.kind AS SELECT p AS product, p % 3 AS kind FROM generate_series(1, 60) p;
SELECT reco.create_model('told', ratings => 'SELECT client, product, stars, kind AS product_kind FROM taste.rating JOIN taste.kind USING (product)',
                         options => '{"ratings": {"iterations": 20}}') \g /dev/null
CALL reco.retrain('told');
CALL reco.retrain('told');
SELECT is(taste.last_run('outcome', 'told'), 'unchanged', 'the same ratings and attributes are not trained on again');
UPDATE taste.kind SET kind = 0 WHERE product = 1;
CALL reco.retrain('told');
SELECT isnt(taste.last_run('outcome', 'told'), 'unchanged', 'another attribute is something new');

SELECT * FROM finish();
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DELETE FROM reco.job_record;
DROP SCHEMA taste CASCADE;
DELETE FROM reco.job_schedule;
DROP OWNED BY reco_test_owner, reco_test_stranger, reco_test_watcher;
DROP ROLE reco_test_owner, reco_test_stranger, reco_test_watcher;
