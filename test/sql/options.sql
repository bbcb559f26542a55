-- The options of a model: what is not known, not of the type or out of range is an error that says what is.
CREATE FUNCTION pg_temp.with_options(options jsonb) RETURNS void
LANGUAGE sql
AS $$
    SELECT reco.create_model('options', purchases => 'VALUES (1, 2, 3)', options => options);
    SELECT reco.drop_model('options');
$$;
\pset tuples_only on
\set SHOW_CONTEXT never

-- not an object
SELECT pg_temp.with_options('[]');
SELECT pg_temp.with_options('"seed"');
SELECT pg_temp.with_options('null');
SELECT reco.create_model('options', purchases => 'VALUES (1, 2, 3)', options => '{');

-- not known
SELECT pg_temp.with_options('{"sede": 3}');
SELECT pg_temp.with_options('{"": 3}');
SELECT pg_temp.with_options('{"Seed": 3}');
SELECT pg_temp.with_options('{"factors": 3}');
SELECT pg_temp.with_options('{"seed": 3, "candidates": {}}');
SELECT pg_temp.with_options('{"ratings": {"factor": 3}}');
SELECT pg_temp.with_options('{"ratings": {"unobserved_weight": 1}}');
SELECT pg_temp.with_options('{"purchases": {"bias_regularization": 1}}');

-- not of the type
SELECT pg_temp.with_options('{"seed": "3"}');
SELECT pg_temp.with_options('{"seed": null}');
SELECT pg_temp.with_options('{"seed": [3]}');
SELECT pg_temp.with_options('{"seed": {"of": 3}}');
SELECT pg_temp.with_options('{"seed": 3.5}');
SELECT pg_temp.with_options('{"lift": true}');
SELECT pg_temp.with_options('{"ratings": 3}');
SELECT pg_temp.with_options('{"ratings": null}');
SELECT pg_temp.with_options('{"purchases": []}');
SELECT pg_temp.with_options('{"purchases": {"iterations": "many"}}');
SELECT pg_temp.with_options('{"purchases": {"iterations": 2.5}}');
SELECT pg_temp.with_options('{"purchases": {"regularization": {}}}');
SELECT pg_temp.with_options('{"ratings": {"method": 7}}');
SELECT pg_temp.with_options('{"ratings": {"method": "als"}}');
SELECT pg_temp.with_options('{"purchases": {"method": "svd"}}');
SELECT pg_temp.with_options('{"purchases": {"method": "al"}}');

-- out of range
SELECT pg_temp.with_options('{"seed": -1}');
SELECT pg_temp.with_options('{"seed": 9007199254740992}');
SELECT pg_temp.with_options('{"seed": 1e400}');
SELECT pg_temp.with_options('{"lift": -0.1}');
SELECT pg_temp.with_options('{"lift": 0.51}');
SELECT pg_temp.with_options('{"ratings": {"factors": -1}}');
SELECT pg_temp.with_options('{"ratings": {"factors": 513}}');
SELECT pg_temp.with_options('{"ratings": {"iterations": 0}}');
SELECT pg_temp.with_options('{"ratings": {"iterations": 1001}}');
SELECT pg_temp.with_options('{"ratings": {"regularization": 0}}');
SELECT pg_temp.with_options('{"ratings": {"bias_regularization": 1e7}}');
SELECT pg_temp.with_options('{"purchases": {"factors": 0}}');
SELECT pg_temp.with_options('{"purchases": {"unobserved_weight": 0}}');
SELECT pg_temp.with_options('{"purchases": {"unobserved_weight": 1001}}');
SELECT pg_temp.with_options('{"purchases": {"regularization": -1}}');

-- the ends of the ranges are in them
SELECT count(*) FROM unnest(ARRAY[
    '{}', '{"seed": 0}', '{"seed": 9007199254740991}', '{"seed": 1e3}', '{"lift": 0}', '{"lift": 0.5}',
    '{"ratings": {}, "purchases": {}}',
    '{"ratings": {"method": "svd", "factors": 1, "iterations": 1, "regularization": 1e-6, "bias_regularization": 1e6}}',
    '{"ratings": {"factors": 512, "iterations": 1000, "regularization": 1e6, "bias_regularization": 0.000001}}',
    '{"purchases": {"method": "als", "factors": 1, "iterations": 1, "regularization": 1e-6, "unobserved_weight": 1e-6}}',
    '{"purchases": {"factors": 512, "iterations": 1000, "regularization": 1e6, "unobserved_weight": 1000}}',
    NULL]::jsonb[]) o, LATERAL pg_temp.with_options(o);
SELECT count(*) FROM reco.model;
