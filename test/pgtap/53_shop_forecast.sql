-- A shop's forecasts: what counts as demand, the nightly run, and the views made of it.
BEGIN;
SET client_min_messages = warning;
SET LOCAL timezone = 'UTC';
SELECT plan(53);
SELECT reco.create_shop('corner');
INSERT INTO corner.category (name) VALUES ('all');
INSERT INTO corner.supplier (name, phone, lead_days, review_days) VALUES ('wholesaler', '123', 6, 1);
INSERT INTO corner.client (name) VALUES ('Amina'), ('Benoît');

-- The Monday of this week; demand is that of the weeks before.
CREATE FUNCTION pg_temp.monday(weeks_ago integer) RETURNS timestamptz STABLE
RETURN date_trunc('week', now()) - make_interval(weeks => weeks_ago);
CREATE FUNCTION pg_temp.move(product bigint, quantity numeric, kind text, at timestamptz) RETURNS void LANGUAGE sql AS
$$ INSERT INTO corner.stock_move (product_id, quantity, kind, moved_at) VALUES (product, quantity, kind, at) $$;
CREATE FUNCTION pg_temp.sell(product bigint, quantity numeric, at timestamptz, client bigint DEFAULT NULL) RETURNS bigint
RETURN corner.sell(client, ARRAY[product], ARRAY[quantity], sold_at => at);
CREATE FUNCTION pg_temp.demand(product bigint, weeks_ago integer) RETURNS text STABLE LANGUAGE sql AS
$$ SELECT units || '/' || days_out FROM corner.demand_week WHERE product_id = product AND week = pg_temp.monday(weeks_ago)::date $$;

-- What is demand and what is not

INSERT INTO corner.product (name, category_id, supplier_id, price, unit_cost, threshold) VALUES ('soap', 1, 1, 10, 6, 3);
SELECT pg_temp.move(1, 1000, 'opening', pg_temp.monday(10));
CREATE TEMP TABLE s AS
SELECT pg_temp.sell(1, 5, pg_temp.monday(9) + '10 hours') AS kept, pg_temp.sell(1, 7, pg_temp.monday(9) + '11 hours') AS mistake,
       pg_temp.sell(1, 4, pg_temp.monday(9) + '12 hours') AS returned, pg_temp.sell(1, 9, pg_temp.monday(9) + '2 days', 1) AS typed_twice,
       pg_temp.sell(1, 2, pg_temp.monday(7) + '1 day') AS voided;
SELECT corner.refund(mistake, refunded_at => pg_temp.monday(9) + '20 hours') FROM s;
SELECT corner.refund(returned, restock => true, refunded_at => pg_temp.monday(7)) FROM s;
-- a refund that does not say of what
INSERT INTO corner.sale (id, client_id, sold_at) VALUES (1000, 1, pg_temp.monday(9) + '2 days 1 hour');
INSERT INTO corner.sale_line (sale_id, product_id, quantity, unit_price) VALUES (1000, 1, -9, 10);
SELECT corner.void_move(m.id) FROM corner.stock_move m JOIN s ON m.source = 'sale' AND m.source_ref = s.voided::text;
SELECT corner.record_unmet(1, 6, asked_at => pg_temp.monday(6) + '1 day');
SELECT corner.write_off(ARRAY[1], ARRAY[50], moved_at => pg_temp.monday(6));
SELECT corner.count_stock(ARRAY[1], ARRAY[800]);
SELECT is(reco.refit_forecasts('corner'), 1, 'one product is forecast');
SELECT is(pg_temp.demand(1, 9), '9/0', 'sold, less what came back within a day, said or not; what came back later was wanted');
SELECT is(pg_temp.demand(1, 7), NULL, 'nor is a return below zero, or a void a sale');
SELECT is(pg_temp.demand(1, 6), '6/0', 'asked for in vain counts; losses and counts do not');
SELECT is((SELECT count(*) FROM corner.demand_week), 2::bigint, 'weeks without demand have no row');
SELECT is((SELECT concat_ws(' ', weeks, sale_weeks) FROM corner.forecast), '9 2', 'nine weeks, two with demand');
SELECT throws_ok($$INSERT INTO corner.demand_week VALUES (1, current_date - extract(isodow FROM current_date)::integer + 2, 1, 0)$$, '23514', NULL,
                 'weeks are told by their Mondays');

-- Days without stock: sold out on a Tuesday, goods come on Sunday; then asked for on a Friday

INSERT INTO corner.product (name, category_id, supplier_id, price, unit_cost) VALUES ('oil', 1, 1, 8, 5);
SELECT pg_temp.move(2, 10, 'opening', pg_temp.monday(12));
SELECT pg_temp.sell(2, 10, pg_temp.monday(8) + '1 day 9 hours'), pg_temp.move(2, 3, 'receipt', pg_temp.monday(8) + '6 days 18 hours');
SELECT pg_temp.sell(2, 3, pg_temp.monday(7) + '9 hours'), corner.record_unmet(2, 1, asked_at => pg_temp.monday(7) + '4 days');
SELECT pg_temp.move(2, 5, 'receipt', pg_temp.monday(5) + '1 hour');
SELECT reco.refit_forecasts('corner');
SELECT is(pg_temp.demand(2, 8), '10/4', 'Wednesday to Saturday');
SELECT is(pg_temp.demand(2, 7), '4/5', 'all days but Monday, and the one when somebody asked');
SELECT is(pg_temp.demand(2, 6), '0/7', 'a week of nothing');
SELECT is(pg_temp.demand(2, 5), NULL, 'a day on which goods come is one with stock');
UPDATE corner.product SET allow_backorder = true WHERE id = 2;
SELECT reco.refit_forecasts('corner', rebuild => true);
SELECT is(pg_temp.demand(2, 6), NULL, 'what can be sold before it is there is never out');
UPDATE corner.product SET allow_backorder = false WHERE id = 2;
SELECT reco.refit_forecasts('corner', rebuild => true);
SELECT is((SELECT concat_ws(' ', rule, weeks, sale_weeks) FROM corner.forecast WHERE product_id = 2), 'tsb 7 2', 'if no week with a sale was observed, its few days have to do');

-- Rows that come late are counted from their week on

SELECT reco.refit_forecasts('corner');
CREATE TEMP TABLE before AS SELECT * FROM corner.demand_week;
SELECT pg_temp.sell(1, 11, pg_temp.monday(8) + '3 days');
SELECT reco.refit_forecasts('corner');
SELECT is(pg_temp.demand(1, 8), '11/0', 'a sale that was entered late');
CREATE TEMP TABLE step AS SELECT * FROM corner.demand_week;
SELECT reco.refit_forecasts('corner', rebuild => true);
SELECT results_eq('TABLE corner.demand_week ORDER BY 1, 2', 'TABLE step ORDER BY 1, 2', 'step by step is the same as all anew');
CREATE TEMP TABLE fitted AS SELECT product_id, reorder_point, order_up_to, explanation FROM corner.forecast;
SELECT reco.refit_forecasts('corner', as_of => current_date - 28), reco.refit_forecasts('corner');
SELECT results_eq('SELECT product_id, reorder_point, order_up_to, explanation FROM corner.forecast ORDER BY 1', 'TABLE fitted ORDER BY 1',
                  'looking back changes nothing for today');
SELECT is((SELECT count(*) FROM corner.forecast_run), 9::bigint, 'each run is noted');

-- Which rule holds

INSERT INTO corner.product (name, category_id, supplier_id, price, unit_cost, threshold, target, policy, pack_size, moq) VALUES
    ('new', 1, 1, 10, 5, 4, NULL, 'auto', 6, 0), ('by hand', 1, 1, 10, 5, 4, 20, 'manual', 6, 30), ('unknown', 1, 1, 10, 5, NULL, NULL, 'auto', 1, 0);
SELECT pg_temp.move(n, 100, 'opening', pg_temp.monday(20)) FROM generate_series(3, 5) n;
SELECT count(pg_temp.sell(4, 8, pg_temp.monday(n) + '9 hours')) FROM generate_series(1, 12) n;
SELECT reco.refit_forecasts('corner');
SELECT results_eq('SELECT product_id, rule, reorder_point IS NULL FROM corner.forecast WHERE product_id > 2 ORDER BY 1',
                  $$VALUES (3::bigint, 'manual', true), (4, 'tsb', false), (5, 'none', true)$$, 'little is known of new products');
SELECT results_eq('SELECT product_id, rule, reorder_point, order_up_to FROM corner.stock_position WHERE product_id > 2 ORDER BY 1',
                  $$VALUES (3::bigint, 'manual', 4.000, 20.000), (4, 'manual', 4.000, 20.000), (5, 'none', NULL, NULL)$$,
                  'the threshold stands, or the merchant''s word does');
UPDATE corner.product SET policy = 'auto' WHERE id = 4;
SELECT is((SELECT t.reorder_point FROM corner.stock_position t WHERE product_id = 4), (SELECT reorder_point FROM corner.forecast WHERE product_id = 4),
          'the forecast holds as soon as the merchant lets it');
SELECT cmp_ok((SELECT reorder_point FROM corner.forecast WHERE product_id = 4), '>=', 8::numeric, 'a week has to be bridged');
SELECT is((SELECT l.reorder_point FROM corner.stock_level l WHERE product_id = 4), (SELECT reorder_point FROM corner.forecast WHERE product_id = 4),
          'alerts use the same');
UPDATE corner.product SET threshold = 5 WHERE id = 3;
SELECT is((SELECT t.reorder_point FROM corner.stock_position t WHERE product_id = 3), 5.000, 'a new threshold holds at once');
SELECT reco.refit_forecasts('corner');
SELECT is((SELECT threshold_since FROM corner.forecast WHERE product_id = 3), current_date, 'and is judged from now on');
SELECT is((SELECT threshold_since FROM corner.forecast WHERE product_id = 4), NULL, 'others always were');

-- What to order

SELECT corner.write_off(ARRAY[3, 4], ARRAY[97, 2]);
SELECT results_eq('SELECT product_id, supplier, supplier_phone, "position", quantity, packs, cost FROM corner.to_order WHERE product_id IN (3, 4) ORDER BY 1',
                  $$SELECT 3::bigint, 'wholesaler', '123', 3.000, 24.000, 4::numeric, 120.00
                    UNION ALL SELECT 4, 'wholesaler', '123', 2.000, q, q / 6, q * 5 FROM (
                        SELECT greatest(ceil((order_up_to - 2) / 6) * 6, 30) AS q FROM corner.forecast WHERE product_id = 4) t$$,
                  'in packs, at least the minimum lot, with what it costs');
SELECT is((SELECT e - 'losses' - 'deviation' - 'expected' - 'order_up_to' - 'reorder_point' - 'service_level' - 'surplus_above' - 'quantity' - 'per_week'
           FROM (SELECT explanation AS e FROM corner.to_order WHERE product_id = 4) t),
          '{"rule": "tsb", "why": "the best rule of the last weeks", "weeks": 12, "sale_weeks": 12, "season": 1.000, "lead_days": 6, "lead_sd_days": 0.00,
            "review_days": 1, "threshold": 4.000, "on_hand": 2.000, "reserved": 0.000, "on_order": 0, "due": 0, "position": 2.000, "pack_size": 6.000,
            "moq": 30.000}'::jsonb, 'one row says where the numbers come from');
SELECT is_empty('SELECT product_id FROM corner.to_order o JOIN corner.product p ON p.id = o.product_id
                 WHERE o.quantity <> reco.order_quantity(o."position", o.reorder_point, o.order_up_to, p.pack_size, p.moq)',
                'the list and order_quantity() agree');
SELECT corner.place_order(1, ARRAY[3], ARRAY[24], expected_on => current_date + 60), corner.place_order(1, ARRAY[4], ARRAY[36]);
SELECT results_eq('SELECT product_id, on_order, due FROM corner.stock_position WHERE product_id IN (3, 4) ORDER BY 1',
                  'VALUES (3::bigint, 24.000, 0::numeric), (4, 36.000, 36.000)', 'what comes in two months does not help now');
SELECT results_eq('SELECT product_id FROM corner.to_order WHERE product_id IN (3, 4)', 'VALUES (3::bigint)', 'what comes in time is not ordered twice');
UPDATE corner.product SET active = false WHERE id = 3;
SELECT is_empty('SELECT product_id FROM corner.to_order WHERE product_id IN (3, 4)', 'nor what is no longer kept');
SELECT reco.refit_forecasts('corner');
SELECT is((SELECT count(*) FROM corner.forecast WHERE product_id = 3), 0::bigint, 'of which there is no forecast');
UPDATE corner.product SET active = true WHERE id = 3;

-- What there is too much of

SELECT reco.refit_forecasts('corner');
SELECT is((SELECT concat_ws(' ', surplus_above, surplus, value) FROM corner.surplus WHERE product_id = 5), '0 100.000 500.00',
          'nobody ever wanted it: all of it is too much');
SELECT is((SELECT concat_ws(' ', dead, idle_days >= 140, last_sold_on) FROM corner.slow_movers WHERE product_id = 5), 't t', 'it does not move');
SELECT is((SELECT surplus FROM corner.surplus WHERE product_id = 1), (SELECT 800 - 11 - surplus_above FROM corner.forecast WHERE product_id = 1),
          'of what sells, what will not in three months');
SELECT is((SELECT cover_days FROM corner.surplus WHERE product_id = 1), (SELECT round((7 * 789 / weekly_mean)::numeric) FROM corner.forecast WHERE product_id = 1),
          'and how long it lasts');
SELECT is_empty('SELECT product_id FROM corner.surplus WHERE product_id = 4', 'what is short is not too much');
SELECT results_eq('SELECT product_id FROM corner.slow_movers ORDER BY value DESC, product_id', 'SELECT product_id FROM corner.slow_movers',
                  'the dearest first');

-- At a glance

SELECT corner.sell(2, ARRAY[1, 2], ARRAY[2, 1]);
SELECT results_eq('SELECT sales_today::integer, amount_today, stock_value, to_order, open_alerts, unmet_30_days FROM corner.dashboard',
                  $$SELECT 1, 28.00, (SELECT round(sum(on_hand * unit_cost), 2) FROM corner.stock_level JOIN corner.product ON id = product_id),
                           (SELECT count(*) FROM corner.to_order), (SELECT count(*) FROM corner.stock_alert WHERE closed_at IS NULL), 0::bigint$$,
                  'sales, stock, orders, alerts');
SELECT is((SELECT top_products -> 0 ->> 'product' FROM corner.dashboard), (SELECT product FROM corner.dashboard_top_products LIMIT 1), 'the best products');
SELECT is((SELECT count(*) FROM corner.dashboard_sales_by_day), 90::bigint, 'day by day, also the empty ones');
SELECT is((SELECT sum(amount) FROM corner.dashboard_sales_by_day),
          (SELECT sum(quantity * unit_price) FROM corner.sale_line l JOIN corner.sale s ON s.id = l.sale_id WHERE s.sold_at >= current_date - 89),
          'nothing is left out');

-- Large and small

INSERT INTO corner.product (name, category_id, price, unit_cost, divisible) VALUES ('sand', 1, 0.01, 0, true);
INSERT INTO corner.stock_move (product_id, quantity, kind, moved_at) VALUES (6, 99999999999, 'opening', pg_temp.monday(20));
SELECT count(pg_temp.sell(6, 9999999999.5, pg_temp.monday(n) + '9 hours')) FROM generate_series(1, 9) n;
SELECT lives_ok($$SELECT reco.refit_forecasts('corner')$$, 'ten milliards a week');
SELECT cmp_ok((SELECT order_up_to FROM corner.forecast WHERE product_id = 6), '<=', 99999999999::numeric, 'are ordered as far as numbers go');
SELECT is((SELECT count(*) FROM corner.to_order WHERE product_id = 6), 1::bigint, 'from nobody in particular');

-- Two shops do not see each other; a shop is brought to the present; odd names

SELECT reco.create_shop('it''s "odd" %s');
SELECT is(reco.refit_forecasts('it''s "odd" %s'), 0, 'an empty shop has no forecasts');
SELECT is((SELECT count(*) FROM "it's ""odd"" %s".dashboard), 1::bigint, 'but a dashboard');
SELECT lives_ok($$SELECT reco.upgrade_shop('corner')$$, 'views are made anew');
SELECT is((SELECT count(*) FROM corner.forecast), 6::bigint, 'and forecasts kept');
SELECT throws_ok($$SELECT reco.refit_forecasts('corner', current_date + 2)$$, '22023', NULL, 'the future is not history');
SELECT throws_ok($$SELECT reco.refit_forecasts('corner', '-infinity')$$, '22023', NULL, 'nor is there nothing before the beginning');

-- Rights: the owner's, or those the owner gives

CREATE ROLE shop_stranger;
GRANT USAGE ON SCHEMA corner TO shop_stranger;
SET LOCAL ROLE shop_stranger;
SELECT throws_ok($$SELECT reco.refit_forecasts('corner')$$, '42501', NULL, 'a stranger cannot refit');
SELECT throws_ok('SELECT * FROM corner.to_order', '42501', NULL, 'nor look');
RESET ROLE;

SELECT * FROM finish();
ROLLBACK;
