-- The nightly run of a shop: its model, its forecasts and its alerts. Not in one transaction, since
-- retrain() commits; what the file makes it takes away again.
SET client_min_messages = warning;
SELECT plan(15);

CREATE ROLE reco_test_keeper;
GRANT CREATE ON DATABASE :DBNAME TO reco_test_keeper;
SET ROLE reco_test_keeper;
SELECT reco.create_shop('night_shop') \g /dev/null
SELECT reco.demo_shop('night_shop', clients => 150, products => 120, days => 100) \g /dev/null
CREATE FUNCTION pg_temp.run(which text, field text) RETURNS text
STABLE
RETURN (SELECT to_jsonb(r) ->> field FROM reco.job_run r WHERE r.model = 'night_shop' AND r.task = which ORDER BY id DESC LIMIT 1);

CALL reco.retrain();
SELECT matches(pg_temp.run('training', 'outcome'), '^(activated|kept)$', 'the owner of a shop retrains its model');
SELECT is(pg_temp.run('forecasts', 'outcome'), 'refitted', 'which refits its forecasts');
SELECT matches(pg_temp.run('forecasts', 'message'), '^1?\d\d products, \d+ alerts opened or closed$', 'and has the alerts follow');
SELECT is((SELECT count(*) FROM night_shop.forecast), substring(pg_temp.run('forecasts', 'message') FROM '^\d+')::bigint, 'the forecasts are there');
SELECT is(reco.refresh_alerts('night_shop'), 0::bigint, 'no alert is left to be opened or closed');
CALL reco.retrain();
SELECT is(pg_temp.run('training', 'outcome'), 'unchanged', 'the same rows again');
SELECT is(pg_temp.run('forecasts', 'outcome'), 'refitted', 'are forecast again: a day without sales says something too');

\set ON_ERROR_STOP off
ALTER TABLE night_shop.forecast_run RENAME TO elsewhere;
INSERT INTO night_shop.rating SELECT 1, id, 5 FROM night_shop.product WHERE id <= 2 ON CONFLICT (client_id, product_id) DO UPDATE SET stars = 1;
CALL reco.retrain('night_shop');
\set state :SQLSTATE
\set ON_ERROR_STOP on
SELECT is(:'state'::text, '42P01', 'forecasts that fail are an error');
SELECT is(pg_temp.run('forecasts', 'outcome') || ' ' || pg_temp.run('forecasts', 'sqlstate'), 'failed 42P01', 'and a row');
SELECT matches(pg_temp.run('training', 'outcome'), '^(activated|kept)$', 'which does not harm the model');
SELECT matches((SELECT problem FROM reco.health WHERE model = 'night_shop'), '^the forecasts were not refitted: relation .* does not exist$', 'health says so');
ALTER TABLE night_shop.elsewhere RENAME TO forecast_run;
CALL reco.retrain();
SELECT is((SELECT problem FROM reco.health WHERE model = 'night_shop'), NULL, 'until the next run');

-- run by a superuser: with the rights of the owner

RESET ROLE;
CREATE TABLE public.reco_test_who (who name);
GRANT INSERT ON public.reco_test_who TO PUBLIC;
CREATE FUNCTION night_shop.tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO public.reco_test_who VALUES (current_user);
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON night_shop.forecast_run EXECUTE FUNCTION night_shop.tell();
CALL reco.retrain('night_shop');
SELECT is((SELECT array_agg(DISTINCT who) FROM public.reco_test_who), ARRAY['reco_test_keeper'::name],
          'what a shop''s owner has in its tables never runs as the superuser who retrains');
SELECT is(pg_temp.run('forecasts', 'outcome'), 'refitted', 'and works');
SELECT is(current_user::text, session_user::text, 'who is himself again');

SELECT * FROM finish();
SELECT reco.drop_model('night_shop') \g /dev/null
DELETE FROM reco.job_record;
DROP TABLE public.reco_test_who;
DROP SCHEMA night_shop CASCADE;
DROP OWNED BY reco_test_keeper;
DROP ROLE reco_test_keeper;
