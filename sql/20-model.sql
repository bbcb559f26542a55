-- Making models and training them.

CREATE FUNCTION reco.create_model(
    name text,
    ratings text DEFAULT NULL,
    purchases text DEFAULT NULL,
    candidates text DEFAULT NULL,
    options jsonb DEFAULT '{}')
RETURNS void
AS 'MODULE_PATHNAME', 'reco_create_model'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.create_model(text, text, text, text, jsonb) IS
'Makes a model of queries: ratings (client_id, product_id, value [, at] and attributes named client_... or product_...), purchases (client_id, product_id, quantity [, at]), candidates (product_id [, surplus])';

CREATE FUNCTION reco.drop_model(name text)
RETURNS void
AS 'MODULE_PATHNAME', 'reco_drop_model'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.drop_model(text) IS
'Drops a model with all its versions';

CREATE FUNCTION reco.train(model text DEFAULT NULL)
RETURNS reco.model_version
AS 'MODULE_PATHNAME', 'reco_train'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.train(text) IS
'Trains a model on the rows its queries return now; the new version goes live if it is good enough';

CREATE FUNCTION reco.evaluate(
    model text DEFAULT NULL,
    folds integer DEFAULT 1,
    n integer DEFAULT 10,
    split text DEFAULT NULL,
    held_out double precision DEFAULT NULL)
RETURNS TABLE (metric text, value double precision, baseline double precision, error double precision,
    baseline_error double precision, difference_error double precision, samples bigint, part text)
AS 'MODULE_PATHNAME', 'reco_evaluate'
LANGUAGE C VOLATILE PARALLEL UNSAFE COST 10000000 ROWS 8;
COMMENT ON FUNCTION reco.evaluate(text, integer, integer, text, double precision) IS
'How good a model is: in each fold, trains on a part of the rows and measures on what it holds out (split: random, client, last, time); writes nothing';
