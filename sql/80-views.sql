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
