-- What the benchmarks measure with.
--
--   bench.train(model)             trains, and says how good it is and how long it took
--   bench.recommend(model)         how long recommend(client, 10) takes
--   bench.at_most(...)             an error when a figure is too high
--   bench.memory()                 bytes of the session's own memory at its peak; of a new session: \connect - before
--
-- and bench.figure(...) of figures.sql, for the table at the end.

\pset footer off
\pset null ''

-- Workers of a parallel scan would do a part of the reading unseen by bench.cpu().
SET max_parallel_workers_per_gather = 0;

-- CPU seconds of this session with all its threads, where the system is Linux.
CREATE FUNCTION bench.cpu() RETURNS double precision
LANGUAGE sql VOLATILE AS $$
    SELECT (f[12]::bigint + f[13]::bigint) / 100.0::float8
    FROM regexp_split_to_array(regexp_replace(pg_read_file('/proc/self/stat', 0, 1000, true), '^.*\) ', ''), ' ') f
$$;

-- seconds is what the version says, wall what the clock says.
CREATE FUNCTION bench.train(model text, OUT version reco.model_version,
                            OUT wall double precision, OUT cpu double precision)
LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
    cpu_before double precision := bench.cpu();
BEGIN
    version := reco.train(model);
    wall := extract(epoch FROM clock_timestamp() - started);
    cpu := bench.cpu() - cpu_before;
END
$$;

-- Milliseconds of a call for a client, as a statement of its own.
CREATE FUNCTION bench.call(with_model text, client_id bigint) RETURNS double precision
LANGUAGE plpgsql AS $$
DECLARE
    started timestamptz := clock_timestamp();
BEGIN
    PERFORM FROM reco.recommend(client_id, 10, with_model);
    RETURN 1000 * extract(epoch FROM clock_timestamp() - started);
END
$$;

-- For a thousand clients of the view client, once the same calls have been made before.
CREATE FUNCTION bench.recommend(with_model text) RETURNS SETOF double precision
LANGUAGE plpgsql AS $$
DECLARE
    client_ids bigint[] := ARRAY (SELECT id FROM client ORDER BY hashint8(id) LIMIT 1000);
BEGIN
    PERFORM bench.call(with_model, id) FROM unnest(client_ids) id;
    RETURN QUERY SELECT bench.call(with_model, id) FROM unnest(client_ids) id;
END
$$;

-- What this session took at its peak, less what it shares with others, where the system is Linux.
CREATE FUNCTION bench.memory() RETURNS bigint
LANGUAGE sql VOLATILE AS $$
    SELECT 1024 * (substring(status, 'VmHWM:\s+(\d+)')::bigint - substring(status, 'RssShmem:\s+(\d+)')::bigint)
    FROM pg_read_file('/proc/self/status', 0, 10000, true) status
$$;

CREATE FUNCTION bench.at_most(what text, figure double precision, most double precision) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    IF figure > most THEN
        RAISE '%: % is above %', what, round(figure::numeric, 3), most;
    END IF;
END
$$;
