-- forecast_demand(), demand_quantile(), order_quantity(): the numbers, for any app's tables.
BEGIN;
SET client_min_messages = warning;
SELECT plan(73);

-- Quantiles, checked against sums of probabilities in exact arithmetic

SELECT is(reco.demand_quantile(p, m, v), q::float8, format('quantile %s of mean %s, variance %s', p, m, v))
FROM (VALUES (0.95, 5, 20, 14), (0.99, 5, 5, 11), (0.98, 0.3, 0.9, 3), (0.9, 2, 40, 6), (0.975, 12.5, 30, 25),
             (0.95, 1000, 5000, 1119), (0.95, 1000, 1000, 1052), (0.8, 400, 90000, 607), (0.95, 700, 701, 744)) AS t (p, m, v, q);
-- of a geometric distribution (variance = mean + mean^2) the tail is a power
SELECT is(reco.demand_quantile(p, m, m + m * m), ceil(ln(1 - p) / ln(m / (1 + m)) - 1 - 1e-9), format('geometric: quantile %s of mean %s', p, m))
FROM (VALUES (0.5, 1::float8), (0.9, 10), (0.99, 45), (0.95, 300), (0.8, 20000), (0.9, 900000)) AS t (p, m);
SELECT is(reco.demand_quantile(0.5, 1e12, 1e12), 1e12::float8, 'the median of a large Poisson demand is its mean');
SELECT cmp_ok(abs(reco.demand_quantile(0.95, 1e9, 1e18 + 1e9) / (-ln(0.05) * 1e9) - 1), '<', 1e-6::float8, 'a wide large one is a gamma');
SELECT is(reco.demand_quantile(0.99, 0, 0), 0::float8, 'no demand');
SELECT is(reco.demand_quantile(0.9, 1e-300, 1e300), 0::float8, 'next to none, however wide');
SELECT is(reco.demand_quantile(0.999, 1e6, 1e300), 0::float8, 'most of a distribution without bounds is at zero');
SELECT is_empty($$SELECT m, v FROM generate_series(-2, 12, 0.5) m, generate_series(-1, 6, 0.5) v,
                         LATERAL (SELECT reco.demand_quantile(0.5, 10 ^ m, 10 ^ (m + v)) AS a, reco.demand_quantile(0.9, 10 ^ m, 10 ^ (m + v)) AS b,
                                         reco.demand_quantile(0.99, 10 ^ m, 10 ^ (m + v)) AS c) q
                  WHERE NOT (0 <= a AND a <= b AND b <= c AND c < 'infinity')$$, 'larger probability, larger quantile, always finite');
SELECT throws_ok('SELECT reco.demand_quantile(1, 5, 5)', '22023', 'probability must be above 0 and below 1, not 1');
SELECT throws_ok($$SELECT reco.demand_quantile(0.9, 'NaN', 5)$$, '22023');
SELECT throws_ok('SELECT reco.demand_quantile(0.9, -1, 5)', '22023');
SELECT throws_ok($$SELECT reco.demand_quantile(0.9, 1, 'infinity')$$, '22023');

-- What to order

SELECT is(reco.order_quantity(10, 9, 30), 0::numeric, 'above the reorder point: nothing');
SELECT is(reco.order_quantity(9, 9, 30), 21::numeric, 'at the reorder point: up to the level');
SELECT is(reco.order_quantity(-5, 9, 30), 35::numeric, 'what is owed comes on top');
SELECT is(reco.order_quantity(9, 9, 30, 12), 24::numeric, 'whole packs');
SELECT is(reco.order_quantity(9, 9, 30, 12, 40), 48::numeric, 'at least the minimum lot, in whole packs');
SELECT is(reco.order_quantity(2.5, 3, 4, 0.5), 1.5::numeric, 'packs may be parts of a unit');
SELECT throws_ok('SELECT reco.order_quantity(1, 2, 2)', '22023', 'no order can be made of these numbers', 'ordering to the reorder point would order again at once');
SELECT throws_ok('SELECT reco.order_quantity(1, 2, 3, 0)', '22023');
SELECT throws_ok($$SELECT reco.order_quantity('NaN', 2, 3)$$, '22023');

-- Smoothing, computed by hand: 4, 0, 2, 6 units in four weeks

CREATE TABLE week (item integer, day date, units numeric, days_out integer);
INSERT INTO week SELECT 1, date '2024-01-01' + 7 * n::integer, u FROM unnest(ARRAY[4, 0, 2, 6]) WITH ORDINALITY AS w (u, n);
CREATE FUNCTION pg_temp.one(arguments text DEFAULT '') RETURNS TABLE (rule text, weeks integer, sale_weeks integer, idle_weeks integer,
    weekly_mean numeric, weekly_variance numeric, mean numeric, variance numeric, reorder_point float8, order_up_to float8, wanted_level numeric)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$SELECT rule, weeks, sale_weeks, idle_weeks, round(weekly_mean::numeric, 6), round(weekly_variance::numeric, 6),
        round(mean::numeric, 6), round(variance::numeric, 6), reorder_point, order_up_to, round(wanted_level::numeric, 4)
        FROM reco.forecast_demand('SELECT item, day, units, days_out FROM week', as_of => '2024-02-05' %s)$q$, arguments);
END $$;
SELECT results_eq('SELECT rule, weeks, sale_weeks, weekly_mean, weekly_variance FROM pg_temp.one()',
                  $$VALUES ('tsb', 4, 3, 3::numeric(9,6), 10.666667)$$, 'mean and variance of a week');
SELECT results_eq($$SELECT mean, variance FROM pg_temp.one(', lead_days => 12, review_days => 2')$$,
                  'VALUES (6::numeric(9,6), 21.333333)', 'of the time until an order has come');
SELECT results_eq($$SELECT variance FROM pg_temp.one(', lead_days => 12, review_days => 2, lead_sd_days => 7')$$,
                  'VALUES (30.333333)', 'of a time that is not sure');
SELECT results_eq($$SELECT reorder_point, order_up_to FROM pg_temp.one(', lead_days => 12, review_days => 2, service_level => 0.95, cover_days => 14')$$,
                  'SELECT q, q + 6 FROM reco.demand_quantile(0.95, 6, 64 / 3.0) q', 'its quantile, and what lasts beyond it');
SELECT is((SELECT order_up_to - reorder_point FROM pg_temp.one(', cover_days => 0')), 1::float8, 'the level is above the reorder point');
SELECT is((SELECT wanted_level FROM pg_temp.one()), 0.95, 'the service level without prices');
SELECT is((SELECT reorder_point FROM pg_temp.one(', lead_days => 0, review_days => 0')), 1::float8, 'what is sold is never without a reorder point');
SELECT is((SELECT round(wanted_level::numeric, 4)
           FROM reco.forecast_demand('SELECT item, day, units FROM week', 'SELECT 1 AS item_id, 10 AS price, 5 AS unit_cost', '2024-02-05')),
          0.9812, 'from the margin: price 10, cost 5, 28 days');
SELECT is((SELECT wanted_level FROM reco.forecast_demand('SELECT item, day, units FROM week', 'SELECT 1 AS item_id, 5 AS price, 5 AS unit_cost', '2024-02-05')),
          0.5::float8, 'nothing is earned: no more than the median');

-- Days without stock

UPDATE week SET days_out = 2, units = 5 WHERE day = '2024-01-29';
SELECT is((SELECT weekly_mean FROM pg_temp.one()), round(0.75 * (3 + (7 - 3) / 3.0), 6), 'two days out: the others stand for them');
INSERT INTO week VALUES (1, '2024-01-29', 0, 2);
SELECT is((SELECT weeks FROM pg_temp.one()), 3, 'four days out: the week teaches nothing, rows of a week add up');
DELETE FROM week WHERE units = 0 AND days_out = 2;
UPDATE week SET days_out = NULL, units = 6 WHERE day = '2024-01-29';

-- Rows that do not count

INSERT INTO week VALUES (1, '2024-02-05', 1000), (NULL, '2024-01-29', 5), (1, NULL, 5), (1, '2024-01-29', NULL), (1, 'infinity', 5), (1, '-infinity', 5);
SELECT is((SELECT weekly_mean FROM pg_temp.one()), 3.000000, 'NULLs, days from as_of on and days out of time are left out');
INSERT INTO week VALUES (1, '2024-01-29', -2), (1, '2024-01-30', 2), (1, '2024-01-15', -1);
SELECT is((SELECT weekly_mean FROM pg_temp.one()), 3.000000, 'corrections are taken off within a week, but no demand is below zero');
DELETE FROM week WHERE units < 0 OR day = '2024-01-30' OR day = '2024-02-05' OR units IS NULL;
INSERT INTO week VALUES (2, '2024-01-22', 'NaN');
SELECT throws_ok('SELECT pg_temp.one()', '22003', 'demand contains values that are no quantities');
UPDATE week SET units = 1e16 WHERE item = 2;
SELECT throws_ok('SELECT pg_temp.one()', '22003');
UPDATE week SET units = 1e15 WHERE item = 2;
SELECT is((SELECT count(*) FROM pg_temp.one() WHERE weekly_mean >= 0), 2::bigint, 'large numbers are numbers');
DELETE FROM week WHERE item = 2;

-- Little is known

INSERT INTO week VALUES (3, '2024-01-22', 50);
CREATE FUNCTION pg_temp.fitted(items text, arguments text DEFAULT '') RETURNS SETOF text LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format($q$SELECT concat_ws(' ', item_id, rule, reorder_point, order_up_to)
        FROM reco.forecast_demand('SELECT item, day, units FROM week', %L, '2024-02-05' %s)$q$, items, arguments);
END $$;
SELECT is(pg_temp.fitted('SELECT 3 AS item_id'), '3 none 1 2', 'one sale: keep one, no more');
SELECT is(pg_temp.fitted('SELECT 3 AS item_id, 8 AS threshold'), '3 manual 8 36', 'the merchant''s threshold stands');
SELECT is(pg_temp.fitted('SELECT 4 AS item_id'), '4 none', 'never sold: no rule');
SELECT is(pg_temp.fitted('SELECT 4 AS item_id, 0 AS threshold'), '4 manual 0 1', 'but for a threshold');
SELECT is_empty($$SELECT pg_temp.fitted('SELECT 1 AS item_id WHERE false')$$, 'no item is asked for');
SELECT is((SELECT count(*) FROM reco.forecast_demand('SELECT 1, current_date, 1 WHERE false')), 0::bigint, 'no demand, no items');
SELECT is((SELECT weeks FROM reco.forecast_demand($$SELECT 1::smallint, now() - interval '1 day', 1::real$$)), 1,
          'any integer, time and number will do');
SELECT throws_ok($$SELECT pg_temp.fitted('SELECT 1 AS item_id UNION ALL SELECT 1')$$, '21000', 'items returns more than one row of item 1');
SELECT throws_ok($$SELECT pg_temp.fitted('SELECT 1 AS item_id, -1 AS lead_days')$$, '22003', 'lead_days of item 1 is -1');
SELECT throws_ok($$SELECT pg_temp.fitted('SELECT 1 AS item_id', ', lead_days => ''NaN''')$$, '22023', 'lead_days is NaN');

-- What nobody buys any more is not ordered again

INSERT INTO week SELECT 5, date '2024-01-01' - 7 * n, 1 FROM generate_series(28, 40) n;
SELECT is(pg_temp.fitted('SELECT 5 AS item_id'), '5 tsb 0', 'not sold for half a year: neither ordered nor given up');

-- The season: twenty items, two years, three times as much in the last five weeks of each

CREATE TABLE seasonal AS
SELECT i AS item, date '2022-01-03' + 7 * w AS day, (8 + i % 5) * CASE WHEN w % 52 >= 47 THEN 3 ELSE 1 END AS units
FROM generate_series(1, 20) i, generate_series(0, 98) w;
SELECT results_eq($$SELECT DISTINCT rule FROM reco.forecast_demand('TABLE seasonal', as_of => '2023-11-27')$$, $$VALUES ('tsb_season')$$,
                  'a season that comes back is believed');
SELECT cmp_ok((SELECT min(season_factor) FROM reco.forecast_demand('TABLE seasonal', as_of => '2023-11-27')), '>', 1.8::float8, 'before it begins');
SELECT cmp_ok((SELECT max(mean) FROM reco.forecast_demand('TABLE seasonal', as_of => '2023-11-27', season => false)), '<', 15::float8,
              'without it, it would be missed');
SELECT results_eq($$SELECT DISTINCT rule, loss_tsb_season IS NULL FROM reco.forecast_demand('SELECT * FROM seasonal WHERE day >= ''2023-01-02''', as_of => '2023-11-27')$$,
                  $$VALUES ('tsb', true)$$, 'it takes a year to know one');

-- The guard: demand has fallen to a tenth, and the merchant knew

CREATE TABLE fallen AS
SELECT i AS item, date '2024-01-01' - 7 * w AS day, CASE WHEN w <= 15 THEN 10 ELSE 100 END + (i + w) % 3 AS units
FROM generate_series(1, 20) i, generate_series(1, 43) w;
CREATE FUNCTION pg_temp.rules(items text, guard boolean DEFAULT true) RETURNS SETOF text LANGUAGE sql AS
$$ SELECT DISTINCT rule FROM reco.forecast_demand('TABLE fallen', items, '2024-01-01', guard => rules.guard) $$;
SELECT results_eq($$SELECT pg_temp.rules('SELECT g AS item_id, 14 AS threshold FROM generate_series(1, 20) g')$$, $$VALUES ('manual')$$, 'the better rule is kept');
SELECT results_eq($$SELECT pg_temp.rules('SELECT g AS item_id, 400 AS threshold FROM generate_series(1, 20) g')$$, $$VALUES ('tsb')$$, 'the worse one is not');
SELECT results_eq($$SELECT pg_temp.rules('SELECT g AS item_id, 14 AS threshold FROM generate_series(1, 20) g', false)$$, $$VALUES ('tsb')$$, 'nor any without the guard');
SELECT results_eq($$SELECT pg_temp.rules('SELECT g AS item_id, 14 AS threshold, date ''2023-12-18'' AS threshold_since FROM generate_series(1, 20) g')$$,
                  $$VALUES ('tsb')$$, 'two weeks prove nothing');
SELECT is((SELECT count(*) FROM reco.forecast_demand('TABLE fallen', 'SELECT g AS item_id, 14 AS threshold FROM generate_series(1, 20) g', '2024-01-01')
           WHERE loss_manual < loss_tsb AND reorder_point = 14 AND order_up_to > 14), 20::bigint, 'each row says why');

-- The same whatever the order of rows

SELECT results_eq($$SELECT f::text FROM reco.forecast_demand('SELECT * FROM fallen ORDER BY item, day', as_of => '2024-01-01') f ORDER BY 1$$,
                  $$SELECT f::text FROM reco.forecast_demand('SELECT * FROM fallen ORDER BY day DESC, item DESC', as_of => '2024-01-01') f ORDER BY 1$$,
                  'rows may come in any order');

-- The caller's rights

CREATE ROLE forecast_stranger;
SET LOCAL ROLE forecast_stranger;
SELECT throws_ok($$SELECT * FROM reco.forecast_demand('SELECT item, day, units FROM public.week')$$, '42501', NULL, 'the query runs with the rights of who asks');
RESET ROLE;
SELECT throws_ok($$SELECT * FROM reco.forecast_demand('WITH gone AS (DELETE FROM week RETURNING *) SELECT item, day, units FROM gone')$$, '0A000', NULL, 'and changes nothing');

SELECT * FROM finish();
ROLLBACK;
