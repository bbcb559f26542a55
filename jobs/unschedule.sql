-- Takes back what jobs/schedule.sql scheduled; content when there is nothing.
--
--   psql -X -d postgres -v target_db=demo -f jobs/unschedule.sql
--
-- Run it in the database that pg_cron lives in, as a superuser or as the role of the job. Variables:
--
--   target_db   where reco is; has no default. It need not exist any more.
--   model       as it was given to schedule.sql; default: the job for all models

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
DO $$
BEGIN
    IF to_regclass('cron.job') IS NULL THEN
        RAISE EXCEPTION 'database % has no extension pg_cron', current_database()
            USING HINT = 'Connect to the one that the setting cron.database_name names.';
    END IF;
END
$$;

SELECT 'reco retrain ' || :'target_db' || coalesce(': ' || nullif(:'model', ''), '') AS job,
       EXISTS (SELECT FROM pg_database WHERE datname = :'target_db') AS there \gset

SELECT jobid, jobname, schedule, username, cron.unschedule(jobid) AS unscheduled
FROM cron.job WHERE jobname = :'job';

\if :there
\connect -reuse-previous=on :"target_db"
SELECT to_regclass('reco.job_schedule') IS NOT NULL AS there \gset
\endif
\if :there
SELECT role, model, schedule AS "no longer expected"
FROM reco.job_schedule WHERE model IS NOT DISTINCT FROM nullif(:'model', '');
SELECT format('SET ROLE %s', role), format('SELECT reco.expect_run(NULL, %L)', model), 'RESET ROLE'
FROM reco.job_schedule WHERE model IS NOT DISTINCT FROM nullif(:'model', '') \gexec
\endif
