-- Schedules the nightly run with pg_cron.
--
--   psql -X -d postgres -v target_db=demo -f jobs/schedule.sql
--
-- Run it in the database that pg_cron lives in (its setting cron.database_name), as a superuser or as the
-- role itself. Again with other values, it changes the job. Variables:
--
--   target_db   where reco and its models are; has no default
--   model       one model; default: all that the role may train
--   schedule    five fields as of cron, in GMT; default: 30 2 * * *
--   role        who runs it: the owner of the models, not a superuser; default: who runs this file
--
-- The job is one CALL and nothing else, so that it may commit. pg_cron logs in as the role over libpq, at
-- cron.host, so the role needs LOGIN and a way in without a password there: a line of pg_hba.conf, or its
-- ~/.pgpass. Limits belong to the role: ALTER ROLE shop_owner SET statement_timeout = '2h'.

\set ON_ERROR_STOP on
\set QUIET on
\pset pager off
\pset footer off

\if :{?target_db}
\else
DO $$ BEGIN RAISE EXCEPTION 'variable target_db is missing' USING HINT = 'psql -v target_db=...'; END $$;
\endif
\if :{?model}
\else
\set model ''
\endif
\if :{?schedule}
\else
\set schedule '30 2 * * *'
\endif
\if :{?role}
\else
\set role :USER
\endif
DO $$
BEGIN
    IF to_regclass('cron.job') IS NULL THEN
        RAISE EXCEPTION 'database % has no extension pg_cron', current_database()
            USING HINT = 'Connect to the one that the setting cron.database_name names and run CREATE EXTENSION pg_cron; '
                || 'shared_preload_libraries has to have pg_cron. Without it: jobs/retrain.sql.';
    END IF;
END
$$;

SELECT :'DBNAME' AS cron_db,
       'reco retrain ' || :'target_db' || coalesce(': ' || nullif(:'model', ''), '') AS job,
       CASE WHEN :'model' = '' THEN 'CALL reco.retrain()'
            ELSE format('CALL reco.retrain(%L)', :'model') END AS command,
       current_user = :'role' AS own \gset

-- There first, so that what would fail every night fails now.
\connect -reuse-previous=on :"target_db"
\if :own
\else
SET ROLE :"role";
\endif
SET client_min_messages = warning;
DO $$
BEGIN
    IF to_regprocedure('reco.retrain(text)') IS NULL THEN
        RAISE EXCEPTION 'database % has no extension reco', current_database()
            USING HINT = 'Connect to it and run CREATE EXTENSION reco.';
    END IF;
    IF NOT (SELECT rolcanlogin FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'role % may not log in, as pg_cron has to', current_user
            USING HINT = 'Give the job to a role with LOGIN that is a member of the models'' owner.';
    END IF;
END
$$;
SELECT :'model' = '' OR EXISTS (SELECT FROM reco.model WHERE name = :'model') AS known \gset
\if :known
\else
\warn Role :role may train no model :model in database :target_db
DO $$ BEGIN RAISE EXCEPTION 'no such model'; END $$;
\endif

\connect -reuse-previous=on :"cron_db"
BEGIN;
-- the same job of another role, which a superuser sees, would run beside this one
SELECT cron.unschedule(jobid) FROM cron.job WHERE jobname = :'job' AND username <> :'role' \g /dev/null
SELECT cron.schedule_in_database(:'job', :'schedule', :'command', :'target_db', :'role') \g /dev/null
COMMIT;
SELECT jobid, jobname, schedule || ' GMT' AS schedule, username, database, command, active
FROM cron.job WHERE jobname = :'job' AND username = :'role';

-- reco cannot see pg_cron's database: what it is to expect is told it.
\connect -reuse-previous=on :"target_db"
\if :own
\else
SET ROLE :"role";
\endif
SELECT reco.expect_run(:'schedule', nullif(:'model', '')) AS "next run";
