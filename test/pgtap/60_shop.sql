-- create_shop(): the tables of a shop, and the model of its name.
BEGIN;
\ir setup/tastes.sql
SELECT plan(36);

SELECT reco.create_shop() \gset
SELECT has_table('shop', t, 'a shop has a table ' || t)
FROM unnest(ARRAY['client', 'category', 'supplier', 'product', 'rating', 'sale', 'sale_line', 'stock_move', 'stock_level',
                  'stock_alert', 'purchase_order', 'exchange_rate']) t;
SELECT columns_are('shop', 'rating', ARRAY['client_id', 'product_id', 'stars', 'rated_at'], 'ratings are of these columns');
SELECT is((SELECT array_agg(name || ' ' || (ratings IS NOT NULL) || (purchases IS NOT NULL) || (candidates IS NOT NULL)) FROM reco.model),
          ARRAY['shop truetruetrue'], 'and a model of the same name, of ratings and purchases, with candidates');
SELECT is((SELECT count(*) FROM pg_depend d JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'reco'
           JOIN pg_class c ON c.oid = d.objid AND d.classid = 'pg_class'::regclass
           WHERE c.relnamespace = 'shop'::regnamespace AND d.deptype = 'e'), 0::bigint, 'its tables are not the extension''s');

-- two clients' worth of goods: groups by number modulo 3, bought and rated as in other tests
INSERT INTO shop.category (name) VALUES ('all');
INSERT INTO shop.product (id, name, category_id, price, unit_cost)
SELECT p, 'product ' || p, (SELECT id FROM shop.category), 100, 60 FROM generate_series(1, 60) p;
INSERT INTO shop.client (id, name) SELECT c, 'client ' || c FROM generate_series(1, 120) c;
INSERT INTO shop.stock_move (product_id, quantity, kind) SELECT p, 1000, 'opening' FROM generate_series(1, 60) p;
INSERT INTO shop.sale (id, client_id) SELECT c, c FROM generate_series(1, 120) c;
INSERT INTO shop.sale_line (sale_id, product_id, quantity, unit_price)
SELECT c, p, 1, 100 FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE (hashint8extended(c * 100 + p, 1) & 1023) < CASE WHEN c % 3 = p % 3 THEN 450 ELSE 30 END;
INSERT INTO shop.rating (client_id, product_id, stars)
SELECT c, p, 1 + (c % 3 = p % 3)::integer * 3 + (hashint8extended(c * 100 + p, 2) & 1) FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE (hashint8extended(c * 100 + p, 3) & 1023) < 300;

SELECT is(active, true, 'the model of a shop with sales goes live') FROM reco.train();
SELECT is((SELECT count(*) FROM reco.recommend(1)), 10::bigint, 'and is the default for lists');
SELECT is(method, 'personal', 'which are personal') FROM reco.recommend(1, 1);
SELECT ok(stars BETWEEN 1 AND 5, 'with stars') FROM reco.recommend(1, 1);
SELECT is_empty($$SELECT FROM reco.recommend(1, 100) r JOIN shop.sale_line l ON l.product_id = r.product_id AND l.sale_id = 1$$,
                'without what was bought');

SELECT product_id AS first FROM reco.recommend(1, 1) \gset
UPDATE shop.product SET active = false WHERE id = :first;
SELECT ok(:first <> ALL (array_agg(product_id)), 'nor what is not sold any more') FROM reco.recommend(1, 100);
UPDATE shop.product SET active = true WHERE id = :first;
SELECT ok(:first = ANY (array_agg(product_id)), 'until it is again') FROM reco.recommend(1, 100);
INSERT INTO shop.sale (id) VALUES (1000);
INSERT INTO shop.sale_line (sale_id, product_id, quantity, unit_price) SELECT 1000, p, 1, 100 FROM generate_series(1, 60) p;
SELECT is((SELECT count(*) FROM reco.recommend_all(1)), 120::bigint, 'sales to passers-by are nobody''s');
SELECT is((SELECT rows_since FROM reco.models WHERE name = 'shop'), 0::bigint, 'and nothing to learn from');

-- another shop

SELECT reco.create_shop('Chez "Mama" d''abord') \gset
SELECT has_table('Chez "Mama" d''abord', 'sale_line', 'a shop may have any name');
SELECT is((SELECT count(*) FROM reco.model), 2::bigint, 'and has a model of its own');
SELECT throws_ok($$SELECT reco.train('Chez "Mama" d''abord')$$, 'P0002', NULL, 'which sees nothing of the other shop');
SELECT throws_ok($$SELECT reco.create_shop('shop')$$, '42P07', NULL, 'two shops do not share a schema');
SELECT throws_ok($$SELECT reco.create_shop('reco')$$, '42939', NULL, 'nor lie in the extension''s');
SELECT throws_ok($$SELECT reco.create_shop('')$$, '3F000', NULL, 'nor in none');
SELECT throws_ok($$SELECT reco.create_shop(NULL)$$, '22004', NULL, 'not even for NULL');

-- a merchant who is nobody else

CREATE ROLE shop_merchant;
CREATE ROLE shop_thief;
SELECT format('GRANT CREATE ON DATABASE %I TO shop_merchant', current_database()) AS statement \gset
:statement;
SELECT lives_ok($$SELECT taste.run_as('shop_merchant', 'SELECT reco.create_shop(''hers'')')$$,
                'whoever may make a schema may make a shop');
SELECT tables_are('hers', ARRAY(SELECT relname FROM pg_class WHERE relnamespace = 'shop'::regnamespace AND relkind = 'r'),
                  'like any other');
SELECT is((SELECT array_agg(DISTINCT relowner::regrole::text) FROM pg_class WHERE relnamespace = 'hers'::regnamespace),
          ARRAY['shop_merchant'], 'of her own');
SELECT is((SELECT owner::text FROM reco.model WHERE name = 'hers'), 'shop_merchant', 'with a model of her own');
SELECT throws_ok($$SELECT taste.run_as('shop_thief', 'SELECT count(*) FROM hers.client')$$, '42501', NULL,
                 'into which nobody else looks');

SELECT * FROM finish();
ROLLBACK;
