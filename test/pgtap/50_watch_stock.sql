-- watch_stock(): alerts of an app's own table.
BEGIN;
SELECT plan(73);

CREATE SCHEMA "My App";
CREATE DOMAIN "My App".units AS numeric(12,3);
CREATE TABLE "My App"."Produit" (
    "Id" integer PRIMARY KEY, name text, "En stock" "My App".units, min_stock smallint, on_sale boolean DEFAULT true);
INSERT INTO "My App"."Produit" VALUES (1, 'a', 10, 3, true), (2, 'b', 2, 3, true), (3, 'c', 0, 3, true),
    (4, 'd', NULL, 3, true), (5, 'e', 'NaN', 3, true), (6, 'f', 0, NULL, true), (7, 'g', 0, 3, false), (8, 'h', -1, 3, NULL);

-- Open alerts as "product kind quantity threshold".
CREATE FUNCTION pg_temp.open(watched regclass) RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(concat_ws(' ', product_id, kind, trim_scale(quantity), trim_scale(threshold)) ORDER BY product_id, kind)
    FROM reco.stock_alert WHERE relation = watched AND closed_at IS NULL $$;

SELECT reco.watch_stock('"My App"."Produit"', id_column => 'Id', quantity_column => 'En stock',
                        threshold_column => 'min_stock', active_column => 'on_sale');
SELECT is(pg_temp.open('"My App"."Produit"'), ARRAY['2 low 2 3', '3 low 0 3', '3 out 0 0'],
    'watching opens alerts of what is low already; rows without quantity, threshold or sale are not watched');

-- Life of an alert

UPDATE "My App"."Produit" SET "En stock" = "En stock" - 7 WHERE "Id" = 1;
SELECT is(pg_temp.open('"My App"."Produit"'), ARRAY['1 low 3 3', '2 low 2 3', '3 low 0 3', '3 out 0 0'],
    'low is opened at the threshold, with the quantity after the sale');
UPDATE "My App"."Produit" SET "En stock" = "En stock" - 1 WHERE "Id" = 1;
SELECT is((SELECT count(*) FROM reco.stock_alert WHERE product_id = 1), 1::bigint, 'one open alert, however often it is sold');
UPDATE "My App"."Produit" SET "En stock" = 4 WHERE "Id" = 1;
SELECT ok('1 low 3 3' = ANY (pg_temp.open('"My App"."Produit"')), 'it stays open up to threshold and margin');
UPDATE "My App"."Produit" SET "En stock" = 4.001 WHERE "Id" = 1;
SELECT is((SELECT close_reason FROM reco.stock_alert WHERE product_id = 1), 'recovered', 'above these it is closed');
UPDATE "My App"."Produit" SET "En stock" = 3.5 WHERE "Id" = 1;
SELECT is((SELECT count(*) FROM reco.stock_alert WHERE product_id = 1), 1::bigint, 'and not opened again above the threshold');
UPDATE "My App"."Produit" SET "En stock" = 0 WHERE "Id" = 1;
SELECT is((SELECT array_agg(kind ORDER BY kind) FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), ARRAY['low', 'out'],
    'nothing left: low and out');
UPDATE "My App"."Produit" SET "En stock" = 0.001 WHERE "Id" = 1;
SELECT is((SELECT array_agg(kind ORDER BY kind) FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), ARRAY['low'],
    'out is closed as soon as something is there');
UPDATE "My App"."Produit" SET min_stock = 1000, "En stock" = 1050 WHERE "Id" = 1;
SELECT ok(EXISTS (SELECT FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), 'the margin of a large threshold is a tenth');
UPDATE "My App"."Produit" SET "En stock" = 1101 WHERE "Id" = 1;
SELECT ok(NOT EXISTS (SELECT FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), 'above the tenth it is closed');

-- Settings

UPDATE "My App"."Produit" SET min_stock = 2000 WHERE "Id" = 1;
SELECT is((SELECT trim_scale(quantity) || '/' || threshold FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), '1101/2000',
    'a raised threshold opens');
UPDATE "My App"."Produit" SET min_stock = 1 WHERE "Id" = 1;
SELECT is((SELECT close_reason FROM reco.stock_alert WHERE product_id = 1 ORDER BY id DESC LIMIT 1), 'policy changed', 'a lowered one closes, and says why');
UPDATE "My App"."Produit" SET on_sale = false WHERE "Id" = 2;
UPDATE "My App"."Produit" SET "En stock" = NULL WHERE "Id" = 3;
SELECT is(pg_temp.open('"My App"."Produit"'), NULL, 'what is no longer on sale, or not counted, has no open alert');
UPDATE "My App"."Produit" SET on_sale = true WHERE "Id" IN (2, 7);
SELECT is(pg_temp.open('"My App"."Produit"'), ARRAY['2 low 2 3', '7 low 0 3', '7 out 0 0'], 'back on sale, it has');
SELECT lives_ok($$UPDATE "My App"."Produit" SET name = name || '!'$$, 'other columns are nobody''s business');
SELECT is((SELECT count(*) FROM reco.stock_alert WHERE closed_at IS NULL), 3::bigint, 'and change nothing');

-- Ways to write

DELETE FROM "My App"."Produit" WHERE "Id" = 2;
SELECT is((SELECT close_reason FROM reco.stock_alert WHERE product_id = 2 ORDER BY id DESC LIMIT 1), 'retired', 'a deleted row retires its alerts');
INSERT INTO "My App"."Produit" VALUES (1, 'a', 1, 3), (20, 'new', 1, 3)
ON CONFLICT ("Id") DO UPDATE SET "En stock" = excluded."En stock", min_stock = excluded.min_stock;
SELECT ok(pg_temp.open('"My App"."Produit"') @> ARRAY['1 low 1 3', '20 low 1 3'], 'an upsert opens for both, inserted and updated');
MERGE INTO "My App"."Produit" p USING (VALUES (1, 50), (20, NULL), (21, 0)) v (id, q) ON v.id = p."Id"
WHEN MATCHED AND q IS NULL THEN DELETE
WHEN MATCHED THEN UPDATE SET "En stock" = q
WHEN NOT MATCHED THEN INSERT VALUES (v.id, 'x', q, 3);
SELECT set_eq($$SELECT unnest(pg_temp.open('"My App"."Produit"'))$$, ARRAY['7 low 0 3', '7 out 0 0', '21 low 0 3', '21 out 0 0'],
    'MERGE: opened, closed and retired in one statement');
WITH gone AS (DELETE FROM "My App"."Produit" WHERE "Id" = 21 RETURNING *)
INSERT INTO "My App"."Produit" SELECT "Id" + 1, name, "En stock", min_stock FROM gone;
SELECT set_eq($$SELECT DISTINCT split_part(o, ' ', 1) FROM unnest(pg_temp.open('"My App"."Produit"')) o$$, ARRAY['7', '22'],
    'a row deleted and inserted under another id, in one statement');
UPDATE "My App"."Produit" SET "Id" = 23 WHERE "Id" = 22;
SELECT set_eq($$SELECT DISTINCT split_part(o, ' ', 1) FROM unnest(pg_temp.open('"My App"."Produit"')) o$$, ARRAY['7', '23'],
    'an alert belongs to the id: a new id, a new alert');
COPY "My App"."Produit" FROM STDIN;
30	copied	0	3	t
31	copied	100	3	t
\.
SELECT ok('30 out 0 0' = ANY (pg_temp.open('"My App"."Produit"')), 'COPY fires as well');
CREATE FUNCTION pg_temp.refill() RETURNS trigger LANGUAGE plpgsql AS
    $$BEGIN UPDATE "My App"."Produit" SET "En stock" = 100 WHERE "Id" = NEW."Id"; RETURN NULL; END$$;
CREATE TRIGGER refill AFTER UPDATE ON "My App"."Produit" FOR EACH ROW WHEN (NEW."En stock" < 5 AND OLD."En stock" > 50)
    EXECUTE FUNCTION pg_temp.refill();
UPDATE "My App"."Produit" SET "En stock" = 1 WHERE "Id" = 31;
SELECT ok(NOT EXISTS (SELECT FROM reco.stock_alert WHERE product_id = 31 AND closed_at IS NULL),
    'what counts is the row as it is in the end, whichever trigger fires first');
SAVEPOINT before;
UPDATE "My App"."Produit" SET "En stock" = 0 WHERE "Id" = 1;
ROLLBACK TO before;
SELECT ok(NOT EXISTS (SELECT FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL), 'what is rolled back has raised no alert');
TRUNCATE "My App"."Produit";
SELECT is(pg_temp.open('"My App"."Produit"'), NULL, 'TRUNCATE retires all alerts');
SELECT is(reco.refresh_stock('"My App"."Produit"'), 0::bigint, 'nothing is left to do');

-- Triggers off for a while

INSERT INTO "My App"."Produit" VALUES (1, 'a', 10, 3);
ALTER TABLE "My App"."Produit" DISABLE TRIGGER USER;
UPDATE "My App"."Produit" SET "En stock" = 0;
ALTER TABLE "My App"."Produit" ENABLE TRIGGER USER;
SELECT is(reco.refresh_stock('"My App"."Produit"'), 2::bigint, 'refresh_stock finds what happened with the triggers off');
SELECT is(reco.refresh_stock('"My App"."Produit"'), 0::bigint, 'once');

-- Any numeric type

CREATE TABLE "My App".types (id bigint UNIQUE, s smallint, i integer, b bigint, r real, d double precision);
INSERT INTO "My App".types VALUES (1, 2, 2, 2, 2, 2), (9007199254740993, 9, 9, 9, 9, 9);
SELECT lives_ok(format('SELECT reco.watch_stock(''"My App".types'', ''id'', %L, %L)', q, t), format('quantity in %s, threshold in %s', q, t))
FROM unnest(ARRAY['s', 'i', 'b', 'r', 'd']) q, unnest(ARRAY['r', 's']) t WHERE q <> t;
SELECT is(pg_temp.open('"My App".types'), ARRAY['1 low 2 2', '9007199254740993 low 9 9'], 'ids of 64 bits');
UPDATE "My App".types SET d = 'Infinity' WHERE id = 1;
SELECT is(pg_temp.open('"My App".types'), ARRAY['9007199254740993 low 9 9'], 'an infinite quantity is enough');
SELECT reco.watch_stock('"My App".types', 'id', 'i');
UPDATE "My App".types SET i = 0 WHERE id = 1;
SELECT is(pg_temp.open('"My App".types'), ARRAY['1 out 0 0'], 'without a threshold column only out is watched');

-- Partitions

CREATE TABLE "My App".parted (id integer PRIMARY KEY, q integer, s integer) PARTITION BY RANGE (id);
CREATE TABLE "My App".part1 PARTITION OF "My App".parted FOR VALUES FROM (0) TO (100);
CREATE TABLE "My App".part2 (s integer, dropped text, id integer NOT NULL, q integer);
ALTER TABLE "My App".part2 DROP COLUMN dropped;
ALTER TABLE "My App".parted ATTACH PARTITION "My App".part2 FOR VALUES FROM (100) TO (200);
SELECT reco.watch_stock('"My App".parted', 'id', 'q', 's');
INSERT INTO "My App".parted VALUES (1, 10, 3), (101, 10, 3);
UPDATE "My App".parted SET q = 1;
SELECT is(pg_temp.open('"My App".parted'), ARRAY['1 low 1 3', '101 low 1 3'], 'a partitioned table');
UPDATE "My App".part2 SET q = 0;
SELECT is(pg_temp.open('"My App".parted'), ARRAY['1 low 1 3', '101 low 1 3', '101 out 0 0'], 'statements that name a partition count for the whole');
UPDATE "My App".parted SET id = 150 WHERE id = 1;
SELECT ok('150 low 1 3' = ANY (pg_temp.open('"My App".parted')), 'a row that moves to another partition');
TRUNCATE "My App".part2;
SELECT is(pg_temp.open('"My App".parted'), NULL, 'TRUNCATE of a partition retires what was in it');

-- What cannot be watched

CREATE VIEW "My App".seen AS SELECT * FROM "My App".types;
CREATE TABLE "My App".parent (id integer PRIMARY KEY, q integer);
CREATE TABLE "My App".child () INHERITS ("My App".parent);
SELECT throws_ok($$SELECT reco.watch_stock('"My App".seen', 'id', 'i')$$, '42809', '"seen" is not a table', 'a view');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".part1', 'id', 'q')$$, '42809', '"part1" is a partition', 'a partition');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".parent', 'id', 'q')$$, '0A000', 'table "parent" inherits or is inherited from', 'a family of tables');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".types', 'no', 'i')$$, '42703', 'column "no" of table "types" does not exist', 'an unknown column');
SELECT throws_ok($$SELECT reco.watch_stock('"My App"."Produit"', 'Id', 'name')$$, '42804', 'column "name" of table "Produit" cannot be the quantity column', 'a quantity of text');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".types', 'd', 'i')$$, '42804', 'column "d" of table "types" cannot be the id column', 'an id of double precision');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".types', 'i', 'd')$$, '22023', 'column "i" of table "types" is not unique', 'an id that is not unique');
SELECT throws_ok($$SELECT reco.watch_stock(NULL, 'id', 'q')$$, '22004', NULL, 'nothing');
SELECT throws_ok($$SELECT reco.watch_stock('"My App".types', 'id', NULL)$$, '22004', NULL, 'no quantity column');
SELECT throws_ok($$SELECT reco.refresh_stock('"My App".parent')$$, '55000', 'table "parent" is not watched', 'refreshing what is not watched');
SELECT throws_ok('SELECT reco.unwatch_stock(NULL)', '22004', 'table must not be null', 'unwatching nothing');
SELECT throws_ok($$SELECT reco.unwatch_stock('"My App".parent')$$, '42704', NULL, 'unwatching what is not watched');
ALTER TABLE "My App".types RENAME COLUMN i TO j;
SELECT throws_ok($$UPDATE "My App".types SET j = 1$$, '42703', 'column "i" of watched table "types" does not exist', 'a renamed column is missed, not ignored');
CREATE TABLE "My App".wrong (id integer PRIMARY KEY);
CREATE TRIGGER wrong AFTER INSERT ON "My App".wrong FOR EACH ROW EXECUTE FUNCTION reco.watch_statement('id', 'id');
SELECT throws_ok($$INSERT INTO "My App".wrong VALUES (1)$$, '39P01', 'trigger "wrong" cannot call function watch_statement', 'a trigger of the wrong kind');

-- Rights

CREATE ROLE stock_owner;
CREATE ROLE stock_writer;
CREATE ROLE stock_stranger;
GRANT USAGE, CREATE ON SCHEMA "My App" TO stock_owner;
GRANT USAGE ON SCHEMA "My App" TO stock_writer, stock_stranger;
SET ROLE stock_owner;
CREATE TABLE "My App".owned (id integer PRIMARY KEY, q integer, s integer);
ALTER TABLE "My App".owned ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT INSERT ON "My App".owned TO stock_writer;
SELECT lives_ok($$SELECT reco.watch_stock('"My App".owned', 'id', 'q', 's')$$, 'the owner watches the table');
RESET ROLE;
CREATE POLICY everybody ON "My App".owned FOR INSERT WITH CHECK (true);
SET ROLE stock_writer;
SELECT throws_ok($$SELECT reco.watch_stock('"My App".owned', 'id', 'q')$$, '42501', 'must be owner of table owned', 'nobody else does');
SELECT throws_ok($$SELECT reco.unwatch_stock('"My App".owned')$$, '42501', NULL, 'or ends it');
SELECT throws_ok($$SELECT reco.refresh_stock('"My App".owned')$$, '42501', NULL, 'or refreshes it');
SELECT lives_ok($$INSERT INTO "My App".owned VALUES (1, 0, 3)$$, 'who may only insert raises alerts all the same');
SELECT is((SELECT count(*) FROM reco.stock_alert WHERE relation = '"My App".owned'::regclass), 0::bigint, 'but does not see them without SELECT on the table');
SELECT throws_ok($$DELETE FROM reco.stock_alert$$, '42501', NULL, 'nor writes them');
RESET ROLE;
GRANT SELECT ON "My App".owned TO stock_stranger;
SET ROLE stock_owner;
SELECT is(pg_temp.open('"My App".owned'), ARRAY['1 low 0 3', '1 out 0 0'], 'the owner sees them, whatever row security says');
SET ROLE stock_stranger;
SELECT is(pg_temp.open('"My App".owned'), NULL, 'who may read the table does not, if row security hides rows');
RESET ROLE;
ALTER TABLE "My App".owned DISABLE ROW LEVEL SECURITY;
SET ROLE stock_stranger;
SELECT is(pg_temp.open('"My App".owned'), ARRAY['1 low 0 3', '1 out 0 0'], 'else it does');
RESET ROLE;

-- The end

SELECT lives_ok($$SELECT reco.unwatch_stock('"My App".owned')$$, 'unwatch_stock');
SELECT is(pg_temp.open('"My App".owned'), NULL, 'closes what was open');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgrelid = '"My App".owned'::regclass), 0::bigint, 'and leaves no trigger');
SELECT lives_ok($$SELECT reco.unwatch_stock('"My App".parted')$$, 'a partitioned table too');
SELECT is((SELECT count(*) FROM pg_trigger WHERE tgname ~ '^reco_stock' AND tgrelid = '"My App".part1'::regclass), 0::bigint, 'with its partitions');
DROP TABLE "My App".owned;
SELECT reco.refresh_stock('"My App"."Produit"');
SELECT is((SELECT count(*) FROM reco.stock_alert a WHERE NOT EXISTS (SELECT FROM pg_class WHERE oid = a.relation)), 0::bigint,
    'alerts of dropped tables are forgotten at the next occasion');

SELECT * FROM finish();
ROLLBACK;
