-- A shop's stock: the ledger, levels, alerts, and the functions that work with them.
BEGIN;
SET client_min_messages = warning;
SELECT plan(168);

SELECT reco.create_shop('till');
INSERT INTO till.category (name) VALUES ('all');
INSERT INTO till.supplier (name, lead_days) VALUES ('wholesaler', 5);
INSERT INTO till.client (name) VALUES ('Amina');
INSERT INTO till.product (name, category_id, supplier_id, price, unit_cost, threshold, pack_size, divisible) VALUES
    ('soap', 1, 1, 10, 6, 3, 6, false), ('rice', 1, 1, 2.5, 2, NULL, 1, true), ('oil', 1, 1, 8, 5, 0, 1, false);

-- Available, as "on_hand/reserved/on_order", by product.
CREATE FUNCTION pg_temp.level(product bigint) RETURNS text LANGUAGE sql AS $$
    SELECT trim_scale(on_hand) || '/' || trim_scale(reserved) || '/' || trim_scale(on_order) FROM till.stock_level WHERE product_id = product $$;
CREATE FUNCTION pg_temp.open() RETURNS text[] LANGUAGE sql AS $$
    SELECT array_agg(product_id || ' ' || kind ORDER BY product_id, kind) FROM till.stock_alert WHERE closed_at IS NULL $$;
-- What always holds: levels are the sums of what they are made of, alerts say what is so.
CREATE FUNCTION pg_temp.holds() RETURNS boolean LANGUAGE sql AS $$
    SELECT NOT EXISTS (
        SELECT FROM till.product p LEFT JOIN till.stock_level l ON l.product_id = p.id
        WHERE l.on_hand IS DISTINCT FROM (SELECT coalesce(sum(quantity), 0) FROM till.stock_move WHERE product_id = p.id)
           OR l.reserved IS DISTINCT FROM (SELECT coalesce(sum(quantity), 0) FROM till.reservation WHERE product_id = p.id)
           OR l.on_order IS DISTINCT FROM (SELECT coalesce(sum(greatest(ordered - received, 0)), 0) FROM till.purchase_order_line b
                  JOIN till.purchase_order o ON o.id = b.purchase_order_id WHERE b.product_id = p.id AND o.status = 'ordered')
           OR l.on_hand < l.reserved AND NOT p.allow_backorder)
       AND NOT EXISTS (
        SELECT FROM till.stock_level l
        WHERE (l.active AND l.on_hand - l.reserved <= 0) <> EXISTS (
                SELECT FROM till.stock_alert a WHERE a.product_id = l.product_id AND a.kind = 'out' AND a.closed_at IS NULL)
           OR (l.active AND l.on_hand - l.reserved + l.on_order <= l.reorder_point) AND NOT EXISTS (
                SELECT FROM till.stock_alert a WHERE a.product_id = l.product_id AND a.kind = 'low' AND a.closed_at IS NULL))
       AND till.refresh_alerts() = 0 $$;

SELECT is((SELECT count(*) FROM till.stock_level), 3::bigint, 'a level comes with each product');
SELECT is(pg_temp.open(), ARRAY['1 low', '1 out', '2 out', '3 low', '3 out'], 'what was never there is out');

-- Receiving without an order

SELECT is(till.receive(NULL, ARRAY[1, 2, 3], ARRAY[10, 5.5, 2], source => 'note', source_ref => '1'), 3, 'receive');
SELECT is(till.receive(NULL, ARRAY[1, 2, 3], ARRAY[10, 5.5, 2], source => 'note', source_ref => '1'), 0, 'the same delivery note again changes nothing');
SELECT is(pg_temp.level(1), '10/0/0', 'levels follow');
SELECT is(pg_temp.open(), NULL, 'and alerts are closed');

-- Selling

SELECT is(till.sell(1, ARRAY[1, 2, 1], ARRAY[3, 0.5, 2], source => 'till 1', source_ref => '17'), 1::bigint, 'sell returns the sale');
SELECT is(till.sell(1, ARRAY[1, 2, 1], ARRAY[3, 0.5, 2], source => 'till 1', source_ref => '17'), 1::bigint, 'the same receipt again is the same sale');
SELECT results_eq('SELECT product_id, quantity, unit_price FROM till.sale_line ORDER BY id',
    'VALUES (1::bigint, 3::numeric(14,3), 10::numeric(14,2)), (2, 0.5, 2.5), (1, 2, 10)', 'lines as given, at the products'' prices');
SELECT is(pg_temp.level(1), '5/0/0', 'sold once');
SELECT throws_ok('SELECT till.sell(1, ARRAY[1, 3, 1], ARRAY[3, 1, 3])', '23514', 'not enough stock of product 1',
    'a basket is checked on the sum of a product');
CREATE FUNCTION pg_temp.detail(call text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE said text; BEGIN EXECUTE call; RETURN NULL; EXCEPTION WHEN OTHERS THEN GET STACKED DIAGNOSTICS said = PG_EXCEPTION_DETAIL; RETURN said; END $$;
SELECT is(pg_temp.detail('SELECT till.sell(1, ARRAY[1, 3], ARRAY[6, 5])'),
    E'Product 1 "soap": 5 available, 6 asked.\nProduct 3 "oil": 2 available, 5 asked.', 'and the error says of what there is how much');
SELECT is((SELECT count(*) FROM till.sale), 1::bigint, 'a refused basket leaves nothing');
SELECT ok(pg_temp.holds(), 'all holds');
SELECT till.sell(NULL, ARRAY[1], ARRAY[2], ARRAY[9.5]) AS cheap \gset
SELECT is((SELECT unit_price FROM till.sale_line WHERE sale_id = :cheap), 9.5, 'a passer-by, at a price of its own');
SELECT is(pg_temp.open(), ARRAY['1 low'], 'low is opened at the threshold');
SELECT is((SELECT quantity || '/' || threshold FROM till.stock_alert WHERE closed_at IS NULL), '3.000/3.000', 'with what is left after the sale');

SELECT throws_ok(format('SELECT till.sell(1, %s)', arguments), state, message, 'sell refuses ' || name)
FROM (VALUES
    ('an unknown product', 'ARRAY[99], ARRAY[1]', '23503', 'product 99 does not exist'),
    ('quantity 0', 'ARRAY[1], ARRAY[0]', '22023', 'line 1: quantity 0 of product 1'),
    ('a quantity below zero', 'ARRAY[3, 1], ARRAY[1, -2]', '22023', 'line 2: quantity -2 of product 1'),
    ('a null quantity', 'ARRAY[1], ARRAY[NULL]::numeric[]', '22004', 'line 1: quantity null of product 1'),
    ('a null product', 'ARRAY[NULL]::bigint[], ARRAY[1]', '22004', 'line 1: quantity 1 of product null'),
    ('no products', 'NULL, ARRAY[1]', '22004', 'products and quantities must not be null'),
    ('an empty basket', 'ARRAY[]::bigint[], ARRAY[]::numeric[]', '2202E', '0 products but 0 quantities'),
    ('arrays of different length', 'ARRAY[1, 2], ARRAY[1]', '2202E', '2 products but 1 quantities'),
    ('part of a piece', 'ARRAY[1], ARRAY[1.5]', '23514', 'product 1 is not divisible'),
    ('part of a gram', 'ARRAY[2], ARRAY[0.0001]', '22023', 'line 1: quantity 0.0001 of product 2'),
    ('10^15', 'ARRAY[1], ARRAY[1e15]', '22023', 'line 1: quantity 1000000000000000 of product 1'),
    ('NaN', 'ARRAY[1], ARRAY[''NaN'']::numeric[]', '22023', 'line 1: quantity NaN of product 1'),
    ('infinity', 'ARRAY[1], ARRAY[''Infinity'']::numeric[]', '22023', 'line 1: quantity Infinity of product 1'),
    ('a price of 0', 'ARRAY[1], ARRAY[1], ARRAY[0]', '22023', 'prices are above zero, and less than 1000000000000'),
    ('two prices for one product', 'ARRAY[1], ARRAY[1], ARRAY[1, 2]', '2202E', '1 products but 2 prices'),
    ('half a name of a document', 'ARRAY[1], ARRAY[1], source => ''till''', '22004', 'source and source_ref come together or not at all')
) AS v (name, arguments, state, message);
SELECT throws_ok('SELECT till.sell(99, ARRAY[1], ARRAY[1])', '23503', 'client 99 does not exist', 'sell refuses an unknown client');
SELECT throws_like($$SELECT till.sell(1, ARRAY[1], ARRAY[1], sold_at => now() + interval '1 day')$$, 'the time of a sale is in the future: %', 'sell refuses the future');
SELECT is((SELECT count(*) FROM till.sale), 2::bigint, 'none of these has written anything');
SELECT throws_ok($$INSERT INTO till.stock_move (product_id, quantity, kind) VALUES (1, -1.5, 'sale'), (1, -0.5, 'sale')$$, '23514', 'product 1 is not divisible',
    'the ledger itself refuses parts of a piece, in each row');
SELECT throws_ok($$INSERT INTO till.stock_move (product_id, quantity, kind, moved_at) VALUES (1, -1, 'sale', now() + interval '1 day')$$, '23514', NULL, 'and the future');
SELECT throws_ok($$INSERT INTO till.stock_move (product_id, quantity, kind) VALUES (1, -100, 'sale')$$, '23514', 'not enough stock of product 1', 'and what is not there');

-- What is left, the rest noted

SELECT ok(till.sell(1, ARRAY[1, 2, 1], ARRAY[2, 1, 4], partial => true, source => 'web', source_ref => 'w9') IS NOT NULL, 'partial sells what is left');
SELECT is((SELECT trim_scale(quantity) FROM till.unmet_demand WHERE product_id = 1), 3::numeric, 'and notes the rest');
SELECT is(pg_temp.level(1), '0/0/0', 'nothing is left then');
SELECT is(pg_temp.open(), ARRAY['1 low', '1 out'], 'and out is opened');
SELECT is(till.sell(1, ARRAY[1], ARRAY[2], partial => true), NULL, 'nothing at all: no sale');
SELECT is((SELECT sum(quantity)::integer FROM till.unmet_demand), 5, 'but a demand');
SELECT is(till.record_unmet(3, 7, source => 'phone', source_ref => 'a'), till.record_unmet(3, 7, source => 'phone', source_ref => 'a'), 'record_unmet, replayed');
SELECT throws_ok('SELECT till.record_unmet(3, 0)', '22023', NULL, 'an unmet demand of nothing');

-- Orders

SELECT throws_ok('SELECT till.place_order(1, ARRAY[1], ARRAY[7])', '23514', 'product 1 comes in packs of 6', 'orders are whole packs');
SELECT throws_ok('SELECT till.place_order(9, ARRAY[1], ARRAY[6])', '23503', 'supplier 9 does not exist', 'of a supplier that is known');
SELECT throws_ok('SELECT till.place_order(1, ARRAY[1], ARRAY[6], expected_on => current_date - 1)', '22023', NULL, 'for a day to come');
SELECT is(till.place_order(1, ARRAY[1, 3], ARRAY[12, 4], source => 'list', source_ref => 'x'), 1::bigint, 'place_order');
SELECT is(till.place_order(1, ARRAY[1, 3], ARRAY[12, 4], source => 'list', source_ref => 'x'), 1::bigint, 'replayed');
SELECT is((SELECT expected_on FROM till.purchase_order), current_date + 5, 'due after the supplier''s days');
SELECT is(pg_temp.level(1), '0/0/12', 'what is on order counts');
SELECT is(pg_temp.open(), ARRAY['1 out'], 'low is closed at once, out is not');
SELECT is((SELECT close_reason || ' ' || purchase_order_id FROM till.stock_alert WHERE product_id = 1 AND kind = 'low' ORDER BY id DESC LIMIT 1), 'ordered 1', 'by that order');
SELECT ok(till.cancel_order(1), 'cancel_order');
SELECT is(pg_temp.open(), ARRAY['1 low', '1 out'], 'opens it again');
SELECT ok(NOT till.cancel_order(1), 'a second time it is cancelled already');
SELECT throws_ok('SELECT till.receive(1)', '55000', 'purchase order 1 is cancelled', 'nothing arrives of a cancelled order');
SELECT till.place_order(1, ARRAY[1, 3], ARRAY[12, 4]) AS placed \gset
SELECT is(till.receive(:placed, ARRAY[1], ARRAY[6], source => 'note', source_ref => '2'), 1, 'a part of it arrives');
SELECT is(till.receive(:placed, ARRAY[1], ARRAY[6], source => 'note', source_ref => '2'), 0, 'replayed');
SELECT is(pg_temp.level(1), '6/0/6', 'and is no longer on order');
SELECT is((SELECT count(*) FROM till.stock_alert WHERE product_id = 1 AND kind = 'low'), 3::bigint, 'in one step: a delivery opens and closes no alert on its way');
SELECT throws_ok('SELECT till.receive(' || :placed || ', ARRAY[2], ARRAY[6])', '22023', 'product 2 is not on purchase order ' || :placed, 'other goods are refused');
SELECT is(till.receive(:placed, ARRAY[1], ARRAY[9]), 1, 'more than was ordered');
SELECT is(pg_temp.level(1), '15/0/0', 'never counts as less than nothing on order');
SELECT is(till.receive(:placed), 1, 'the rest');
SELECT is((SELECT status FROM till.purchase_order WHERE id = :placed), 'received', 'and the order is done');
SELECT is(till.receive(:placed), 0, 'nothing is left of it');
SELECT throws_ok('SELECT till.receive(' || :placed || ', ARRAY[1], ARRAY[6])', '55000', 'purchase order ' || :placed || ' is received', 'nor may more come of it');
SELECT throws_ok('SELECT till.cancel_order(' || :placed || ')', '55000', NULL, 'a received order is not cancelled');
SELECT throws_ok('SELECT till.receive(77)', 'P0002', 'purchase order 77 does not exist', 'an unknown order');
SELECT ok(pg_temp.holds(), 'all holds');
INSERT INTO till.purchase_order (supplier_id, status, ordered_at, expected_on) VALUES (1, 'ordered', now() - interval '9 days', current_date - 2)
RETURNING id AS written \gset
INSERT INTO till.purchase_order_line VALUES (:written, 2, 5);
SELECT is(pg_temp.open(), ARRAY['2 late'], 'an order written by an application counts too, and is late after its day');
UPDATE till.purchase_order SET status = 'draft' WHERE id = :written;
SELECT is(pg_temp.level(2), '4/0/0', 'a draft does not count');
UPDATE till.purchase_order SET status = 'ordered' WHERE id = :written;
DELETE FROM till.purchase_order WHERE id = :written;
SELECT is(pg_temp.open() IS NULL AND pg_temp.level(2) = '4/0/0', true, 'nor one that was deleted');

-- Refunds

SELECT is((SELECT count(*) FROM till.stock_move WHERE kind = 'refund'), 0::bigint, 'no refund so far');
SELECT ok(till.refund(1, ARRAY[1], ARRAY[4], restock => true) > 1, 'refund returns a sale of its own');
SELECT is(pg_temp.level(1), '19/0/0', 'restocked as told');
SELECT is((SELECT array_agg(trim_scale(quantity) || ' of ' || refund_of ORDER BY id) FROM till.sale_line WHERE refund_of IS NOT NULL), ARRAY['-3 of 1', '-1 of 3'], 'line by line');
SELECT throws_ok('SELECT till.refund(1, ARRAY[1], ARRAY[2])', '23514', 'no more can be given back of product 1 than was sold', 'never more than was sold');
SELECT throws_ok('SELECT till.refund(1, ARRAY[3], ARRAY[1])', '23514', NULL, 'nor what was not sold');
SELECT ok(till.refund(1) > 1, 'the rest');
SELECT is(pg_temp.level(1), '19/0/0', 'not restocked unless told');
SELECT throws_ok('SELECT till.refund(1)', '55000', 'nothing of sale 1 is left to be refunded', 'once');
SELECT throws_ok('SELECT till.refund(12345)', 'P0002', 'sale 12345 does not exist', 'an unknown sale');
SELECT throws_ok('SELECT till.refund(' || :cheap || ', ARRAY[1], ARRAY[1], refunded_at => now() - interval ''1 day'')', '22023', NULL, 'a refund before the sale');
SELECT is(till.refund(:cheap, ARRAY[1], ARRAY[1], true, source => 'till 1', source_ref => 'r1'), till.refund(:cheap, ARRAY[1], ARRAY[1], true, source => 'till 1', source_ref => 'r1'), 'replayed');
SELECT is(pg_temp.level(1), '20/0/0', 'once');

-- Reservations

SELECT is(cardinality(till.reserve(1, ARRAY[3, 1, 3], ARRAY[2, 1, 4], order_ref => 'w1')), 2, 'reserve, one row a product');
SELECT is(cardinality(till.reserve(1, ARRAY[3, 1, 3], ARRAY[2, 1, 4], order_ref => 'w1')), 2, 'replayed');
SELECT is(pg_temp.level(3), '6/6/0', 'set aside');
SELECT is(pg_temp.open(), ARRAY['3 low', '3 out'], 'what is set aside is not available');
SELECT throws_ok('SELECT till.sell(1, ARRAY[3], ARRAY[1])', '23514', 'not enough stock of product 3', 'nor sold to others');
SELECT throws_ok('SELECT till.reserve(1, ARRAY[1, 3], ARRAY[1, 1])', '23514', 'not enough stock of product 3', 'nor reserved twice');
SELECT is(pg_temp.level(1), '20/1/0', 'all or nothing');
SELECT ok(till.sell(1, ARRAY[3, 1], ARRAY[6, 3], order_ref => 'w1') IS NOT NULL, 'sold to whom it was reserved for');
SELECT is(pg_temp.level(3) || ' ' || pg_temp.level(1), '0/0/0 17/0/0', 'the reservation has gone');
SELECT is((SELECT count(*) FROM till.stock_alert WHERE product_id = 3 AND kind = 'out'), 2::bigint, 'in one step: the sale of reserved goods closes and opens nothing');
SELECT ok(till.reserve(1, ARRAY[1], ARRAY[17], expires_at => clock_timestamp() + interval '1 hour', order_ref => 'w2') IS NOT NULL, 'reserve for an hour');
UPDATE till.reservation SET reserved_at = now() - interval '2 hours', expires_at = now() - interval '1 hour';
SELECT ok(till.sell(NULL, ARRAY[1], ARRAY[1]) IS NOT NULL, 'what has expired is sold to others');
SELECT is(pg_temp.level(1), '16/0/0', 'and released');
SELECT throws_like('SELECT till.reserve(1, ARRAY[1], ARRAY[1], now() - interval ''1 day'')', 'a reservation cannot expire in the past%', 'reserve into the past');
SELECT ok(till.reserve(1, ARRAY[1], ARRAY[2], order_ref => 'w3') IS NOT NULL AND till.release('w3') = 1 AND till.release('w3') = 0, 'release');
SELECT throws_ok('SELECT till.release()', '22023', NULL, 'release of nothing named');
SELECT ok(pg_temp.holds(), 'all holds');

-- Counts

INSERT INTO till.stock_move (product_id, quantity, kind, moved_at) VALUES (1, -4, 'sale', now() - interval '1 hour');
SELECT is(till.count_stock(ARRAY[1], ARRAY[15], counted_at => now() - interval '2 hours'), 1, 'a count of two hours ago');
SELECT is((SELECT sum(quantity) FROM till.stock_move WHERE product_id = 1 AND moved_at <= now() - interval '2 hours'), 15::numeric, 'makes the ledger say so of that moment');
SELECT ok(pg_temp.holds(), 'and keeps what moved since');
SELECT is(till.count_stock(ARRAY[1, 2], ARRAY[20, 3.5], source => 'count', source_ref => 'c1'), 2, 'a count of now');
SELECT is(till.count_stock(ARRAY[1, 2], ARRAY[30, 4.5], source => 'count', source_ref => 'c1'), 0, 'replayed');
SELECT is(pg_temp.level(1) || ' ' || pg_temp.level(2), '20/0/0 3.5/0/0', 'is what there is');
SELECT is(till.count_stock(ARRAY[1], ARRAY[20]), 0, 'as it should be: nothing to write');
SELECT is(till.count_stock(ARRAY[3], ARRAY[0]), 0, 'zero may be counted');
SELECT throws_ok('SELECT till.count_stock(ARRAY[1], ARRAY[-1])', '22023', NULL, 'less may not');
SELECT throws_ok('SELECT till.count_stock(ARRAY[1, 1], ARRAY[1, 2])', '22023', 'a product was counted twice', 'nor the same twice');
SELECT throws_like('SELECT till.count_stock(ARRAY[1], ARRAY[1], now() + interval ''1 day'')', 'the time of a count is in the future%', 'nor tomorrow');
SELECT is(till.write_off(ARRAY[1], ARRAY[2], 'broken'), 1, 'write_off');
SELECT is(pg_temp.level(1), '18/0/0', 'takes it out');

-- The ledger is only added to

SELECT throws_ok(command, '55000', 'stock moves are only ever added', command)
FROM unnest(ARRAY['UPDATE till.stock_move SET quantity = 1', 'DELETE FROM till.stock_move', 'TRUNCATE till.stock_move CASCADE',
                  'UPDATE till.stock_move SET note = note WHERE false']) command;
SELECT throws_ok(command, '55000', 'stock levels are not written directly', command)
FROM unnest(ARRAY['UPDATE till.stock_level SET on_hand = 1', 'DELETE FROM till.stock_level', 'TRUNCATE till.stock_level',
                  'INSERT INTO till.stock_level VALUES (1, 1)']) command;
SELECT till.write_off(ARRAY[1], ARRAY[5], 'a mistake', source => 'hand', source_ref => '1');
SELECT id AS wrong FROM till.stock_move WHERE note = 'a mistake' \gset
SELECT is(till.void_move(:wrong), till.void_move(:wrong), 'void_move, once');
SELECT is(pg_temp.level(1), '18/0/0', 'as if it had never been');
SELECT id AS void FROM till.stock_move WHERE reverses = :wrong \gset
SELECT throws_ok('SELECT till.void_move(' || :void || ')', '55000', NULL, 'a reversal is not reversed');
SELECT throws_like(format($$INSERT INTO till.stock_move (product_id, quantity, kind, reverses) VALUES (%s)$$, bad),
    'stock move % cannot be reversed like that', 'reversals are exact: ' || bad)
FROM (SELECT unnest(ARRAY['1, 3, ''void'', ' || id, '2, 2, ''void'', ' || id]) FROM till.stock_move WHERE note = 'broken') AS v (bad);
SELECT ok(pg_temp.holds(), 'all holds');

-- Settings of products

UPDATE till.product SET threshold = 18 WHERE id = 1;
SELECT ok('1 low' = ANY (pg_temp.open()), 'a raised threshold opens');
UPDATE till.product SET active = false WHERE id = 1;
SELECT is((SELECT close_reason FROM till.stock_alert WHERE product_id = 1 ORDER BY id DESC LIMIT 1), 'retired', 'what is not sold any more has no alerts');
UPDATE till.product SET active = true WHERE id = 1;
INSERT INTO till.forecast (product_id, as_of, rule, weeks, sale_weeks, weekly_mean, weekly_variance, season_factor, protection_days,
                           service_level, mean, variance, reorder_point, order_up_to, explanation)
VALUES (1, current_date, 'tsb', 9, 9, 4, 4, 1, 6, 0.95, 3, 3, 5, 9, '{}');
SELECT is(till.refresh_alerts(), 1::bigint, 'a forecast rules instead of the threshold');
SELECT is(till.refresh_alerts(), 0::bigint, 'what is so already is not told again');
SELECT is((SELECT close_reason FROM till.stock_alert WHERE product_id = 1 ORDER BY id DESC LIMIT 1), 'policy changed', 'and the alert says why it was closed') ;
UPDATE till.product SET policy = 'manual' WHERE id = 1;
SELECT ok('1 low' = ANY (pg_temp.open()), 'but not where the policy is manual');
UPDATE till.product SET allow_backorder = true WHERE id = 1;
SELECT ok(till.sell(1, ARRAY[1], ARRAY[30]) IS NOT NULL, 'with allow_backorder more may be sold than there is');
SELECT is(pg_temp.level(1), '-12/0/0', 'the level says so');
SELECT throws_ok('UPDATE till.product SET allow_backorder = false WHERE id = 1', '23514', NULL, 'no way back before it is there');
SELECT ok(pg_temp.holds(), 'all holds');
INSERT INTO till.product (name, category_id, price, unit_cost) VALUES ('never sold', 1, 1, 1);
SELECT lives_ok('DELETE FROM till.product WHERE name = ''never sold''', 'a product without a ledger may be deleted, its level goes with it');

-- Alerts put aside, levels put right

SELECT id AS alert FROM till.stock_alert WHERE closed_at IS NULL ORDER BY id LIMIT 1 \gset
SELECT till.acknowledge_alert(:alert, clock_timestamp() + interval '3 days');
SELECT is((SELECT closed_at IS NULL AND acknowledged_at IS NOT NULL AND snoozed_until > now() FROM till.stock_alert WHERE id = :alert), true, 'acknowledge_alert');
SELECT throws_ok('SELECT till.acknowledge_alert(0)', 'P0002', NULL, 'of an alert that is not open');
ALTER TABLE till.stock_move DISABLE TRIGGER USER;
INSERT INTO till.stock_move (product_id, quantity, kind) VALUES (1, 100, 'receipt');
ALTER TABLE till.stock_move ENABLE TRIGGER USER;
SELECT till.refresh_alerts();
SELECT ok('1 drift' = ANY (pg_temp.open()), 'a ledger written behind our back is told');
SELECT reco.rebuild_levels('till');
SELECT ok(pg_temp.holds(), 'and rebuild_levels puts it right');
ALTER TABLE till.stock_level DISABLE TRIGGER USER;
DELETE FROM till.stock_level WHERE product_id = 2;
ALTER TABLE till.stock_level ENABLE TRIGGER USER;
DROP TRIGGER shop_moves_insert ON till.stock_move;
DROP FUNCTION till.release_expired(bigint[]);
SELECT reco.upgrade_shop('till');
SELECT ok(pg_temp.holds(), 'upgrade_shop makes missing levels');
SELECT has_trigger('till', 'stock_move', 'shop_moves_insert', 'and triggers');
SELECT has_function('till', 'release_expired', ARRAY['bigint[]'], 'and functions');
SELECT throws_ok('SELECT reco.upgrade_shop(''public'')', '42P01', 'schema "public" holds no shop', 'upgrade of no shop');

-- Two shops

SELECT reco.create_shop('kiosk');
INSERT INTO kiosk.category (name) VALUES ('all');
INSERT INTO kiosk.product (name, category_id, price, unit_cost) VALUES ('gum', 1, 1, 1);
SELECT kiosk.receive(NULL, ARRAY[1], ARRAY[4]);
SELECT is((SELECT on_hand FROM kiosk.stock_level), 4::numeric, 'the other shop has its own stock');
SELECT ok(pg_temp.holds(), 'and this one its own');

-- Rights: a cashier needs EXECUTE on sell(), nothing else

CREATE ROLE till_merchant;
CREATE ROLE till_cashier;
CREATE ROLE till_importer;
DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO till_merchant', current_database()); END $$;
SET ROLE till_merchant;
SELECT lives_ok('SELECT reco.create_shop(''market'')', 'a merchant who is no superuser makes a shop');
INSERT INTO market.category (name) VALUES ('all');
INSERT INTO market.product (name, category_id, price, unit_cost, threshold) VALUES ('salt', 1, 1, 0.5, 2);
SELECT market.receive(NULL, ARRAY[1], ARRAY[10]);
GRANT USAGE ON SCHEMA market TO till_cashier, till_importer;
SET ROLE till_cashier;
SELECT throws_ok('SELECT market.sell(NULL, ARRAY[1], ARRAY[1])', '42501', 'permission denied for function sell', 'nobody sells without being let');
SET ROLE till_merchant;
GRANT EXECUTE ON FUNCTION market.sell TO till_cashier;
GRANT INSERT (product_id, quantity, kind) ON market.stock_move TO till_importer;
SET ROLE till_cashier;
SELECT lives_ok('SELECT market.sell(NULL, ARRAY[1], ARRAY[3])', 'a cashier sells');
SELECT throws_ok('SELECT count(*) FROM market.stock_level', '42501', NULL, 'and reads nothing');
SELECT throws_ok('SELECT market.refund(1)', '42501', 'permission denied for function refund', 'nor takes back');
SELECT throws_ok('SELECT reco.sell(''market'', NULL, ARRAY[1], ARRAY[1])', '42501', NULL, 'not even by the function behind');
SET ROLE till_importer;
SELECT lives_ok($$INSERT INTO market.stock_move (product_id, quantity, kind) VALUES (1, -5, 'sale')$$, 'who may only add to the ledger moves levels all the same');
SET ROLE till_merchant;
SELECT is((SELECT on_hand FROM market.stock_level), 2::numeric, 'levels have followed');
SELECT is((SELECT count(*) FROM market.stock_alert WHERE kind = 'low' AND closed_at IS NULL), 1::bigint, 'and alerts');
SELECT throws_ok('DELETE FROM market.stock_move', '55000', 'stock moves are only ever added', 'the owner is bound as well');
SELECT throws_ok('SELECT till.refresh_alerts()', '42501', NULL, 'another merchant''s shop is out of reach');
SELECT throws_ok('SELECT reco.upgrade_shop(''till'')', '42501', NULL, 'in every way');
RESET ROLE;
SELECT lives_ok('DROP SCHEMA kiosk CASCADE', 'a shop can be dropped');

SELECT * FROM finish();
ROLLBACK;
