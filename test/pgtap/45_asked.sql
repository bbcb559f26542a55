-- Where that is cheaper, candidates and among are not read but asked which of the best products pass: the lists are
-- those of reading.
BEGIN;
\ir setup/tastes.sql
SELECT plan(18);

-- A long list of products, most of which the model does not know and which cannot be sold.
ALTER TABLE taste.product ADD surplus numeric, ADD season integer NOT NULL DEFAULT 0;
INSERT INTO taste.product SELECT p, 0 FROM generate_series(1001, 9000) p;
UPDATE taste.product SET surplus = taste.chance('surplus', id, 0)::numeric WHERE id % 3 <> 1 AND id < 1000;
ANALYZE taste.product;
SELECT reco.create_model(m,
    ratings => CASE WHEN m <> 'bought' THEN 'SELECT client, product, stars, rated_at FROM taste.rating' END,
    purchases => CASE WHEN m <> 'rated' THEN 'SELECT client, product, quantity FROM taste.purchase' END,
    candidates => CASE WHEN m = 'lifted' THEN 'SELECT id, surplus FROM taste.product WHERE stock > 0'
                       WHEN m <> 'open' THEN 'SELECT id FROM taste.product WHERE stock > 0' END)
FROM unnest('{bought,rated,both,lifted,open}'::text[]) m \g /dev/null
SELECT (reco.train(m)).version FROM unnest('{bought,rated,both,lifted,open}'::text[]) m \g /dev/null
CREATE VIEW taste.summer AS SELECT id AS product_id FROM taste.product WHERE season = 1;
CREATE VIEW taste.twice AS SELECT id::smallint AS product_id FROM taste.product WHERE season >= 1 AND id < 1000
    UNION ALL SELECT id::smallint FROM taste.product WHERE season = 1 AND id < 1000;

-- How often a statement has scanned all products, and how often it has found some by their index.
CREATE FUNCTION taste.scans() RETURNS bigint[]
RETURN (SELECT ARRAY[seq_scan, idx_scan] FROM pg_stat_xact_user_tables WHERE relid = 'taste.product'::regclass);
CREATE FUNCTION taste.scans_of(statement text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    before CONSTANT bigint[] := taste.scans();
    after bigint[];
BEGIN
    EXECUTE statement;
    after := taste.scans();
    RETURN CASE WHEN after[1] > before[1] THEN 'read' WHEN after[2] > before[2] THEN 'asked' ELSE 'nothing' END;
END
$$;

-- The list by the slow way: everything that may be offered, scored and sorted; for each season's part of the products.
CREATE FUNCTION taste.slow_list(client_number bigint, n integer, model_name text, relation regclass, excluded bigint[], again boolean)
RETURNS text
LANGUAGE plpgsql STABLE
AS $$
BEGIN
    RETURN (
        SELECT string_agg(concat_ws(' ', id, s), ',' ORDER BY s DESC, id)
        FROM (SELECT p.id, reco.score(client_number, p.id, model_name) AS s
              FROM taste.product p
              WHERE CASE WHEN model_name = 'open' THEN p.id <= 60 OR relation IS NOT NULL ELSE p.stock > 0 END
                AND (relation IS NULL OR (p.season >= 1 AND CASE WHEN relation = 'taste.summer'::regclass THEN p.season = 1 ELSE p.id < 1000 END))
                AND p.id <> ALL (excluded)
                AND (again OR NOT EXISTS (SELECT FROM taste.purchase b WHERE model_name <> 'rated' AND b.client = client_number AND b.product = p.id)
                         AND NOT EXISTS (SELECT FROM taste.rating r WHERE model_name = 'rated' AND r.client = client_number AND r.product = p.id))
              ORDER BY 2 DESC, 1 LIMIT n) best);
END
$$;
CREATE FUNCTION taste.wrong_lists() RETURNS SETOF text
LANGUAGE sql STABLE
AS $$
    SELECT concat_ws(' ', c, n, m, among, excluded, again)
    FROM unnest('{1,999}'::bigint[]) c, unnest('{1,25}'::integer[]) n,
         unnest('{bought,rated,both,lifted,open}'::text[]) m, unnest('{taste.summer,taste.twice,NULL}'::regclass[]) among,
         (VALUES ('{}'::bigint[], false), ('{4,5,7,61}', true)) v (excluded, again)
    WHERE (SELECT string_agg(concat_ws(' ', product_id, score), ',' ORDER BY rank) FROM reco.recommend(c, n, m, among, excluded, again))
          IS DISTINCT FROM taste.slow_list(c, n, m, among, excluded, again)
$$;

SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5, 'bought')$$), 'asked', 'candidates of a long table are asked');
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5, 'lifted')$$), 'asked', 'of their surplus as well');
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5, 'rated')$$), 'asked', 'for lists by stars as well');
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(999, 5, 'bought')$$), 'asked', 'for popular lists as well');
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5000, 'bought')$$), 'read', 'for a list of everything they are read');
SELECT is(taste.scans_of($$SELECT FROM generate_series(1, 2000) c, reco.recommend(c, 5, 'bought')$$), 'read', 'and for many lists in one statement');

-- season: how many of the known products may be sold, or are in the relation
CREATE FUNCTION taste.set_season(share double precision) RETURNS void
LANGUAGE sql
AS $$
    UPDATE taste.product SET season = CASE WHEN taste.chance('season', id, 0) < share THEN 1 ELSE 0 END,
        stock = CASE WHEN taste.chance('stock', id, 0) < (1 + share) / 2 THEN 1 ELSE 0 END WHERE id < 1000;
$$;
SELECT FROM taste.set_season(0.9);
SELECT taste.none('SELECT taste.wrong_lists()', 'where most of the products pass, lists are those of all scores');
SELECT FROM taste.set_season(0.5);
SELECT taste.none('SELECT taste.wrong_lists()', 'and where half of them pass');
SELECT FROM taste.set_season(0.1);
SELECT taste.none('SELECT taste.wrong_lists()', 'and where few do');
SELECT FROM taste.set_season(0);
SELECT taste.none('SELECT taste.wrong_lists()', 'and where none is among what is wished');
UPDATE taste.product SET season = 1 + id % 2, stock = 1 WHERE id IN (61, 63, 1005, 1006, 8001);
SELECT taste.none('SELECT taste.wrong_lists()', 'also with products that the model does not know');
UPDATE taste.product SET stock = id % 3 + 1, season = id % 3 WHERE id < 1000;
UPDATE taste.purchase SET quantity = 1;
SELECT taste.none('SELECT taste.wrong_lists()', 'also by another part of the products');

-- what may not be asked twice
CREATE FUNCTION taste.today(id bigint) RETURNS boolean
LANGUAGE plpgsql VOLATILE
AS $$ BEGIN RETURN id % 2 = 0; END $$;
SELECT reco.create_model('moody', purchases => 'SELECT client, product, quantity FROM taste.purchase',
                         candidates => 'SELECT id FROM taste.product WHERE taste.today(id)') \gset
SELECT version FROM reco.train('moody') \gset
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5, 'moody')$$), 'read', 'what has volatile functions is read');
SELECT taste.none($$SELECT * FROM reco.recommend(1, 30, 'moody') WHERE product_id % 2 = 1$$, 'and says what may be offered');

-- row security: of the caller
SELECT format('DROP ROLE IF EXISTS %1$I; CREATE ROLE %1$I', 'reco_test_asker') \gexec
GRANT USAGE ON SCHEMA taste TO reco_test_asker;
GRANT SELECT ON ALL TABLES IN SCHEMA taste TO reco_test_asker;
ALTER TABLE taste.product ENABLE ROW LEVEL SECURITY;
CREATE POLICY by_digit ON taste.product TO reco_test_asker USING (id % 10 = current_setting('taste.digit')::integer);
CREATE FUNCTION taste.digits(digit text) RETURNS bigint[]
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM set_config('taste.digit', digit, true);
    RETURN (SELECT array_agg(DISTINCT product_id % 10) FROM reco.recommend(1, 3, 'bought'));
END
$$;
SET LOCAL ROLE reco_test_asker;
SELECT taste.digits('2') AS two, taste.digits('7') AS seven \gset
RESET ROLE;
SELECT is(ARRAY[:'two', :'seven'], '{"{2}","{7}"}', 'row security holds for what is asked, under each setting');
SELECT is(taste.scans_of($$SELECT FROM reco.recommend(1, 5, 'bought')$$), 'asked', 'and nobody else''s plan is touched');
ALTER TABLE taste.product DISABLE ROW LEVEL SECURITY;

-- a relation that becomes another one
CREATE TABLE taste.chosen AS SELECT id AS product_id FROM taste.product;
CREATE INDEX ON taste.chosen (product_id);
ANALYZE taste.chosen;
SELECT count(*) AS before FROM reco.recommend(1, 5, 'bought', among => 'taste.chosen') \gset
ALTER TABLE taste.chosen RENAME TO old;
CREATE VIEW taste.chosen AS SELECT 2 AS product_id;
SELECT is((SELECT array_agg(product_id) FROM reco.recommend(1, 5, 'bought', among => 'taste.chosen', bought => true)), '{2}', 'a name that means another relation now');
SELECT is((SELECT count(*) FROM reco.recommend(1, 5, 'bought', among => 'taste.old')), :'before'::bigint, 'and a relation by another name');
DROP TABLE taste.old;

SELECT * FROM finish();
ROLLBACK;
