-- pg_dump takes models along: restored, they answer as before. Makes a database of its own, and removes it.
SET client_min_messages = warning;
DROP DATABASE IF EXISTS reco_restored;
DROP SCHEMA IF EXISTS taste CASCADE;
DROP ROLE IF EXISTS dump_merchant;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
\ir setup/tastes.sql
\ir setup/models.sql
CREATE ROLE dump_merchant;
GRANT USAGE ON SCHEMA taste TO dump_merchant;
GRANT SELECT ON ALL TABLES IN SCHEMA taste TO dump_merchant;
BEGIN;
SET LOCAL ROLE dump_merchant;
SELECT reco.create_model('merchant''s', purchases => 'SELECT client, product, quantity FROM taste.purchase', options => '{"seed": 5}') \gset
SELECT version FROM reco.train('merchant''s') \gset
COMMIT;
SELECT version FROM reco.train('both') \gset
SELECT reco.activate('both', 1) \gset

CREATE FUNCTION taste.state() RETURNS SETOF text
LANGUAGE sql STABLE
AS $$
    SELECT 'model ' || to_jsonb(m)::text FROM reco.model m
    UNION ALL SELECT 'version ' || to_jsonb(v)::text FROM reco.model_version v
    UNION ALL SELECT 'array ' || concat_ws(' ', version, name, block, checksum, md5(data)) FROM reco.model_array
    UNION ALL SELECT 'list ' || c || r::text FROM generate_series(1, 5) c, reco.recommend(c, 10, 'both') r
    UNION ALL SELECT 'similar ' || c || s::text FROM generate_series(1, 5) c, reco.similar_clients(c, 10, 'rated') s
    ORDER BY 1
$$;
SELECT md5(string_agg(s, ' ')) AS state, count(*) AS rows FROM taste.state() s \gset

\setenv RECO_TEST_DATABASE :DBNAME
\! createdb -T template0 reco_restored && pg_dump --format=custom "$RECO_TEST_DATABASE" | pg_restore --exit-on-error -d reco_restored
\c reco_restored
SET client_min_messages = warning;
BEGIN;
SELECT plan(8);
SELECT is((SELECT count(*) FROM taste.state()), :rows::bigint, 'all rows are in the dump');
SELECT is((SELECT md5(string_agg(s, ' ')) FROM taste.state() s), :'state', 'models, versions, arrays and answers are what they were');
SELECT is((SELECT owner::text FROM reco.model WHERE name = 'merchant''s'), 'dump_merchant', 'a model keeps its owner');
SELECT is((SELECT version FROM reco.models WHERE name = 'both'), 1, 'and its active version');
SELECT is((SELECT version FROM reco.train('both')), 3, 'the next version has the next number');
SELECT is(taste.bits('both', 3), taste.bits('both', 2), 'and the same bits');
SELECT lives_ok($$SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM taste.purchase')$$, 'a new model is made');
SELECT is((SELECT count(DISTINCT id) FROM reco.model), (SELECT count(*) FROM reco.model), 'with a number of its own');
SELECT * FROM finish();
ROLLBACK;

\getenv database RECO_TEST_DATABASE
\c :database
SET client_min_messages = warning;
DROP DATABASE reco_restored;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DROP SCHEMA taste CASCADE;
DROP OWNED BY dump_merchant;
DROP ROLE dump_merchant;
