-- The nightly run as a command, for schedulers other than pg_cron and by hand.
--
--   psql -X -d demo -f jobs/retrain.sql                    all models that the role may train
--   psql -X -d demo -v model=shop -f jobs/retrain.sql      one of them
--
-- Prints what became of each model. The exit status is that of the run: 0 when no model failed. For cron:
--
--   30 2 * * *  psql -X -q -d demo -c 'CALL reco.retrain()'
--
-- which says nothing when all is well; jobs/reco-retrain@.timer is the same for systemd. Let reco know
-- when runs are due (in GMT), and reco.health tells when one does not come:
--
--   SELECT reco.expect_run('30 2 * * *');

\set QUIET on
\set ON_ERROR_STOP off
\pset pager off
\pset footer off

SELECT coalesce(max(id), 0) AS last FROM reco.job_run \gset
\if :{?model}
CALL reco.retrain(:'model');
\else
CALL reco.retrain();
\endif
\set failed :ERROR

SELECT model, task, outcome, version, rows,
       round(rmse::numeric, 4) AS rmse, round(ndcg_at_10::numeric, 4) AS "ndcg@10",
       round(extract(epoch FROM finished - started), 1) AS seconds, message
FROM reco.job_run
WHERE id > :last AND pid = pg_backend_pid()
ORDER BY id;

\if :failed
\set ON_ERROR_STOP on
DO $$ BEGIN RAISE EXCEPTION 'the run failed'; END $$;
\endif
