-- Lists follow the snapshot of the statement: what this transaction did counts, with no retraining.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(40);

CREATE FUNCTION taste.list(client_number bigint, n integer, model_name text) RETURNS bigint[]
STABLE
RETURN (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(client_number, n, model_name));

-- a purchase

SELECT taste.list(1, 10, 'bought') AS before \gset
SELECT product_id AS first FROM reco.recommend(1, 1, 'bought') \gset
SELECT product_id AS second, score FROM reco.recommend(1, 2, 'bought') WHERE rank = 2 \gset
INSERT INTO taste.purchase VALUES (1, :first, 1, now());
SELECT ok(:first <> ALL (taste.list(1, 100, 'bought')), 'a product bought in this transaction is not offered any more');
SELECT isnt(reco.score(1, :second, 'bought'), :'score'::double precision, 'and changes the scores of the others');
DELETE FROM taste.purchase WHERE client = 1 AND product = :first;
SELECT is(taste.list(1, 10, 'bought'), :'before', 'and is offered again when the purchase is undone');

INSERT INTO taste.purchase VALUES (1, :first, 2, now()), (1, :first, -2, now());
SELECT is(taste.list(1, 10, 'bought'), :'before', 'a purchase that was returned altogether was none');
DELETE FROM taste.purchase WHERE client = 1 AND product = :first;

-- a client who did not exist a moment ago

SELECT is((SELECT method FROM reco.recommend(500, 1, 'bought')), 'popular', 'a new client gets popular products');
INSERT INTO taste.purchase VALUES (500, 2, 1, now()), (500, 5, 1, now()), (500, 8, 1, now());
SELECT is((SELECT method FROM reco.recommend(500, 1, 'bought')), 'personal', 'after three purchases the list is personal');
SELECT ok((SELECT count(*) = 5 FROM reco.recommend(500, 5, 'bought') WHERE product_id % 3 = 2),
          'and of the taste of what was bought');
DELETE FROM taste.purchase WHERE client = 500;
SELECT is((SELECT method FROM reco.recommend(500, 1, 'bought')), 'popular', 'without them it is popular again');
INSERT INTO taste.purchase VALUES (500, 1000, 1, now());
SELECT is((SELECT method FROM reco.recommend(500, 1, 'bought')), 'popular',
          'purchases of products unknown to the model alone say nothing');
INSERT INTO taste.product VALUES (1000, 1);
SELECT ok(1000 <> ALL (taste.list(500, 1000, 'bought')), 'but such a product is not offered again either');
SELECT ok(1000 = ANY (taste.list(1, 1000, 'bought')), 'while a new product is offered to the others');
DELETE FROM taste.product WHERE id = 1000;

-- a rating

SELECT product_id AS liked FROM reco.recommend(1, 1, 'rated') \gset
SELECT reco.predict(1, :liked, 'rated') AS stars \gset
SELECT taste.list(1, 10, 'rated') AS rated_before \gset
INSERT INTO taste.rating SELECT 1, p, CASE p % 3 WHEN 1 THEN 1 ELSE 5 END, now() FROM generate_series(1, 60) p WHERE p <> :liked;
SELECT ok(reco.predict(1, :liked, 'rated') < :stars - 0.5, 'new ratings change the stars predicted');
SELECT is((SELECT array_agg(p ORDER BY p) FROM unnest(taste.list(1, 10, 'rated')) p),
          ARRAY[:liked, 61, 62, 63, 64, 65]::bigint[],
          'and all that is left to offer is what was not rated');
DELETE FROM taste.rating WHERE client = 1 AND rated_at = now();
SELECT is(taste.list(1, 10, 'rated'), :'rated_before', 'without them all is as before');

-- a product that is sold out

UPDATE taste.product SET stock = 0 WHERE id = :first;
SELECT is((SELECT array_agg(p) FROM unnest(taste.list(1, 9, 'bought')) p), (:'before'::bigint[])[2:],
          'a product sold out in this transaction is left out, the others move up');
UPDATE taste.product SET stock = 1 WHERE id = :first;
SELECT is(taste.list(1, 10, 'bought'), :'before', 'and comes back with the stock');

-- savepoints

SAVEPOINT s;
INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM unnest(:'before'::bigint[]) p;
SELECT taste.list(1, 10, 'bought') AS within \gset
ROLLBACK TO s;
SELECT isnt(:'within'::bigint[], :'before'::bigint[], 'in a subtransaction its changes count');
SELECT is(taste.list(1, 10, 'bought'), :'before', 'rolled back, they do not');

SAVEPOINT s;
SELECT version FROM reco.train('bought') \gset
SELECT array_agg(version ORDER BY version) AS versions FROM reco.model_version WHERE model = 'bought' \gset
ROLLBACK TO s;
SELECT is(:'versions', '{1,2}'::text, 'a training in a subtransaction adds a version');
SELECT is((SELECT array_agg(version) FROM reco.model_version WHERE model = 'bought'), ARRAY[1], 'which goes with it');
SELECT is(taste.list(1, 10, 'bought'), :'before', 'and the version before serves');

-- plpgsql: one expression, evaluated again and again while the tables change

CREATE FUNCTION taste.shopping_spree(client_number bigint, n integer) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
DECLARE
    bag bigint[] := '{}';
    best bigint;
BEGIN
    FOR i IN 1 .. n LOOP
        SELECT product_id INTO best FROM reco.recommend(client_number, 1, 'bought');
        INSERT INTO taste.purchase VALUES (client_number, best, 1, now());
        bag := bag || best;
    END LOOP;
    RETURN bag;
END
$$;
SELECT is((SELECT count(DISTINCT p)::integer FROM unnest(taste.shopping_spree(600, 40)) p), 40,
          'a loop that buys what it is offered is never offered the same again');

CREATE FUNCTION taste.score_twice(client_number bigint, change text, undo boolean) RETURNS double precision[]
LANGUAGE plpgsql
AS $$
DECLARE
    scores double precision[];
BEGIN
    FOR i IN 1 .. 3 LOOP
        scores[i] := reco.score(client_number, 4, 'bought');
        IF i = 1 THEN
            BEGIN
                EXECUTE change;
                IF undo THEN
                    RAISE EXCEPTION 'never mind';
                END IF;
            EXCEPTION
                WHEN raise_exception THEN NULL;
            END;
        END IF;
    END LOOP;
    RETURN scores;
END
$$;
SELECT ok(s[1] <> s[2] AND s[2] = s[3], 'an expression evaluated after a change sees it')
FROM taste.score_twice(2, 'INSERT INTO taste.purchase SELECT 2, p, 1, now() FROM generate_series(1, 20) p', false) s;
SELECT ok(s[1] = s[2] AND s[2] = s[3], 'and not when the change was rolled back')
FROM taste.score_twice(3, 'INSERT INTO taste.purchase SELECT 3, p, 1, now() FROM generate_series(1, 20) p', true) s;

CREATE FUNCTION taste.score_within(client_number bigint) RETURNS double precision[]
LANGUAGE plpgsql
AS $$
DECLARE
    scores double precision[];
BEGIN
    FOR i IN 1 .. 3 LOOP
        BEGIN
            IF i = 2 THEN
                INSERT INTO taste.purchase SELECT client_number, p, 1, now() FROM generate_series(1, 20) p;
            END IF;
            scores[i] := reco.score(client_number, 4, 'bought');
            IF i = 2 THEN
                RAISE EXCEPTION 'never mind';
            END IF;
        EXCEPTION
            WHEN raise_exception THEN NULL;
        END;
    END LOOP;
    RETURN scores;
END
$$;
SELECT ok(s[1] <> s[2] AND s[1] = s[3], 'evaluated within what is rolled back, and after it, it sees what is there each time')
FROM taste.score_within(3) s;

-- triggers

CREATE TABLE taste.offered (bought integer, offered bigint[]);
CREATE FUNCTION taste.offer() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    INSERT INTO taste.offered VALUES (new.product, taste.list(new.client, 5, 'bought'));
    RETURN NULL;
END
$$;
CREATE TRIGGER offer AFTER INSERT ON taste.purchase FOR EACH ROW EXECUTE FUNCTION taste.offer();
INSERT INTO taste.purchase SELECT 4, product_id, 1, now() FROM reco.recommend(4, 3, 'bought');
SELECT ok(count(*) = 3 AND bool_and(bought <> ALL (offered)), 'a trigger on a purchase is not offered what was bought')
FROM taste.offered;
DROP TRIGGER offer ON taste.purchase;
DELETE FROM taste.purchase WHERE bought_at = now();

-- prepared statements, cursors, statements that change what they read

SET LOCAL plan_cache_mode = force_generic_plan;
PREPARE offers(bigint) AS SELECT array_agg(product_id ORDER BY rank) AS list FROM reco.recommend($1, 10, 'bought');
EXECUTE offers(1) \gset
SELECT is(:'list', :'before'::text, 'a prepared statement gives the same list');
INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM unnest(:'before'::bigint[]) p;
EXECUTE offers(1) \gset
SELECT ok(NOT :'list'::bigint[] && :'before'::bigint[], 'and executed again it sees what changed');
DELETE FROM taste.purchase WHERE bought_at = now();
SELECT version FROM reco.train('bought') \gset
EXECUTE offers(1) \gset
SELECT is(:'list', :'before'::text, 'and after a training on the same rows it gives the same list');
DEALLOCATE offers;
RESET plan_cache_mode;

DECLARE offers CURSOR FOR SELECT product_id FROM reco.recommend(1, 10, 'bought');
INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM unnest(:'before'::bigint[]) p;
SELECT results_eq('offers'::refcursor, format('SELECT unnest(%L::bigint[])', :'before'),
                  'a cursor opened before a change does not see it');
DELETE FROM taste.purchase WHERE bought_at = now();
CLOSE offers;

WITH bought AS (
    INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM unnest(:'before'::bigint[]) p RETURNING product
)
SELECT array_agg(product_id ORDER BY rank) AS list
FROM reco.recommend(1, 10, 'bought') WHERE (SELECT count(*) FROM bought) = 10 \gset
SELECT is(:'list', :'before'::text, 'a statement does not see its own changes, as for any table');
DELETE FROM taste.purchase WHERE bought_at = now();

-- many clients in one statement: their rows are then read all at once

SELECT taste.none(
    $$SELECT c FROM (SELECT c, array_agg(product_id ORDER BY rank) AS list
                     FROM generate_series(1, 130) c, LATERAL reco.recommend(c, 10, 'bought') r GROUP BY c) many
      WHERE list IS DISTINCT FROM taste.list(c, 10, 'bought')$$,
    'LATERAL over many clients gives each the list of their own');
SELECT taste.none(
    $$SELECT * FROM (SELECT c, (reco.recommend(c, 10, 'bought')).* FROM generate_series(1, 130) c) many
      WHERE product_id IS DISTINCT FROM (taste.list(c, 10, 'bought'))[rank]$$,
    'and so does the call in a select list');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 60) c, reco.recommend(c, 5, 'bought') a, reco.recommend(c, 5, 'rated') b
      WHERE a.rank = b.rank AND (a.product_id <> (taste.list(c, 5, 'bought'))[a.rank]
                                 OR b.product_id <> (taste.list(c, 5, 'rated'))[b.rank])$$,
    'two models in one statement do not mix');
SELECT taste.none(
    $$SELECT * FROM (SELECT c, CASE WHEN c % 2 = 0 THEN 'bought' ELSE 'rated' END AS m FROM generate_series(1, 60) c) x,
                  LATERAL reco.recommend(c, 5, m) r
      WHERE product_id <> (taste.list(c, 5, m))[rank]$$,
    'one call that changes its model from row to row answers for each');

-- where nothing can be written

SAVEPOINT s;
SET LOCAL transaction_read_only = on;
SELECT taste.list(1, 10, 'bought') AS list, reco.predict(1, 1, 'rated') AS stars,
       (SELECT count(*) FROM reco.recommend_all(3, 'bought')) AS all, (SELECT count(*) FROM reco.models) AS models,
       (SELECT count(*) FROM reco.similar_products(1, 3, 'bought')) AS similar,
       (SELECT count(*) FROM reco.similar_clients(1, 3, 'bought')) AS clients,
       (SELECT count(*) FROM reco.explain(1, 4, 3, 'bought')) AS explained \gset
ROLLBACK TO s;
SELECT is(:'list', :'before'::text, 'in a read-only transaction the list is the same');
SELECT is(ARRAY[:similar, :clients, :explained, :models], ARRAY[3, 3, 3, 3], 'and every other question has its answer');

-- a parallel query

CREATE TABLE taste.crowd AS SELECT c % 130 + 1 AS client, c FROM generate_series(1, 20000) c;
ANALYZE taste.crowd;
SET LOCAL parallel_setup_cost = 0;
SET LOCAL parallel_tuple_cost = 0;
SET LOCAL min_parallel_table_scan_size = 0;
SET LOCAL max_parallel_workers_per_gather = 2;
CREATE FUNCTION taste.plan(query text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    line text;
    lines text := '';
BEGIN
    FOR line IN EXECUTE 'EXPLAIN ' || query LOOP
        lines := lines || line || E'\n';
    END LOOP;
    RETURN lines;
END
$$;
SELECT matches(
    taste.plan($$SELECT client, reco.score(client, 4, 'bought') FROM (SELECT client FROM taste.crowd GROUP BY client) x$$),
    'Gather', 'the rest of a query can run in parallel');
SELECT taste.none(
    $$SELECT client, reco.score(client, 4, 'bought') FROM (SELECT client FROM taste.crowd GROUP BY client) x
      EXCEPT SELECT c, reco.score(c, 4, 'bought') FROM generate_series(1, 130) c$$,
    'and scores are the same then');
-- called otherwise from PostgreSQL 16 on
SELECT set_config(name, 'on', true) FROM pg_settings WHERE name IN ('debug_parallel_query', 'force_parallel_mode') \g /dev/null
SELECT is(taste.list(1, 10, 'bought'), :'before', 'a query that is made parallel by force gives the same list');

SELECT * FROM finish();
ROLLBACK;
