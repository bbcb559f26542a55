-- Which version of a model serves.

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
