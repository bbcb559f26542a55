-- Who may do what, and with whose rights queries run.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(104);

CREATE ROLE taste_reader;      -- may read the tables
CREATE ROLE taste_stranger;    -- may not
CREATE ROLE taste_merchant;    -- owns a model
CREATE ROLE taste_partner IN ROLE taste_merchant;
GRANT USAGE ON SCHEMA taste TO taste_reader, taste_stranger, taste_merchant;
GRANT SELECT ON taste.purchase, taste.rating, taste.product TO taste_reader;

-- without rights on the tables: an error from every function

CREATE TABLE taste.question (call text);
INSERT INTO taste.question VALUES
    ('reco.recommend(1, 5, %L)'), ('reco.recommend(NULL, 5, %L)'), ('reco.recommend_all(5, %L)'), ('reco.score(1, 4, %L)'),
    ('reco.predict(1, 4, %L)'), ('reco.explain(1, 4, 5, %L)'), ('reco.similar_products(1, 5, %L)'),
    ('reco.similar_clients(1, 5, %L)'), ('reco.audience(1, 5, %L)'), ('reco.likely_buyers(5, %L)');
SELECT throws_ok(
    format('SELECT taste.run_as(%L, %L)', 'taste_stranger', 'SELECT count(*) FROM ' || format(call, m)),
    '42501', 'permission denied for table ' || CASE m WHEN 'bought' THEN 'purchase' ELSE 'rating' END,
    format('without rights on the tables there is no answer: ' || call, m))
FROM taste.question, unnest(ARRAY['bought', 'rated', 'both']) m
WHERE NOT (call ~ 'predict' AND m = 'bought');
SELECT taste.run_as('taste_stranger', $$SELECT reco.create_model('theirs', purchases => 'SELECT client, product, quantity FROM taste.purchase')$$) AS _ \gset
SELECT throws_ok($$SELECT taste.run_as('taste_stranger', 'SELECT reco.train(''theirs'')')$$,
                 '42501', 'permission denied for table purchase', 'nor can a model be trained on them');
SELECT is(taste.run_as('taste_stranger', $$SELECT reco.rows_now('bought')$$), NULL, 'nor their rows be counted');

-- with them: the same answer as the owner's

SELECT is(
    taste.run_as('taste_reader', format('SELECT string_agg(a::text, '' '') FROM %s a', format(call, m))),
    taste.run_as(current_user, format('SELECT string_agg(a::text, '' '') FROM %s a', format(call, m))),
    format('whoever may read the tables gets the same answer: ' || call, m))
FROM taste.question, unnest(ARRAY['both']) m;
REVOKE SELECT ON taste.product FROM taste_reader;
SELECT throws_ok($$SELECT taste.run_as('taste_reader', 'SELECT count(*) FROM reco.recommend(1, 5, ''bought'')')$$,
                 '42501', 'permission denied for table product', 'lists need rights on the candidates as well');
SELECT lives_ok($$SELECT taste.run_as('taste_reader', 'SELECT count(*) FROM reco.similar_products(1, 5, ''bought'')')$$,
                'what needs no candidates does not');
GRANT SELECT (id, stock) ON taste.product TO taste_reader;
SELECT lives_ok($$SELECT taste.run_as('taste_reader', 'SELECT count(*) FROM reco.recommend(1, 5, ''bought'')')$$,
                'rights on the columns that are read are enough');
CREATE TABLE taste.secret AS SELECT id AS product_id FROM taste.product;
SELECT throws_ok($$SELECT taste.run_as('taste_reader', 'SELECT count(*) FROM reco.recommend(1, 5, ''bought'', ''taste.secret'')')$$,
                 '42501', 'permission denied for table secret', 'among needs rights on its relation');
CREATE VIEW taste.purchase_of_all AS SELECT * FROM taste.purchase;
GRANT SELECT ON taste.purchase_of_all TO taste_stranger;
SELECT reco.create_model('by view', purchases => 'SELECT client, product, quantity FROM taste.purchase_of_all') \gset
SELECT reco.train('by view') \g /dev/null
SELECT is(taste.run_as('taste_stranger', $$SELECT count(*) FROM reco.recommend(1, 5, 'by view')$$), '5',
          'rights on a view are enough for a model of the view');
REVOKE USAGE ON SCHEMA taste FROM taste_stranger;
SELECT throws_ok($$SELECT taste.run_as('taste_stranger', 'SELECT count(*) FROM reco.recommend(1, 5, ''by view'')')$$,
                 '42501', 'permission denied for schema taste', 'together with its schema');
GRANT USAGE ON SCHEMA taste TO taste_stranger;

-- functions in a query run with the rights of whoever asks, and are asked for them

CREATE FUNCTION taste.rows_of_purchase() RETURNS SETOF taste.purchase LANGUAGE plpgsql STABLE AS 'BEGIN RETURN QUERY SELECT * FROM taste.purchase; END';
CREATE FUNCTION taste.quantity_of(integer, integer) RETURNS numeric LANGUAGE plpgsql STABLE AS 'BEGIN RETURN (SELECT max(quantity) FROM taste.purchase WHERE client = $1 AND product = $2); END';
CREATE FUNCTION taste.rows_for_all() RETURNS SETOF taste.purchase LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp
AS 'BEGIN RETURN QUERY SELECT * FROM taste.purchase; END';
CREATE TABLE taste.pair AS SELECT DISTINCT client::integer, product FROM taste.purchase;
GRANT SELECT ON taste.pair TO taste_stranger;
SELECT reco.create_model('by rows', purchases => 'SELECT client, product, quantity FROM taste.rows_of_purchase()'),
       reco.create_model('by value', purchases => 'SELECT client, product, taste.quantity_of(client, product) FROM taste.pair'),
       reco.create_model('by definer', purchases => 'SELECT client, product, quantity FROM taste.rows_for_all()') \gset
SELECT reco.train(m) FROM unnest('{by rows,by value,by definer}'::text[]) m \g /dev/null
SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', 'taste_stranger', 'SELECT count(*) FROM ' || format(call, m)),
    '42501', 'permission denied for table purchase', format('a table that a function reads is asked for: ' || call, m))
FROM unnest('{by rows,by value}'::text[]) m, unnest(ARRAY['reco.similar_products(1, 5, %L)', 'reco.recommend(NULL, 5, %L)']) call;
SELECT is(taste.run_as('taste_stranger', $$SELECT count(*) FROM reco.similar_products(1, 5, 'by definer')$$), '5',
          'and is not where the function reads it for everybody');

-- rights follow the role, also within one session and one statement

CREATE FUNCTION taste.ask_as(roles name[]) RETURNS text[]
LANGUAGE plpgsql
AS $$
DECLARE
    r name;
    answers text[];
BEGIN
    FOREACH r IN ARRAY roles LOOP
        PERFORM set_config('role', r, true);
        BEGIN
            answers := answers || round(reco.score(1, 4, 'bought')::numeric, 3)::text;
        EXCEPTION
            WHEN insufficient_privilege THEN answers := answers || 'denied'::text;
        END;
        PERFORM set_config('role', 'none', true);
    END LOOP;
    RETURN answers;
END
$$;
SELECT ok(a[1] = a[3] AND a[1] <> 'denied' AND a[2] = 'denied',
          'an expression allowed a moment ago is not to another role, and is again to the first')
FROM taste.ask_as('{taste_reader,taste_stranger,taste_reader}') a;

CREATE FUNCTION taste.score_for_all() RETURNS double precision SECURITY DEFINER
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp
AS 'BEGIN RETURN reco.score(1, 4, ''bought''); END';
SELECT is(taste.run_as('taste_stranger', 'SELECT taste.score_for_all()'), reco.score(1, 4, 'bought')::text,
          'a function may answer with the rights of its owner');

-- row security

ALTER TABLE taste.purchase ENABLE ROW LEVEL SECURITY;
CREATE POLICY first_half ON taste.purchase FOR SELECT TO taste_reader USING (client <= 60);
ALTER TABLE taste.product ENABLE ROW LEVEL SECURITY;
CREATE POLICY odd ON taste.product FOR SELECT TO taste_reader USING (id % 2 = 1);
SELECT taste.run_as('taste_reader', $$SELECT reco.create_model('half', purchases => 'SELECT client, product, quantity FROM taste.purchase')$$) AS _ \gset
SELECT is(taste.run_as('taste_reader', $$SELECT clients || ' ' || rows_read FROM reco.train('half')$$),
          (SELECT count(DISTINCT client) || ' ' || count(*) FROM taste.purchase WHERE client <= 60),
          'a training reads the rows that its caller may see');
SELECT is(taste.run_as('taste_reader', format($$SELECT method FROM reco.recommend(%s, 1, 'bought')$$, c)), m,
          format('client %s is %s to a role that sees the first half', c, m))
FROM (VALUES (1, 'personal'), (100, 'popular')) v (c, m);
SELECT is((SELECT method FROM reco.recommend(100, 1, 'bought')), 'personal', 'and personal to the owner');
SELECT is(taste.run_as('taste_reader', $$SELECT count(DISTINCT client_id) FROM reco.recommend_all(1, 'bought')$$), '60',
          'lists for all are lists for all that it sees');
SELECT is(taste.run_as('taste_reader', $$SELECT bool_and(product_id % 2 = 1) FROM reco.recommend(1, 100, 'bought')$$), 'true',
          'candidates are those that it sees');
SELECT is(taste.run_as('taste_reader', $$SELECT bool_and(client_id <= 60) FROM reco.audience(1, 100, 'bought')$$), 'true',
          'an audience is of clients that it sees');
SELECT is(taste.run_as('taste_reader', $$SELECT reco.rows_now('half')$$),
          (SELECT count(*)::text FROM taste.purchase WHERE client <= 60), 'and only their rows are counted');
ALTER TABLE taste.purchase DISABLE ROW LEVEL SECURITY;
ALTER TABLE taste.product DISABLE ROW LEVEL SECURITY;

-- only the owner's role trains, activates and drops

CREATE SCHEMA taste_merchant AUTHORIZATION taste_merchant;
CREATE TABLE taste_merchant.sold AS SELECT * FROM taste.purchase;
ALTER TABLE taste_merchant.sold OWNER TO taste_merchant;
SELECT taste.run_as('taste_merchant', $$SELECT reco.create_model('merchant', purchases => 'SELECT client, product, quantity FROM taste_merchant.sold')$$) AS _ \gset
SELECT is(taste.run_as('taste_merchant', $$SELECT active FROM reco.train('merchant')$$), 'true', 'any role may make and train a model of its own tables');
GRANT USAGE ON SCHEMA taste_merchant TO taste_reader;
GRANT SELECT ON taste_merchant.sold TO taste_reader;
SELECT is(taste.run_as('taste_reader', $$SELECT count(*) FROM reco.recommend(1, 3, 'merchant')$$), '3', 'others may use it, if they may read the tables');
SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', 'taste_reader', 'SELECT ' || call), '42501', 'must be owner of model "merchant"',
                 'but not ' || call)
FROM unnest(ARRAY['reco.train(''merchant'')', 'reco.activate(''merchant'', 1)', 'reco.drop_model(''merchant'')']) call;
SELECT is(taste.run_as('taste_reader', format('SELECT count(*) FROM %s', relation)), '0', 'nor see it in ' || relation)
FROM unnest(ARRAY['reco.model WHERE name <> ''half''', 'reco.model_version WHERE model <> ''half''', 'reco.models WHERE name <> ''half''']) relation;
SELECT is(taste.run_as('taste_merchant', 'SELECT string_agg(name, '' '') FROM ' || relation), 'merchant', 'its owner sees it in ' || relation)
FROM unnest(ARRAY['reco.model', 'reco.models']) relation;
SELECT is(taste.run_as('taste_partner', $$SELECT version FROM reco.train('merchant')$$), '2', 'a member of the owner''s role trains it');
SELECT is(taste.run_as('taste_partner', $$SELECT string_agg(name || ' ' || version, '') FROM reco.models$$), 'merchant 2', 'and sees it');
SELECT lives_ok($$SELECT taste.run_as('taste_partner', 'SELECT reco.activate(''merchant'', 1)')$$, 'and activates its versions');
SELECT is((SELECT version FROM reco.train('merchant')), 3, 'a superuser trains it');

-- nobody reads or writes what is the engine's

SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', 'taste_merchant', statement), '42501', NULL, 'denied: ' || statement)
FROM unnest(ARRAY[
    'SELECT count(*) FROM reco.model_array',
    'UPDATE reco.model SET owner = ''taste_merchant''',
    'UPDATE reco.model_version SET active = true',
    'INSERT INTO reco.model (name, owner, ratings, options, has_surplus) VALUES (''x'', ''taste_merchant'', ''SELECT'', ''{}'', false)',
    'DELETE FROM reco.model_version',
    'CREATE TABLE reco.mine ()',
    'SET reco.max_memory = ''1GB''']) statement;

-- queries cannot write, whatever they call

CREATE TABLE taste_merchant.log (what text);
ALTER TABLE taste_merchant.log OWNER TO taste_merchant;
CREATE TABLE taste_merchant.few AS SELECT * FROM taste.purchase WHERE client <= 2;
ALTER TABLE taste_merchant.few OWNER TO taste_merchant;
CREATE FUNCTION taste_merchant.trick(how text) RETURNS integer
LANGUAGE plpgsql
AS $$
BEGIN
    EXECUTE how;
    RETURN 1;
END
$$;
ALTER FUNCTION taste_merchant.trick(text) OWNER TO taste_merchant;
CREATE TABLE taste.trick (number serial, how text, code text);
INSERT INTO taste.trick (how, code) VALUES
    ('INSERT INTO taste_merchant.log VALUES (current_user)', '25006'),
    ('CREATE TABLE taste_merchant.made ()', '25006'),
    ('SELECT set_config(''transaction_read_only'', ''off'', true)', '25001'),
    ('SET ROLE taste_stranger', '42501'),
    ('RESET ROLE', '42501'),
    ('SET SESSION AUTHORIZATION taste_stranger', '42501'),
    ('DECLARE c CURSOR WITH HOLD FOR SELECT 1', '42501');
SELECT taste.run_as('taste_merchant', format('SELECT reco.create_model(%L, purchases => %L)', 'trick ' || number,
    format('SELECT client, product, quantity * taste_merchant.trick(%L) FROM taste_merchant.few', how))) FROM taste.trick \g /dev/null
SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', who, format('SELECT reco.train(%L)', 'trick ' || number)), code, NULL,
                 format('a training by %s does not let its query %s', who, how))
FROM taste.trick, (VALUES ('taste_merchant'), (current_user)) v (who);
SELECT is((SELECT count(*) FROM taste_merchant.log), 0::bigint, 'so nothing was written');
SELECT lives_ok('INSERT INTO taste_merchant.log VALUES (''after'')', 'after such an error the transaction can write again');
SELECT is(current_user::text, session_user::text, 'as the role that it was');

-- a superuser lends nobody its rights

CREATE FUNCTION taste_merchant.tell() RETURNS integer
LANGUAGE plpgsql
AS $$
BEGIN
    IF (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'I may do anything';
    END IF;
    RETURN 1;
END
$$;
ALTER FUNCTION taste_merchant.tell() OWNER TO taste_merchant;
SELECT taste.run_as('taste_merchant', $$SELECT reco.create_model('tell',
    purchases => 'SELECT client, product, quantity * taste_merchant.tell() FROM taste_merchant.few',
    candidates => 'SELECT product * taste_merchant.tell() FROM taste_merchant.few')$$) AS _ \gset
SELECT lives_ok($$SELECT reco.train('tell')$$, 'a superuser who trains a model of another role runs its query as that role');
SELECT lives_ok($$SELECT * FROM reco.recommend(1, 5, 'tell')$$, 'and so for lists');
SELECT lives_ok($$SELECT * FROM reco.recommend_all(5, 'tell')$$, 'for all lists');
SELECT isnt(rows_since, NULL, 'and when listing models') FROM (SELECT reco.rows_now('tell') AS rows_since) r;

SELECT * FROM finish();
ROLLBACK;
