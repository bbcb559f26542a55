-- What somebody who means harm may try: tables that only look like a shop's, a schema by another's name,
-- functions in queries, rows that depend on settings.
BEGIN ISOLATION LEVEL REPEATABLE READ;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(23);

-- tables that look like a shop's

CREATE SCHEMA forged;
CREATE TABLE forged.stock_level (product_id bigint PRIMARY KEY, on_hand numeric);
CREATE TABLE forged.stock_move (id bigint, product_id bigint, quantity bigint, kind text, reverses bigint);
CREATE TRIGGER forged AFTER INSERT ON forged.stock_move REFERENCING NEW TABLE AS n
    FOR EACH STATEMENT EXECUTE FUNCTION reco.shop_moves();
SELECT throws_ok($$INSERT INTO forged.stock_move VALUES (1, 1, 12345, 'sale', NULL)$$, '42804', NULL,
                 'a column of another type is refused');
ALTER TABLE forged.stock_move ALTER quantity TYPE numeric;
SELECT throws_ok($$INSERT INTO forged.stock_move VALUES (1, 1, NULL, 'sale', NULL)$$, '22004', NULL,
                 'and a quantity that is null');
SELECT throws_ok($$INSERT INTO forged.stock_move VALUES (1, 1, 1, NULL, NULL)$$, '22004', NULL,
                 'and a kind that is null');
SELECT throws_like($$INSERT INTO forged.stock_move VALUES (1, 1, 1, 'receipt', NULL)$$, '%does not exist%',
                   'levels without their columns are an error');
ALTER TABLE forged.stock_level ADD reserved bigint, ADD on_order text, ADD reorder_point bytea, ADD active int, ADD allow_backorder int;
INSERT INTO forged.stock_level VALUES (1, 1);
SELECT throws_like($$INSERT INTO forged.stock_move VALUES (1, 1, 1, 'count', NULL)$$, '%of the stock%',
                   'levels of other types are refused as well');

CREATE TABLE forged.counted (id bigint);
CREATE TRIGGER forged AFTER TRUNCATE ON forged.counted FOR EACH STATEMENT EXECUTE FUNCTION reco.watch_statement('id');
SELECT throws_ok('TRUNCATE forged.counted', '22023', NULL, 'a trigger that does not say what to watch is refused');

-- another's schema by the name of a model

CREATE ROLE hostile_merchant;
GRANT CREATE ON DATABASE reco_test TO hostile_merchant;
SET LOCAL ROLE hostile_merchant;
SELECT reco.create_shop('theirs') \gset
ALTER SCHEMA theirs RENAME TO bought;
CREATE FUNCTION bought.harm() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''harm as %'', current_user; END';
CREATE TRIGGER harm BEFORE INSERT ON bought.forecast_run FOR EACH ROW EXECUTE FUNCTION bought.harm();
RESET ROLE;
CALL reco.retrain('bought');
SELECT is((SELECT array_agg(outcome) FROM reco.job_run WHERE model = 'bought' AND task = 'forecasts'), ARRAY['skipped'],
          'a schema of somebody else''s by a model''s name is left alone, and that is said');

SELECT throws_ok($$SELECT reco.upgrade_shop('bought')$$, '42501', NULL, 'a superuser does not tend a merchant''s shop with their own rights');
SELECT throws_ok($$SELECT reco.refit_forecasts('bought')$$, '42501', NULL, 'nor its forecasts');
CREATE FUNCTION bought.as_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_user <> 'hostile_merchant' THEN RAISE EXCEPTION 'harm as %', current_user; END IF;
    RETURN new;
END $$;
CREATE TRIGGER harm BEFORE INSERT OR UPDATE ON bought.stock_level FOR EACH ROW EXECUTE FUNCTION bought.as_owner();
SET LOCAL ROLE hostile_merchant;
INSERT INTO bought.category (name) VALUES ('all');
INSERT INTO bought.product (name, category_id, price, unit_cost) SELECT 'thing', id, 2, 1 FROM bought.category;
RESET ROLE;
SELECT lives_ok($$SELECT reco.refresh_alerts('bought')$$, 'what looks at all alerts acts for the owner');

-- functions in queries run with their owner's rights

CREATE FUNCTION bought.who() RETURNS integer LANGUAGE plpgsql VOLATILE AS $$
BEGIN
    IF current_user <> 'hostile_merchant' THEN RAISE EXCEPTION 'run as %', current_user; END IF;
    RETURN 1;
END $$;
CREATE ROLE hostile_night;
GRANT hostile_merchant TO hostile_night;
GRANT USAGE ON SCHEMA taste TO hostile_merchant;
GRANT SELECT ON ALL TABLES IN SCHEMA taste TO hostile_merchant;
SET LOCAL ROLE hostile_merchant;
SELECT reco.create_model('trap', purchases => 'SELECT client, product, quantity * bought.who() FROM taste.purchase') \gset
SET LOCAL ROLE hostile_night;
SELECT lives_ok($$SELECT reco.train('trap')$$, 'who trains for another lends no rights to the other''s functions');
SELECT lives_ok($$SELECT reco.rows_now('trap')$$, 'nor who counts rows');
SELECT isnt(reco.rows_now('trap'), NULL, 'which can be counted');
RESET ROLE;

-- rows that depend on a setting

CREATE TABLE taste.tenant_purchase AS SELECT client, product, quantity, 't' || client % 2 AS tenant FROM taste.purchase;
SELECT reco.create_model('tenants', purchases =>
    $$SELECT client, product, quantity FROM taste.tenant_purchase WHERE tenant = current_setting('app.tenant', true)$$) \gset
SET LOCAL app.tenant = 't1';
SELECT version FROM reco.train('tenants') \gset
CREATE FUNCTION taste.scores_of_tenants(model text) RETURNS double precision[] LANGUAGE plpgsql AS $$
DECLARE
    scores double precision[];
    score double precision;
BEGIN
    FOR tenant IN 0..1 LOOP
        PERFORM set_config('app.tenant', 't' || tenant, true);
        score := reco.score(1, 4, scores_of_tenants.model);
        scores := scores || score;
    END LOOP;
    RETURN scores;
END $$;
SELECT is((SELECT ARRAY[(s[1] = s[2])::text] FROM taste.scores_of_tenants('tenants') s), ARRAY['false'], 'a score follows a setting that the query looks at, from call to call');

-- rows that row security hides, by a setting or by a function

CREATE ROLE hostile_tenant;
CREATE TABLE taste.guarded AS SELECT * FROM taste.tenant_purchase;
CREATE INDEX ON taste.guarded (client);
ANALYZE taste.guarded;
GRANT USAGE ON SCHEMA taste TO hostile_tenant;
GRANT SELECT ON taste.guarded TO hostile_tenant;
ALTER TABLE taste.guarded ENABLE ROW LEVEL SECURITY;
CREATE FUNCTION taste.my_tenant() RETURNS text STABLE LANGUAGE plpgsql AS $$ BEGIN RETURN current_setting('app.tenant', true); END $$;
CREATE FUNCTION taste.reads_of_guarded() RETURNS bigint
RETURN (SELECT coalesce(seq_scan, 0) + coalesce(idx_scan, 0) FROM pg_stat_xact_user_tables WHERE relid = 'taste.guarded'::regclass);
SELECT reco.create_model('guarded', purchases => 'SELECT client, product, quantity FROM taste.guarded') \gset
SELECT version FROM reco.train('guarded') \gset
CREATE TABLE taste.by_policy (policy text, in_calls double precision[], in_a_statement double precision[], scores bigint, reads bigint);
GRANT INSERT ON taste.by_policy TO hostile_tenant;
CREATE FUNCTION taste.try_policy(condition text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    before bigint;
BEGIN
    EXECUTE 'DROP POLICY IF EXISTS own ON taste.guarded; CREATE POLICY own ON taste.guarded USING (' || condition || ')';
    SET LOCAL ROLE hostile_tenant;
    before := taste.reads_of_guarded();
    INSERT INTO taste.by_policy (policy, scores) SELECT condition, count(*) FROM generate_series(1, 60) p WHERE reco.score(1, p, 'guarded') IS NOT NULL;
    RESET ROLE;
    UPDATE taste.by_policy SET reads = taste.reads_of_guarded() - before WHERE policy = condition;
    SET LOCAL ROLE hostile_tenant;
    CREATE TEMP TABLE answer AS SELECT taste.scores_of_tenants('guarded') AS in_calls,
        (SELECT array_agg(score ORDER BY n) FROM (SELECT n, set_config('app.tenant', 't' || n, true), reco.score(1, 4, 'guarded') FROM generate_series(0, 1) n OFFSET 0) s (n, tenant, score)) AS in_a_statement;
    RESET ROLE;
    UPDATE taste.by_policy b SET in_calls = a.in_calls, in_a_statement = a.in_a_statement FROM answer a WHERE policy = condition;
    DROP TABLE answer;
END $$;
SELECT taste.try_policy(c) FROM unnest(ARRAY[$$tenant = current_setting('app.tenant', true)$$, $$tenant = current_setting('app.' || 'tenant', true)$$,
                                            'tenant = taste.my_tenant()', 'client <= 60']) c \g /dev/null
SELECT ok(in_calls[1] <> in_calls[2] AND in_a_statement = in_calls, 'a score follows what the policy goes by: ' || policy) FROM taste.by_policy WHERE policy LIKE 'tenant%' ORDER BY policy;
SELECT ok(in_calls[1] = in_calls[2] AND in_a_statement = in_calls, 'or does not') FROM taste.by_policy WHERE policy LIKE 'client%';
SELECT cmp_ok(reads, '<', 10::bigint, 'of a client the rows are read once in a statement: ' || policy) FROM taste.by_policy
WHERE scores = 60 AND policy IN ('client <= 60', $$tenant = current_setting('app.tenant', true)$$) ORDER BY policy;

-- what was rolled back

CREATE FUNCTION taste.score_now() RETURNS double precision LANGUAGE plpgsql AS $$
DECLARE score double precision;
BEGIN
    score := reco.score(5000, 4, 'bought');
    RETURN score;
END $$;
CREATE FUNCTION taste.scores_around_an_error() RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
    before double precision;
    inside double precision;
BEGIN
    before := taste.score_now();
    BEGIN
        INSERT INTO taste.purchase VALUES (5000, 1, 1, now()), (5000, 7, 1, now());
        inside := taste.score_now();
        RAISE EXCEPTION 'enough';
    EXCEPTION WHEN raise_exception THEN
        NULL;
    END;
    RETURN before = taste.score_now() AND before <> inside;
END $$;
SELECT ok(taste.scores_around_an_error(), 'purchases that were rolled back do not count, in any isolation level');

-- rows that are hidden

CREATE ROLE hostile_clerk;
GRANT USAGE ON SCHEMA taste TO hostile_clerk;
GRANT SELECT ON taste.purchase TO hostile_clerk;
ALTER TABLE taste.purchase ENABLE ROW LEVEL SECURITY;
CREATE POLICY few ON taste.purchase TO hostile_clerk USING (client < 5);
SET LOCAL ROLE hostile_clerk;
SELECT is((SELECT count(*) FROM reco.similar_clients(1, 100, 'bought') WHERE client_id >= 5), 0::bigint,
          'clients whose rows are hidden are not shown as similar');
SELECT cmp_ok((SELECT count(*) FROM reco.similar_clients(1, 100, 'bought')), '>', 0::bigint, 'others are');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
