-- Models at a glance.

CREATE FUNCTION reco.rows_now(model text)
RETURNS bigint
AS 'MODULE_PATHNAME', 'reco_rows_now'
LANGUAGE C STRICT STABLE PARALLEL UNSAFE COST 1000000;
COMMENT ON FUNCTION reco.rows_now(text) IS
'How many rows the queries of a model return now; NULL if they cannot be run';

CREATE VIEW reco.models WITH (security_invoker = true) AS
SELECT m.name,
       m.owner,
       v.version,
       v.trained_at,
       pg_catalog.clock_timestamp() OPERATOR(pg_catalog.-) v.trained_at AS age,
       v.clients,
       v.products,
       v.ratings,
       v.purchases,
       v.rmse,
       v.mae,
       v.baseline_rmse,
       v.recall_at_10,
       v.ndcg_at_10,
       v.popular_ndcg_at_10,
       reco.rows_now(m.name) OPERATOR(pg_catalog.-) v.rows_read AS rows_since
FROM reco.model m
LEFT JOIN reco.model_version v ON v.model OPERATOR(pg_catalog.=) m.name AND v.active;
COMMENT ON VIEW reco.models IS 'Each model with its active version, how good it is, and how much has changed since';
COMMENT ON COLUMN reco.models.version IS 'the active version; NULL: none, lists are those of the most popular products';
COMMENT ON COLUMN reco.models.rows_since IS 'rows that the model''s queries return more than at the training; counted when asked for';

CREATE FUNCTION reco.trainings(
    OUT pid integer, OUT model_id integer, OUT phase text, OUT done bigint, OUT total bigint, OUT started timestamptz)
RETURNS SETOF record
AS 'MODULE_PATHNAME', 'reco_trainings'
LANGUAGE C STRICT VOLATILE PARALLEL RESTRICTED ROWS 1;
COMMENT ON FUNCTION reco.trainings() IS 'What the view train_progress shows; models by their ids';

CREATE VIEW reco.train_progress WITH (security_invoker = true) AS
SELECT t.pid,
       m.name AS model,
       t.phase,
       t.done,
       t.total,
       t.started
FROM reco.trainings() t
JOIN reco.model m ON m.id OPERATOR(pg_catalog.=) t.model_id;
COMMENT ON VIEW reco.train_progress IS 'The trainings that are under way, in any session of this database, as they are now';
COMMENT ON COLUMN reco.train_progress.phase IS 'reading, sorting, averaging, choosing settings, fitting nine tenths to be measured, fitting all, writing';
COMMENT ON COLUMN reco.train_progress.done IS
'of this phase: rows read or sorted, pairs of client and product that an iteration passed over, trials, bytes written';
COMMENT ON COLUMN reco.train_progress.total IS 'what done will be at the end of the phase; while reading, what the planner expects';
