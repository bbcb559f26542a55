-- jobs/*.sql, and pg_cron's own launcher running the nightly run as an unprivileged role, for real: its
-- shortest schedule is a minute, so this takes as long. The models are in another database, as they should be.
SET client_min_messages = warning;
SELECT plan(31);


CREATE DATABASE reco_nights;
CREATE ROLE reco_test_merchant LOGIN;
\setenv SETUP 'CREATE EXTENSION reco; CREATE SCHEMA AUTHORIZATION reco_test_merchant; SET ROLE reco_test_merchant; CREATE TABLE bought AS SELECT c AS client, p AS product, 1 AS quantity FROM generate_series(1, 60) c, generate_series(1, 30) p WHERE c % 3 = p % 3 AND (c * 7 + p * 11) % 5 < 3; SELECT reco.create_model(name, purchases => \'SELECT client, product, quantity FROM bought\') FROM unnest(ARRAY[\'one\', \'two\']) name;'
\set ready `psql -XAtq -v ON_ERROR_STOP=1 -d reco_nights -c "$SETUP" && echo yes || echo no`
SELECT matches(:'ready'::text, 'yes$', 'a database with two models of a role');

-- scheduling

\set out `psql -X -d postgres -v target_db=reco_nights -v role=reco_test_merchant -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'status 0', 'schedule.sql schedules a run');
SELECT matches(:'out'::text, 'reco retrain reco_nights .* 30 2 \* \* \* GMT .* reco_test_merchant .* CALL reco.retrain\(\)', 'and says which');
SELECT matches(:'out'::text, 'next run\s+-+\s+\d{4}-\d\d-\d\d 02:30:00', 'and when it is due');
SELECT is((SELECT array_agg(concat_ws('|', jobname, schedule, command, database, username, active)) FROM cron.job WHERE database = 'reco_nights'),
          ARRAY['reco retrain reco_nights|30 2 * * *|CALL reco.retrain()|reco_nights|reco_test_merchant|t'], 'pg_cron has it');
\set out `psql -XAtq -d reco_nights -U reco_test_merchant -c 'SELECT role, model IS NULL, schedule FROM reco.job_schedule'`
SELECT is(:'out'::text, 'reco_test_merchant|t|30 2 * * *', 'reco expects it');
\set out `psql -X -d postgres -v target_db=reco_nights -v role=reco_test_merchant -v schedule='* * * * *' -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'status 0', 'once more with another schedule');
SELECT is((SELECT array_agg(schedule) FROM cron.job WHERE database = 'reco_nights'), ARRAY['* * * * *'], 'changes the job');
\set out `psql -X -d postgres -v target_db=reco_nights -v role=reco_test_merchant -v model=two -v schedule='@daily' -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'CALL reco.retrain\(''two''\)', 'one model has a job of its own');

-- what would fail every night fails at once

\set out `psql -X -d postgres -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'variable target_db is missing.*status 3', 'without a database there is nothing to schedule');
\set out `for job in schedule unschedule; do psql -X -d reco_nights -v target_db=reco_nights -f jobs/$job.sql 2>&1; echo "status $?"; done`
SELECT matches(:'out'::text, '(ERROR: +database reco_nights has no extension pg_cron\s+HINT: .*cron.database_name.*status 3.*){2}', 'nor from where there is no pg_cron');
\set out `psql -X -d postgres -v target_db=postgres -v role=reco_test_merchant -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'database postgres has no extension reco.*status 3', 'nor where there is no reco');
\set out `psql -X -d postgres -v target_db=reco_nights -v role=reco_test_merchant -v model=three -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'may train no model three.*status 3', 'nor for a model that there is not');
\set out `psql -X -d postgres -v target_db=reco_nights -v role=reco_test_merchant -v schedule='when it rains' -f jobs/schedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'invalid schedule: when it rains.*status 3', 'nor for a schedule that is none');
SELECT is((SELECT count(*) FROM cron.job WHERE database = 'reco_nights'), 2::bigint, 'the jobs are as before');

-- the launcher

CREATE FUNCTION pg_temp.wait_for_run(which text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    result text;
BEGIN
    FOR i IN 1 .. 750 LOOP
        SELECT d.status INTO result FROM cron.job_run_details d JOIN cron.job j USING (jobid)
        WHERE j.jobname = which AND d.status IN ('succeeded', 'failed');
        EXIT WHEN FOUND;
        PERFORM pg_sleep(0.1);
    END LOOP;
    RETURN result;
END
$$;
SELECT is(pg_temp.wait_for_run('reco retrain reco_nights'), 'succeeded', 'within a minute the launcher has run it');
SELECT is((SELECT array_agg(concat_ws('|', command, username, return_message)) FROM cron.job_run_details WHERE database = 'reco_nights'),
          ARRAY['CALL reco.retrain()|reco_test_merchant|CALL'], 'as the role, by one CALL');
\set out `psql -XAtq -d reco_nights -c "SELECT string_agg(model || ' ' || outcome || ' ' || version, ', ' ORDER BY model) FROM reco.job_run"`
SELECT is(:'out'::text, 'one activated 1, two activated 1', 'both models have a version that serves');
\set out `psql -XAtq -d reco_nights -c "SELECT count(*), bool_and(next_run > now()) FROM reco.health WHERE ok"`
SELECT is(:'out'::text, '2|t', 'health is content and knows the next run');

-- and as a command

\set out `psql -X -d reco_nights -U reco_test_merchant -v model=one -f jobs/retrain.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'one\s+\| training \| unchanged .* version 1 learnt from the same rows.*status 0', 'retrain.sql says what became of it');
\set out `psql -X -d reco_nights -U reco_test_merchant -f jobs/retrain.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'one .*status 0', 'of all models as well');
\set out `psql -XAtq -d reco_nights -c 'ALTER TABLE reco_test_merchant.bought RENAME TO sold'`
\set out `psql -X -d reco_nights -U reco_test_merchant -f jobs/retrain.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, '2 of 2 models failed.*failed.*relation "reco_test_merchant.bought" does not exist.*status 3', 'and fails when one fails');
\set out `grep -o 'psql -X -q .*' jobs/retrain.sql | sed 's/demo/reco_nights -U reco_test_merchant/' | sh 2>&1; echo "status $?"`
SELECT matches(:'out'::text, '2 of 2 models failed.*status 1', 'the line for cron fails when a model does');
\set out `psql -XAtq -d reco_nights -c 'ALTER TABLE reco_test_merchant.sold RENAME TO bought'`
\set out `grep -o 'psql -X -q .*' jobs/retrain.sql | sed 's/demo/reco_nights -U reco_test_merchant/' | sh 2>&1; echo "status $?"`
SELECT is(:'out'::text, 'status 0', 'and says nothing when all is well');
\set out `grep -o 'psql .*' 'jobs/reco-retrain@.service' | sed 's/%i/reco_nights -U reco_test_merchant/' | sh 2>&1; echo "status $?"`
SELECT is(:'out'::text, 'status 0', 'so does that of systemd');

-- and back

\set out `psql -X -d postgres -v target_db=reco_nights -v model=two -f jobs/unschedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'reco retrain reco_nights: two .* t\n.*status 0', 'unschedule.sql takes a job back');
SELECT is((SELECT count(*) FROM cron.job WHERE database = 'reco_nights'), 1::bigint, 'not the other one');
\set out `psql -X -d postgres -v target_db=reco_nights -f jobs/unschedule.sql 2>&1; echo "status $?"`
SELECT is((SELECT count(*) FROM cron.job WHERE database = 'reco_nights'), 0::bigint, 'until none is left');
\set out `psql -XAtq -d reco_nights -c 'SELECT count(*) FROM reco.job_schedule'`
SELECT is(:'out'::text, '0', 'none is expected either');
\set out `psql -X -d postgres -v target_db=reco_nights -f jobs/unschedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'status 0', 'nothing to unschedule is no error');
DROP DATABASE reco_nights WITH (FORCE);
\set out `psql -X -d postgres -v target_db=reco_nights -f jobs/unschedule.sql 2>&1; echo "status $?"`
SELECT matches(:'out'::text, 'status 0', 'nor is a database that is gone');

SELECT * FROM finish();
DROP ROLE reco_test_merchant;
