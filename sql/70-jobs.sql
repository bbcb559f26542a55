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
    fresh_rows bigint,
    fresh_rmse double precision,
    fresh_baseline_rmse double precision,
    fresh_ndcg_at_10 double precision,
    fresh_popular_ndcg_at_10 double precision,
    drifted boolean,
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
       r.fresh_rows,
       r.fresh_rmse,
       r.fresh_baseline_rmse,
       r.fresh_ndcg_at_10,
       r.fresh_popular_ndcg_at_10,
       r.drifted,
       r.owner,
       r.pid,
       r.model_id,
       r.id
FROM (SELECT j.*,
             j.outcome = 'running'
             AND NOT pg_is_in_recovery()
             AND NOT EXISTS (
                 SELECT FROM pg_locks l
                 WHERE l.locktype = 'object'
                   AND l.classid = 'reco.model'::regclass
                   AND l.objid = j.model_id::oid
                   AND l.database = (SELECT d.oid FROM pg_database d WHERE d.datname = current_database())
                   AND l.pid = j.pid
                   AND l.granted) AS lost
      FROM reco.job_record j) r
WHERE pg_has_role(r.owner, 'USAGE')
   OR pg_has_role('pg_monitor', 'USAGE');
COMMENT ON VIEW reco.job_run IS 'What the nightly runs did, for the owner''s role of each model and for pg_monitor';
COMMENT ON COLUMN reco.job_run.outcome IS
'running; activated: a new version serves; kept: the version before is better and goes on serving; unchanged: no new rows; refitted: forecasts; skipped; failed; lost: the session ended before the run did';
COMMENT ON COLUMN reco.job_run.task IS 'training; or forecasts, those of the shop of the model''s name';
COMMENT ON COLUMN reco.job_run.phase IS 'reading, fitting, writing, of forecasts alerts: the one it is in, or came to';
COMMENT ON COLUMN reco.job_run.version IS 'the version made; of unchanged, the one that learnt from the same rows';
COMMENT ON COLUMN reco.job_run.rows IS 'rows that the model''s queries returned';
COMMENT ON COLUMN reco.job_run.memory IS 'bytes of arrays at the peak; the setting reco.max_memory limits them';
COMMENT ON COLUMN reco.job_run.fresh_rows IS
'pairs of client and product that came after the version that served was trained (by the column at of the queries), and that it knows';
COMMENT ON COLUMN reco.job_run.fresh_rmse IS 'how that version did on them';
COMMENT ON COLUMN reco.job_run.fresh_baseline_rmse IS 'how its biases alone did on them';
COMMENT ON COLUMN reco.job_run.fresh_ndcg_at_10 IS 'how that version did on them';
COMMENT ON COLUMN reco.job_run.fresh_popular_ndcg_at_10 IS 'how a list of the products most popular in its day did on them';
COMMENT ON COLUMN reco.job_run.drifted IS 'it did worse than that; NULL: nothing came since';

CREATE PROCEDURE reco.retrain(model text DEFAULT NULL)
AS 'MODULE_PATHNAME', 'reco_retrain'
LANGUAGE C;
COMMENT ON PROCEDURE reco.retrain(text) IS
'Trains a model, or all that the caller may train, as a nightly job does: nothing new, no training; not better, not live; every outcome is a row of reco.job_run';

-- When runs are due. pg_cron keeps its jobs in another database and other schedulers outside, so whoever
-- schedules a run notes it here; reco.health tells when one has not come.

CREATE TABLE reco.job_schedule (
    role regrole NOT NULL,
    model text,
    schedule text NOT NULL CHECK (pg_catalog.length(schedule) OPERATOR(pg_catalog.<=) 200),
    noted_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    UNIQUE NULLS NOT DISTINCT (role, model)
);
SELECT pg_catalog.pg_extension_config_dump('reco.job_schedule', '');
COMMENT ON TABLE reco.job_schedule IS 'When the nightly runs are due; written by reco.expect_run()';
COMMENT ON COLUMN reco.job_schedule.role IS 'who runs it';
COMMENT ON COLUMN reco.job_schedule.model IS 'NULL: all models of that role';
COMMENT ON COLUMN reco.job_schedule.schedule IS 'five fields as of cron, in GMT';

-- The values that one field of a schedule stands for; NULL if it cannot be read.
CREATE FUNCTION reco.schedule_field(field text, lowest integer, highest integer, names text[])
RETURNS integer[]
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    part text;
    found text[];
    first integer;
    last integer;
    step integer;
    result integer[] := '{}';
BEGIN
    FOR i IN 1 .. cardinality(names) LOOP
        field := regexp_replace(field, '\m' || names[i] || '\M', (lowest + i - 1)::text, 'ig');
    END LOOP;
    FOREACH part IN ARRAY string_to_array(field, ',') LOOP
        found := regexp_match(part, '^(?:\*|(\d{1,4})(?:-(\d{1,4}))?)(?:/(\d{1,4}))?$');
        IF found IS NULL THEN
            RETURN NULL;
        END IF;
        first := coalesce(found[1]::integer, lowest);
        last := coalesce(found[2]::integer,
                         CASE WHEN found[1] IS NULL OR found[3] IS NOT NULL THEN highest ELSE first END);
        step := coalesce(found[3]::integer, 1);
        IF first < lowest OR last > highest OR last < first OR step < 1 THEN
            RETURN NULL;
        END IF;
        result := result || ARRAY(SELECT generate_series(first, last, step));
    END LOOP;
    RETURN result;
END
$$;
COMMENT ON FUNCTION reco.schedule_field(text, integer, integer, text[]) IS
'The values that one field of a cron schedule stands for; NULL if it cannot be read';

CREATE FUNCTION reco.next_run(schedule text, after timestamptz DEFAULT pg_catalog.clock_timestamp())
RETURNS timestamptz
LANGUAGE plpgsql STABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    fields text[] := regexp_split_to_array(btrim(CASE lower(btrim(schedule))
        WHEN '@hourly' THEN '0 * * * *'
        WHEN '@daily' THEN '0 0 * * *'
        WHEN '@midnight' THEN '0 0 * * *'
        WHEN '@weekly' THEN '0 0 * * 0'
        WHEN '@monthly' THEN '0 0 1 * *'
        WHEN '@yearly' THEN '0 0 1 1 *'
        WHEN '@annually' THEN '0 0 1 1 *'
        ELSE schedule END), '\s+');
    minutes integer[];
    hours integer[];
    days integer[];
    months integer[];
    weekdays integer[];
    either boolean;
    start CONSTANT timestamp := after AT TIME ZONE 'GMT';
    day timestamp := date_trunc('day', start);
    run timestamp;
BEGIN
    IF cardinality(fields) <> 5 OR NOT isfinite(after) THEN
        RETURN NULL;
    END IF;
    minutes := reco.schedule_field(fields[1], 0, 59, '{}');
    hours := reco.schedule_field(fields[2], 0, 23, '{}');
    days := reco.schedule_field(fields[3], 1, 31, '{}');
    months := reco.schedule_field(fields[4], 1, 12, '{jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec}');
    weekdays := reco.schedule_field(fields[5], 0, 7, '{sun,mon,tue,wed,thu,fri,sat}');
    IF minutes IS NULL OR hours IS NULL OR days IS NULL OR months IS NULL OR weekdays IS NULL THEN
        RETURN NULL;
    END IF;
    IF 7 = ANY (weekdays) THEN
        weekdays := weekdays || 0;
    END IF;
    /* as cron has it: a day of the month and one of the week, both given, mean either */
    either := left(fields[3], 1) <> '*' AND left(fields[5], 1) <> '*';
    /* the 29th of February may be eight years away */
    FOR i IN 0 .. 8 * 366 LOOP
        IF extract(month FROM day) = ANY (months) AND
           (CASE WHEN either
                 THEN extract(day FROM day) = ANY (days) OR extract(dow FROM day) = ANY (weekdays)
                 ELSE extract(day FROM day) = ANY (days) AND extract(dow FROM day) = ANY (weekdays) END) THEN
            SELECT min(day + make_interval(hours => h, mins => m)) INTO run
            FROM unnest(hours) h, unnest(minutes) m
            WHERE day + make_interval(hours => h, mins => m) > start;
            IF run IS NOT NULL THEN
                RETURN run AT TIME ZONE 'GMT';
            END IF;
        END IF;
        day := day + interval '1 day';
    END LOOP;
    RETURN NULL;
END
$$;
COMMENT ON FUNCTION reco.next_run(text, timestamptz) IS
'When a cron schedule, five fields in GMT, is due next; NULL if it cannot be read or never comes';

CREATE FUNCTION reco.expect_run(schedule text, model text DEFAULT NULL)
RETURNS timestamptz
AS 'MODULE_PATHNAME', 'reco_expect_run'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.expect_run(text, text) IS
'Notes when the current role has its models retrained (NULL: no more), so that reco.health tells if a run does not come; returns when it is due';

-- Runs nobody's queries: what is said of rows is what the last run found.
CREATE VIEW reco.health WITH (security_barrier = true) AS
SELECT h.model,
       h.problem IS NULL AS ok,
       h.problem,
       h.owner,
       h.version,
       h.age,
       h.last_run,
       h.last_outcome,
       h.last_message,
       h.next_run,
       h.rows_since,
       h.fresh_rows,
       h.fresh_rmse,
       h.fresh_baseline_rmse,
       h.fresh_ndcg_at_10,
       h.fresh_popular_ndcg_at_10,
       h.bytes,
       h.memory
FROM (
    SELECT m.name AS model,
           m.owner,
           v.version,
           clock_timestamp() - v.trained_at AS age,
           last.started AS last_run,
           last.outcome AS last_outcome,
           last.message AS last_message,
           due.next_run,
           CASE WHEN done.started > v.trained_at THEN done.rows - v.rows_read
                WHEN done.version = v.version THEN 0 END AS rows_since,
           done.fresh_rows,
           done.fresh_rmse,
           done.fresh_baseline_rmse,
           done.fresh_ndcg_at_10,
           done.fresh_popular_ndcg_at_10,
           v.bytes,
           done.memory,
           CASE
               WHEN done.outcome IN ('failed', 'lost') THEN
                   format('the last run %s: %s', CASE done.outcome WHEN 'lost' THEN 'was lost' ELSE 'failed' END,
                          done.message)
               WHEN forecasts.outcome IN ('failed', 'lost') THEN
                   format('the forecasts were not refitted: %s', forecasts.message)
               WHEN due.due < clock_timestamp() - interval '1 hour' THEN
                   format('no run since one was due at %s', to_char(due.due, 'YYYY-MM-DD HH24:MI TZ'))
               WHEN m.last_version = 0 AND last.outcome IS DISTINCT FROM 'skipped'
                    AND last.outcome IS DISTINCT FROM 'running' THEN 'never trained'
               WHEN done.drifted AND done.outcome <> 'activated' THEN
                   'on what came since, the version that serves does worse than its baseline'
               WHEN kept.runs >= 7 THEN
                   format('none of the last %s versions was good enough to serve', kept.runs)
           END AS problem
    FROM reco.model m
    LEFT JOIN reco.model_version v ON v.model = m.name AND v.active
    LEFT JOIN LATERAL (
        SELECT r.* FROM reco.job_run r WHERE r.model_id = m.id AND r.task = 'training'
        ORDER BY r.id DESC LIMIT 1) last ON true
    LEFT JOIN LATERAL (
        SELECT r.* FROM reco.job_run r
        WHERE r.model_id = m.id AND r.task = 'training' AND r.outcome NOT IN ('running', 'skipped')
        ORDER BY r.id DESC LIMIT 1) done ON true
    LEFT JOIN LATERAL (
        SELECT r.* FROM reco.job_run r
        WHERE r.model_id = m.id AND r.task = 'forecasts' AND r.outcome <> 'running'
        ORDER BY r.id DESC LIMIT 1) forecasts ON true
    LEFT JOIN LATERAL (
        SELECT count(*) AS runs FROM reco.job_run r
        WHERE r.model_id = m.id AND r.outcome = 'kept'
          AND r.id > coalesce((SELECT max(a.id) FROM reco.job_run a
                               WHERE a.model_id = m.id AND a.outcome = 'activated'), 0)) kept ON true
    LEFT JOIN LATERAL (
        SELECT min(reco.next_run(s.schedule)) AS next_run,
               min(reco.next_run(s.schedule, greatest(s.noted_at, last.started))) AS due
        FROM reco.job_schedule s
        WHERE (s.model = m.name OR s.model IS NULL) AND pg_has_role(s.role, m.owner, 'USAGE')) due ON true
    WHERE pg_has_role(m.owner, 'USAGE') OR pg_has_role('pg_monitor', 'USAGE')) h;
COMMENT ON VIEW reco.health IS
'Each model as a DBA wants to know it: SELECT * FROM reco.health WHERE NOT ok';
COMMENT ON COLUMN reco.health.problem IS 'in words; NULL: none';
COMMENT ON COLUMN reco.health.version IS 'the active version; NULL: none, lists are those of the most popular products';
COMMENT ON COLUMN reco.health.age IS 'since the active version was trained';
COMMENT ON COLUMN reco.health.next_run IS 'by reco.job_schedule; NULL: nobody noted one';
COMMENT ON COLUMN reco.health.rows_since IS 'rows more than at that training, when the last run counted them; reco.models counts anew';
COMMENT ON COLUMN reco.health.fresh_rows IS 'pairs that the last run found to have come since; how the version did on them follows, with its baseline';
COMMENT ON COLUMN reco.health.bytes IS 'of what the active version learnt';
COMMENT ON COLUMN reco.health.memory IS 'bytes of arrays at the peak of the last run';
