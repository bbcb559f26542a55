/*
 * Demand of the coming weeks, and when to order how much.
 *
 * reco.forecast_demand() is for any app: it reads rows of demand with a query
 * of the caller's and returns a row for each item.  A shop has it applied to
 * its own sales every night by reco.refit_forecasts(); what follows from the
 * forecast and the stock of the moment is in the shop's views.
 */

CREATE FUNCTION reco.demand_quantile(
    probability double precision,
    mean double precision,
    variance double precision)
RETURNS double precision
AS 'MODULE_PATHNAME', 'reco_demand_quantile'
LANGUAGE C IMMUTABLE STRICT PARALLEL SAFE;
COMMENT ON FUNCTION reco.demand_quantile(double precision, double precision, double precision) IS
    'The least whole number that a demand of this mean and variance does not exceed with this probability: negative binomial, or Poisson where the variance is not above the mean';

CREATE FUNCTION reco.forecast_demand(
    demand text,
    items text DEFAULT NULL,
    as_of date DEFAULT NULL,
    lead_days double precision DEFAULT 7,
    lead_sd_days double precision DEFAULT 0,
    review_days double precision DEFAULT 1,
    cover_days double precision DEFAULT 28,
    service_level double precision DEFAULT NULL,
    holding_rate double precision DEFAULT 0.25,
    surplus_days double precision DEFAULT 90,
    surplus_level double precision DEFAULT 0.85,
    gain double precision DEFAULT 0.1,
    season boolean DEFAULT true,
    guard boolean DEFAULT true,
    history_weeks double precision DEFAULT 156)
RETURNS TABLE (
    item_id bigint,
    rule text,
    weeks integer,
    sale_weeks integer,
    idle_weeks integer,
    weekly_mean double precision,
    weekly_variance double precision,
    season_factor double precision,
    protection_days double precision,
    wanted_level double precision,
    mean double precision,
    variance double precision,
    reorder_point double precision,
    order_up_to double precision,
    surplus_above double precision,
    loss_manual double precision,
    loss_tsb double precision,
    loss_tsb_season double precision)
AS 'MODULE_PATHNAME', 'reco_forecast_demand'
LANGUAGE C STABLE PARALLEL RESTRICTED COST 1000000 ROWS 1000;
COMMENT ON FUNCTION reco.forecast_demand(text, text, date, double precision, double precision, double precision,
    double precision, double precision, double precision, double precision, double precision, double precision,
    boolean, boolean, double precision) IS
    'Forecasts each item of a query (item_id, day, units [, days_out]): mean and variance of its demand until an order has come, reorder point, order-up-to level';

CREATE FUNCTION reco.order_quantity(
    "position" numeric,
    reorder_point numeric,
    order_up_to numeric,
    pack_size numeric DEFAULT 1,
    moq numeric DEFAULT 0)
RETURNS numeric
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT (pack_size > 0 AND pack_size < 'infinity') OR NOT (moq >= 0 AND moq < 'infinity')
       OR 'NaN' IN ("position", reorder_point, order_up_to)
       OR 'infinity' IN ("position", reorder_point, order_up_to) OR order_up_to <= reorder_point THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'no order can be made of these numbers',
            DETAIL = format('Position %s, reorder point %s, order up to %s, packs of %s, at least %s.',
                            "position", reorder_point, order_up_to, pack_size, moq),
            HINT = 'The pack size is above zero, the minimum lot is not below zero, the order-up-to level is above the reorder point.';
    END IF;
    IF "position" > reorder_point THEN
        RETURN 0;
    END IF;
    RETURN ceil(greatest(order_up_to - "position", moq) / pack_size) * pack_size;
END
$function$;
COMMENT ON FUNCTION reco.order_quantity(numeric, numeric, numeric, numeric, numeric) IS
    'What to order now: nothing above the reorder point, else up to the level, in whole packs and at least the minimum lot';

/*
 * What a shop's forecasts are kept in, and what is made of them.  Called for a
 * new shop and, to bring an older one to the present, by upgrade_shop().
 */
CREATE FUNCTION reco.create_shop_forecast(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $function$
BEGIN
    EXECUTE format($ddl$
CREATE TABLE IF NOT EXISTS %1$I.demand_week (
    product_id  bigint NOT NULL,
    week        date NOT NULL CHECK (extract(isodow FROM week) = 1),
    units       double precision NOT NULL DEFAULT 0 CHECK (units >= 0 AND units < 'infinity'),
    days_out    smallint NOT NULL DEFAULT 0 CHECK (days_out BETWEEN 0 AND 7),
    PRIMARY KEY (product_id, week)
);
COMMENT ON TABLE %1$I.demand_week IS 'what was asked for week by week, made from the sales by reco.refit_forecasts(); no row: nothing was';
COMMENT ON COLUMN %1$I.demand_week.week IS 'its Monday';
COMMENT ON COLUMN %1$I.demand_week.units IS 'sold, and asked for in vain; without what came back within a day';
COMMENT ON COLUMN %1$I.demand_week.days_out IS 'days with nothing to sell from beginning to end, on which nobody was noted to ask';

CREATE TABLE IF NOT EXISTS %1$I.forecast (
    product_id       bigint PRIMARY KEY REFERENCES %1$I.product ON DELETE CASCADE,
    as_of            date NOT NULL,
    rule             text NOT NULL CHECK (rule IN ('none', 'manual', 'tsb', 'tsb_season')),
    weeks            integer NOT NULL,
    sale_weeks       integer NOT NULL,
    weekly_mean      double precision NOT NULL,
    weekly_variance  double precision NOT NULL,
    season_factor    double precision NOT NULL,
    protection_days  double precision NOT NULL,
    service_level    double precision NOT NULL,
    mean             double precision NOT NULL,
    variance         double precision NOT NULL,
    reorder_point    numeric(14,3) CHECK (reorder_point >= 0 AND reorder_point <> 'NaN'),
    order_up_to      numeric(14,3) CHECK (order_up_to > reorder_point AND order_up_to <> 'NaN'),
    cover            numeric(14,3) CHECK (cover > 0 AND cover <> 'NaN'),
    surplus_above    numeric(14,3) CHECK (surplus_above >= 0 AND surplus_above <> 'NaN'),
    threshold        numeric(14,3),
    threshold_since  date,
    explanation      jsonb NOT NULL
);
COMMENT ON TABLE %1$I.forecast IS 'when to order and how much, from what was sold; made by reco.refit_forecasts()';
COMMENT ON COLUMN %1$I.forecast.rule IS 'manual: the merchant''s threshold stands; tsb: the product''s smoothed demand; tsb_season: with the shop''s season; none: too little is known';
COMMENT ON COLUMN %1$I.forecast.weeks IS 'weeks observed since the first sale';
COMMENT ON COLUMN %1$I.forecast.weekly_mean IS 'units a week, without season';
COMMENT ON COLUMN %1$I.forecast.protection_days IS 'until an order made at the next occasion has come';
COMMENT ON COLUMN %1$I.forecast.mean IS 'units that will be asked for in these days';
COMMENT ON COLUMN %1$I.forecast.reorder_point IS 'null: the product''s own threshold, if any';
COMMENT ON COLUMN %1$I.forecast.order_up_to IS 'null: the product''s own target; or not to be ordered again, where the reorder point is 0';
COMMENT ON COLUMN %1$I.forecast.cover IS 'units ordered beyond the reorder point';
COMMENT ON COLUMN %1$I.forecast.surplus_above IS 'units that will do for three months; null: too little is known';
COMMENT ON COLUMN %1$I.forecast.threshold_since IS 'when the product''s threshold was seen to change; null: it never was';
COMMENT ON COLUMN %1$I.forecast.explanation IS 'where the numbers come from';

CREATE TABLE IF NOT EXISTS %1$I.forecast_run (
    id               bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY,
    started_at       timestamptz NOT NULL,
    as_of            date NOT NULL,
    products         integer NOT NULL,
    rule             text,
    loss_manual      double precision,
    loss_tsb         double precision,
    loss_tsb_season  double precision
);
COMMENT ON TABLE %1$I.forecast_run IS 'each run of reco.refit_forecasts(), and how the rules did in the last 13 weeks';
COMMENT ON COLUMN %1$I.forecast_run.loss_manual IS 'mean pinball loss of a product and week, in money, of the merchant''s thresholds; the least is best';
$ddl$, schema_name);

    EXECUTE format($ddl$
CREATE OR REPLACE VIEW %1$I.stock_position AS
SELECT p.id AS product_id, l.on_hand, l.reserved, coalesce(o.on_order, 0) AS on_order, coalesce(o.due, 0) AS due,
       l.on_hand - l.reserved + coalesce(o.due, 0) AS "position",
       l.reorder_point,
       CASE WHEN l.reorder_point IS NULL THEN NULL
            WHEN r.manual THEN greatest(p.target, l.reorder_point + coalesce(f.cover, greatest(l.reorder_point, 1)) * (p.target IS NULL)::integer)
            ELSE f.order_up_to END AS order_up_to,
       CASE WHEN r.manual AND f.rule <> 'manual' THEN 'manual' ELSE coalesce(f.rule, 'manual') END AS rule
FROM %1$I.product p
JOIN %1$I.stock_level l ON l.product_id = p.id
LEFT JOIN %1$I.supplier s ON s.id = p.supplier_id
LEFT JOIN %1$I.forecast f ON f.product_id = p.id
CROSS JOIN LATERAL (SELECT p.policy = 'manual' AND p.threshold IS NOT NULL OR f.reorder_point IS NULL AS manual) r
LEFT JOIN (
    SELECT b.product_id, sum(b.ordered - b.received) AS on_order,
           sum(b.ordered - b.received) FILTER (WHERE c.expected_on IS NULL
               OR c.expected_on <= current_date + (coalesce(q.lead_days, t.lead_days) + t.review_days)) AS due
    FROM %1$I.purchase_order_line b
    JOIN %1$I.purchase_order c ON c.id = b.purchase_order_id
    JOIN %1$I.supplier t ON t.id = c.supplier_id
    JOIN %1$I.product q ON q.id = b.product_id
    WHERE c.status = 'ordered' AND b.received < b.ordered
    GROUP BY b.product_id) o ON o.product_id = p.id;
COMMENT ON VIEW %1$I.stock_position IS 'what there is and comes in time of each product, and the rule that holds';
COMMENT ON COLUMN %1$I.stock_position.due IS 'of what is on order, what comes before an order made at the next occasion would';

CREATE OR REPLACE VIEW %1$I.to_order AS
SELECT s.id AS supplier_id, s.name AS supplier, s.phone AS supplier_phone,
       p.id AS product_id, p.name AS product, p.unit, t.on_hand, t.reserved, t.on_order, t."position",
       t.reorder_point, t.order_up_to, q.quantity, round(q.quantity / p.pack_size) AS packs, p.pack_size,
       p.unit_cost, round(q.quantity * p.unit_cost, 2) AS cost, t.rule,
       coalesce(f.explanation, '{}') || jsonb_build_object(
           'rule', t.rule, 'on_hand', t.on_hand, 'reserved', t.reserved, 'on_order', t.on_order, 'due', t.due,
           'position', t."position", 'reorder_point', t.reorder_point, 'order_up_to', t.order_up_to,
           'pack_size', p.pack_size, 'moq', p.moq, 'quantity', q.quantity) AS explanation
FROM %1$I.stock_position t
JOIN %1$I.product p ON p.id = t.product_id
LEFT JOIN %1$I.supplier s ON s.id = p.supplier_id
LEFT JOIN %1$I.forecast f ON f.product_id = p.id
CROSS JOIN LATERAL (
    SELECT reco.order_quantity(t."position", t.reorder_point, greatest(t.order_up_to, t.reorder_point + 0.001), p.pack_size, p.moq) AS quantity) q
WHERE p.active AND t.order_up_to IS NOT NULL AND t."position" <= t.reorder_point
ORDER BY s.name, cost DESC, p.id;
COMMENT ON VIEW %1$I.to_order IS 'what to order now, by supplier: whole packs, at least the minimum lot, what comes in time counted';
$ddl$, schema_name);

    EXECUTE format($ddl$
CREATE OR REPLACE VIEW %1$I.slow_movers AS
SELECT p.id AS product_id, p.name AS product, l.on_hand - l.reserved AS available,
       round((l.on_hand - l.reserved) * p.unit_cost, 2) AS value, d.last_sold_on, d.idle_days,
       round((7 * (l.on_hand - l.reserved)::double precision / nullif(f.weekly_mean, 0))::numeric) AS cover_days,
       d.idle_days >= 90 AS dead
FROM %1$I.product p
JOIN %1$I.stock_level l ON l.product_id = p.id
LEFT JOIN %1$I.forecast f ON f.product_id = p.id
CROSS JOIN LATERAL (
    SELECT (SELECT m.moved_at::date FROM %1$I.stock_move m WHERE m.product_id = p.id AND m.kind = 'sale'
            ORDER BY m.moved_at DESC LIMIT 1) AS sold_on,
           (SELECT w.week + 6 FROM %1$I.demand_week w WHERE w.product_id = p.id AND w.units > 0
            ORDER BY w.week DESC LIMIT 1) AS asked_on,
           (SELECT m.moved_at::date FROM %1$I.stock_move m WHERE m.product_id = p.id
            ORDER BY m.moved_at LIMIT 1) AS first_on) e
CROSS JOIN LATERAL (
    SELECT coalesce(e.sold_on, e.asked_on) AS last_sold_on,
           current_date - coalesce(e.sold_on, e.asked_on, e.first_on, p.created_at::date) AS idle_days) d
WHERE l.on_hand - l.reserved > 0
  AND (d.idle_days >= 30 OR 7 * (l.on_hand - l.reserved)::double precision > 180 * f.weekly_mean)
ORDER BY value DESC, p.id;
COMMENT ON VIEW %1$I.slow_movers IS 'goods in stock that nobody has bought for 30 days, or that last for more than 180';
COMMENT ON COLUMN %1$I.slow_movers.idle_days IS 'since the last sale; never sold: since there is any';
COMMENT ON COLUMN %1$I.slow_movers.cover_days IS 'how long they last';
COMMENT ON COLUMN %1$I.slow_movers.dead IS 'not sold for 90 days';

CREATE OR REPLACE VIEW %1$I.surplus AS
SELECT p.id AS product_id, p.name AS product, t.on_hand, t.reserved, t.on_order, k.surplus_above, u.surplus,
       round(u.surplus * p.unit_cost, 2) AS value,
       round((7 * (t.on_hand - t.reserved)::double precision / nullif(f.weekly_mean, 0))::numeric) AS cover_days,
       coalesce(f.explanation, '{}') || jsonb_build_object(
           'on_hand', t.on_hand, 'reserved', t.reserved, 'on_order', t.on_order,
           'surplus_above', k.surplus_above, 'surplus', u.surplus) AS explanation
FROM %1$I.stock_position t
JOIN %1$I.product p ON p.id = t.product_id
LEFT JOIN %1$I.forecast f ON f.product_id = p.id
LEFT JOIN %1$I.slow_movers d ON d.product_id = p.id AND d.dead AND f.surplus_above IS NULL
CROSS JOIN LATERAL (SELECT coalesce(f.surplus_above, CASE WHEN d.dead THEN 0 END) AS surplus_above) k
CROSS JOIN LATERAL (
    SELECT least(t.on_hand - t.reserved, t.on_hand - t.reserved + t.on_order - k.surplus_above) AS surplus) u
WHERE u.surplus > 0
ORDER BY value DESC, p.id;
COMMENT ON VIEW %1$I.surplus IS 'goods that will not be sold in three months, or that nobody has bought for as long';
COMMENT ON COLUMN %1$I.surplus.surplus_above IS 'units that will do for three months';
COMMENT ON COLUMN %1$I.surplus.surplus IS 'units in stock beyond these';
COMMENT ON COLUMN %1$I.surplus.value IS 'what the surplus cost';
$ddl$, schema_name);

    EXECUTE format($ddl$
CREATE OR REPLACE VIEW %1$I.dashboard_sales_by_day AS
SELECT d.day::date AS day, count(DISTINCT s.id) FILTER (WHERE l.quantity > 0) AS sales,
       coalesce(sum(l.quantity), 0) AS units, coalesce(round(sum(l.quantity * l.unit_price), 2), 0) AS amount,
       coalesce(round(sum(l.quantity * (l.unit_price - l.unit_cost)), 2), 0) AS margin
FROM generate_series(current_date - 89, current_date, interval '1 day') AS d (day)
LEFT JOIN %1$I.sale s ON s.sold_at >= d.day AND s.sold_at < d.day + interval '1 day'
LEFT JOIN %1$I.sale_line l ON l.sale_id = s.id
GROUP BY d.day
ORDER BY d.day DESC;
COMMENT ON VIEW %1$I.dashboard_sales_by_day IS 'the last 90 days; what was given back is taken off on the day it was';

CREATE OR REPLACE VIEW %1$I.dashboard_top_products AS
SELECT p.id AS product_id, p.name AS product, sum(l.quantity) AS units,
       round(sum(l.quantity * l.unit_price), 2) AS amount,
       round(sum(l.quantity * (l.unit_price - l.unit_cost)), 2) AS margin
FROM %1$I.sale s
JOIN %1$I.sale_line l ON l.sale_id = s.id
JOIN %1$I.product p ON p.id = l.product_id
WHERE s.sold_at >= current_date - 29
GROUP BY p.id
ORDER BY amount DESC, p.id;
COMMENT ON VIEW %1$I.dashboard_top_products IS 'what was sold in the last 30 days, best first';

CREATE OR REPLACE VIEW %1$I.dashboard AS
SELECT d.sales_today, d.amount_today, d.amount_7_days, d.amount_30_days, v.stock_value,
       coalesce(a.open_alerts, 0) AS open_alerts, coalesce(a.alerts, '{}') AS alerts,
       o.to_order, o.to_order_cost, u.surplus_value, m.unmet_30_days,
       (SELECT coalesce(jsonb_agg(jsonb_build_object('product_id', b.product_id, 'product', b.product, 'amount', b.amount)
                                  ORDER BY b.amount DESC, b.product_id), '[]')
        FROM (SELECT * FROM %1$I.dashboard_top_products LIMIT 10) b) AS top_products,
       f.as_of AS forecast_as_of
FROM (SELECT coalesce(sum(sales) FILTER (WHERE day = current_date), 0) AS sales_today,
             coalesce(sum(amount) FILTER (WHERE day = current_date), 0) AS amount_today,
             coalesce(sum(amount) FILTER (WHERE day > current_date - 7), 0) AS amount_7_days,
             coalesce(sum(amount) FILTER (WHERE day > current_date - 30), 0) AS amount_30_days
      FROM %1$I.dashboard_sales_by_day) d
CROSS JOIN (SELECT coalesce(round(sum(l.on_hand * p.unit_cost), 2), 0) AS stock_value
            FROM %1$I.stock_level l JOIN %1$I.product p ON p.id = l.product_id) v
CROSS JOIN (SELECT sum(k.alerts)::bigint AS open_alerts, jsonb_object_agg(k.kind, k.alerts) AS alerts
            FROM (SELECT kind, count(*) AS alerts FROM %1$I.stock_alert WHERE closed_at IS NULL GROUP BY kind) k) a
CROSS JOIN (SELECT count(*) AS to_order, coalesce(sum(cost), 0) AS to_order_cost FROM %1$I.to_order) o
CROSS JOIN (SELECT coalesce(sum(value), 0) AS surplus_value FROM %1$I.surplus) u
CROSS JOIN (SELECT count(*) AS unmet_30_days FROM %1$I.unmet_demand WHERE asked_at >= current_date - 29) m
CROSS JOIN (SELECT max(as_of) AS as_of FROM %1$I.forecast) f;
COMMENT ON VIEW %1$I.dashboard IS 'the shop at a glance, one row; by day and by product in dashboard_sales_by_day and dashboard_top_products';
COMMENT ON COLUMN %1$I.dashboard.to_order IS 'lines of to_order';
$ddl$, schema_name);
END
$function$;
COMMENT ON FUNCTION reco.create_shop_forecast(name) IS
    'makes the tables and views of a shop''s forecasts, or makes the views anew';
