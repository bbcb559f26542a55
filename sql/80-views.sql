-- Models at a glance.

CREATE FUNCTION reco.rows_now(model text)
RETURNS bigint
LANGUAGE plpgsql STABLE PARALLEL RESTRICTED
SET search_path = pg_catalog, pg_temp
AS $$
DECLARE
    query text;
    counted bigint;
    total bigint := 0;
BEGIN
    FOR query IN
        SELECT q FROM reco.model m, LATERAL (VALUES (m.ratings), (m.purchases)) v (q)
        WHERE m.name = rows_now.model AND q IS NOT NULL
    LOOP
        EXECUTE format('SELECT count(*) FROM (%s) q', query) INTO counted;
        total := total + counted;
    END LOOP;
    RETURN total;
EXCEPTION
    -- a table is gone, or not ours to read: one model does not hide the others
    WHEN OTHERS THEN
        RETURN NULL;
END
$$;
COMMENT ON FUNCTION reco.rows_now(text) IS
'How many rows the queries of a model return now; NULL if they cannot be run';

CREATE VIEW reco.models WITH (security_invoker = true) AS
SELECT m.name,
       m.owner,
       v.version,
       v.trained_at,
       pg_catalog.now() OPERATOR(pg_catalog.-) v.trained_at AS age,
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
