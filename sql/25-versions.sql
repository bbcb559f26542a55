-- Which version of a model serves, and taking one elsewhere.

CREATE FUNCTION reco.activate(model text, version integer)
RETURNS void
AS 'MODULE_PATHNAME', 'reco_activate'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.activate(text, integer) IS
'Makes a version of a model the one that serves, whatever its metrics';

CREATE FUNCTION reco.rollback(model text DEFAULT NULL)
RETURNS integer
AS 'MODULE_PATHNAME', 'reco_rollback'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.rollback(text) IS
'Has the version serve again that served before the active one, and returns its number';

CREATE FUNCTION reco.forget_client(client_id bigint, model text DEFAULT NULL)
RETURNS integer
AS 'MODULE_PATHNAME', 'reco_forget_client'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.forget_client(bigint, text) IS
'Takes a client''s id and factors out of every version of a model, and returns how many had them; the client''s rows are not touched';

CREATE FUNCTION reco.export_model(model text DEFAULT NULL)
RETURNS bytea
AS 'MODULE_PATHNAME', 'reco_export_model'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 100000;
COMMENT ON FUNCTION reco.export_model(text) IS
'The version of a model that serves, with the model''s queries and options, as bytes for reco.import_model';

CREATE FUNCTION reco.import_model(name text, data bytea)
RETURNS reco.model_version
AS 'MODULE_PATHNAME', 'reco_import_model'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.import_model(text, bytea) IS
'Makes a model of what reco.export_model returned, or adds it as a version, not serving yet, to a model there is';
