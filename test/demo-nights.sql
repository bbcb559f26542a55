-- The part of "make demo" that shows the nightly run: scheduled, run once for real by pg_cron, and what it
-- left. Run by test/demo.sh in pg_cron's database, with target_db, the database of the demo.

\set ON_ERROR_STOP on
SET client_min_messages = warning;
\pset pager off
\pset footer off
\pset null ''

\echo
\echo The nightly run, each minute for now:
CREATE EXTENSION IF NOT EXISTS pg_cron;
\set schedule '* * * * *'
\ir ../jobs/schedule.sql

-- something to learn: some clients buy what is recommended to them
\connect -reuse-previous=on :"target_db"
SELECT count(shop.sell(c, ARRAY(SELECT r.product_id FROM reco.recommend(c, 3) r ORDER BY r.rank), ARRAY[1, 1, 1])) AS sold
FROM generate_series(1, 40) c \gset
\echo Meanwhile :sold clients bought. Waiting for pg_cron, a minute at most.

\connect -reuse-previous=on postgres
DO $$
BEGIN
    FOR i IN 1 .. 1800 LOOP
        PERFORM pg_sleep(0.1);
        EXIT WHEN EXISTS (SELECT FROM cron.job_run_details WHERE status IN ('succeeded', 'failed'));
    END LOOP;
END
$$;
\pset expanded off
\echo
\echo What pg_cron says (cron.job_run_details):
SELECT jobid, username, database, command, status, return_message, start_time::timestamp(0), end_time::timestamp(0)
FROM cron.job_run_details ORDER BY runid;

\connect -reuse-previous=on :"target_db"
\echo What reco says (reco.job_run):
SELECT model, task, started::timestamp(0), round(extract(epoch FROM finished - started), 1) AS seconds,
       outcome, version, rows, round(ndcg_at_10::numeric, 4) AS "ndcg@10", round(rmse::numeric, 4) AS rmse, message
FROM reco.job_run ORDER BY id;

\echo From now on each night:
\set schedule '30 2 * * *'
\connect -reuse-previous=on postgres
\ir ../jobs/schedule.sql
\echo And one line to alert on, SELECT * FROM reco.health WHERE NOT ok:
SELECT model, ok, problem, version, date_trunc('second', age) AS age, last_outcome, next_run FROM reco.health;
