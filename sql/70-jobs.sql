-- The nightly run, and what became of it.

CREATE TABLE reco.job_record (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_id integer NOT NULL,
    model text NOT NULL,
    owner regrole NOT NULL,
    task text NOT NULL CHECK (task IN ('training', 'forecasts')),
    started timestamptz NOT NULL,
    finished timestamptz,
    outcome text NOT NULL CHECK (outcome IN
        ('running', 'activated', 'kept', 'unchanged', 'refitted', 'skipped', 'failed', 'lost')),
    phase text,
    message text,
    sqlstate text,
    version integer,
    rows bigint,
    memory bigint,
    rmse double precision,
    ndcg_at_10 double precision,
    pid integer NOT NULL,
    CHECK ((outcome = 'running') = (finished IS NULL))
);
CREATE INDEX ON reco.job_record (model_id, id);
-- A log of this server: not marked for pg_dump. Rows outlive the model, hence no foreign key.
COMMENT ON TABLE reco.job_record IS 'What the nightly runs did, as written; read it through the view reco.job_run';

-- Whoever holds the model's lock in the process of the run is the run. A standby cannot know.
CREATE VIEW reco.job_run WITH (security_barrier = true) AS
SELECT r.model,
       r.started,
       r.finished,
       CASE WHEN r.lost THEN 'lost' ELSE r.outcome END AS outcome,
       CASE WHEN r.lost THEN 'the session ended before the run did' ELSE r.message END AS message,
       r.sqlstate,
       r.task,
       r.phase,
       r.version,
       r.rows,
       r.memory,
       r.rmse,
       r.ndcg_at_10,
       r.owner,
       r.pid,
       r.id
FROM (SELECT j.*,
             j.outcome OPERATOR(pg_catalog.=) 'running'
             AND NOT pg_catalog.pg_is_in_recovery()
             AND NOT EXISTS (
                 SELECT FROM pg_catalog.pg_locks l
                 WHERE l.locktype OPERATOR(pg_catalog.=) 'object'
                   AND l.classid OPERATOR(pg_catalog.=) 'reco.model'::pg_catalog.regclass
                   AND l.objid OPERATOR(pg_catalog.=) j.model_id::pg_catalog.oid
                   AND l.database OPERATOR(pg_catalog.=)
                       (SELECT d.oid FROM pg_catalog.pg_database d
                        WHERE d.datname OPERATOR(pg_catalog.=) pg_catalog.current_database())
                   AND l.pid OPERATOR(pg_catalog.=) j.pid
                   AND l.granted) AS lost
      FROM reco.job_record j) r
WHERE pg_catalog.pg_has_role(r.owner, 'USAGE')
   OR pg_catalog.pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW reco.job_run IS 'What the nightly runs did, for the owner''s role of each model and for pg_monitor';
COMMENT ON COLUMN reco.job_run.outcome IS
'running; activated: a new version serves; kept: the version before is better and goes on serving; unchanged: no new rows; refitted: forecasts; skipped; failed; lost: the session ended before the run did';
COMMENT ON COLUMN reco.job_run.task IS 'training; or forecasts, those of the shop of the model''s name';
COMMENT ON COLUMN reco.job_run.phase IS 'reading, fitting, writing: the one it is in, or came to';
COMMENT ON COLUMN reco.job_run.version IS 'the version made; of unchanged, the one that learnt from the same rows';
COMMENT ON COLUMN reco.job_run.rows IS 'rows that the model''s queries returned';
COMMENT ON COLUMN reco.job_run.memory IS 'bytes of arrays at the peak; the setting reco.max_memory limits them';

CREATE PROCEDURE reco.retrain(model text DEFAULT NULL)
AS 'MODULE_PATHNAME', 'reco_retrain'
LANGUAGE C;
COMMENT ON PROCEDURE reco.retrain(text) IS
'Trains a model, or all that the caller may train, as a nightly job does: nothing new, no training; not better, not live; every outcome is a row of reco.job_run';
