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
    surplus_level double precision DEFAULT 0.9,
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
 * new shop and, to bring an older one to the present, by upgrade_shop().  The
 * views need nothing of the extension: they outlive it, as the tables do.
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
            WHEN r.manual THEN coalesce(p.target, l.reorder_point + coalesce(f.cover, greatest(l.reorder_point, 1)))
            ELSE f.order_up_to END AS order_up_to,
       CASE WHEN p.policy = 'manual' AND p.threshold IS NOT NULL THEN 'manual'
            ELSE coalesce(f.rule, CASE WHEN p.threshold IS NULL THEN 'none' ELSE 'manual' END) END AS rule
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
    SELECT ceil(greatest(t.order_up_to - t."position", p.moq) / p.pack_size) * p.pack_size AS quantity) q
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
CROSS JOIN LATERAL (SELECT t.on_hand - t.reserved - k.surplus_above AS surplus) u
WHERE u.surplus > 0
ORDER BY value DESC, p.id;
COMMENT ON VIEW %1$I.surplus IS 'goods that will not be sold in three months, or that nobody has bought for as long';
COMMENT ON COLUMN %1$I.surplus.surplus_above IS 'units that will do for three months';
COMMENT ON COLUMN %1$I.surplus.surplus IS 'units in stock and not reserved beyond these; on_order comes on top';
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
    'Makes the tables and views of a shop''s forecasts, or makes the views anew';

/* ---- the nightly run ---- */

/*
 * Brings demand_week up to date from a week on, or from the first sale.
 *
 * Demand is what was sold, less what came back within a day (a mistake, not a
 * change of mind) and what was voided in the ledger, and what was asked for in
 * vain.  Later returns add stock but were demand all the same; write-offs,
 * counts and transfers never are.  A day is out when the product had nothing
 * to sell from its beginning to its end and nobody was noted to ask for it.
 */
CREATE FUNCTION reco.refresh_demand(schema_name name, from_week date, until_week date)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    written bigint;
BEGIN
    EXECUTE format('DELETE FROM %I.demand_week WHERE week >= $1', schema_name) USING from_week;
    EXECUTE format($sql$
INSERT INTO %1$I.demand_week (product_id, week, units, days_out)
WITH asked AS MATERIALIZED (
    SELECT a.product_id, a.day, sum(a.units) AS units
    FROM (
        SELECT l.product_id, s.sold_at::date AS day, l.quantity AS units
        FROM %1$I.sale s JOIN %1$I.sale_line l ON l.sale_id = s.id
        WHERE l.quantity > 0 AND s.sold_at >= $1 AND s.sold_at < $2
        UNION ALL
        SELECT o.product_id, v.sold_at::date, r.quantity
        FROM %1$I.sale_line r
        JOIN %1$I.sale b ON b.id = r.sale_id
        LEFT JOIN LATERAL (
            SELECT o.id FROM %1$I.sale w JOIN %1$I.sale_line o ON o.sale_id = w.id
            WHERE r.refund_of IS NULL AND w.client_id = b.client_id AND o.product_id = r.product_id
              AND o.quantity = - r.quantity AND w.sold_at BETWEEN b.sold_at - interval '1 day' AND b.sold_at
            ORDER BY w.sold_at DESC, o.id DESC LIMIT 1) m ON true
        JOIN %1$I.sale_line o ON o.id = coalesce(r.refund_of, m.id)
        JOIN %1$I.sale v ON v.id = o.sale_id
        WHERE r.quantity < 0 AND b.sold_at >= $1 AND b.sold_at <= v.sold_at + interval '1 day'
          AND v.sold_at >= $1 AND v.sold_at < $2
        UNION ALL
        SELECT m.product_id, m.moved_at::date, m.quantity
        FROM %1$I.stock_move v JOIN %1$I.stock_move m ON m.id = v.reverses
        WHERE v.kind = 'void' AND m.kind = 'sale' AND m.moved_at >= $1 AND m.moved_at < $2
        UNION ALL
        SELECT u.product_id, u.asked_at::date, u.quantity
        FROM %1$I.unmet_demand u
        WHERE u.asked_at >= $1 AND u.asked_at < $2) a
    GROUP BY a.product_id, a.day
), event AS (
    SELECT e.product_id, e.day, sum(e.change) AS change
    FROM (
        SELECT m.product_id, greatest(m.moved_at::date, $1 - 1) AS day, m.quantity AS change
        FROM %1$I.stock_move m WHERE m.moved_at < $2
        UNION ALL
        SELECT a.product_id, a.day, 0 FROM asked a) e
    GROUP BY e.product_id, e.day
), gap AS (
    SELECT e.product_id, e.day + 1 AS first_day, lead(e.day, 1, $2) OVER w - 1 AS last_day,
           sum(e.change) OVER w AS balance
    FROM event e
    WHERE NOT EXISTS (SELECT FROM %1$I.product p WHERE p.id = e.product_id AND p.allow_backorder)
      AND EXISTS (SELECT FROM %1$I.stock_move m WHERE m.product_id = e.product_id)
    WINDOW w AS (PARTITION BY e.product_id ORDER BY e.day)
), out AS (
    SELECT g.product_id, w.week::date AS week,
           sum(least(g.last_day, w.week::date + 6) - greatest(g.first_day, w.week::date) + 1) AS days
    FROM gap g
    CROSS JOIN LATERAL generate_series(date_trunc('week', g.first_day::timestamp), g.last_day::timestamp, interval '7 days') AS w (week)
    WHERE g.balance <= 0 AND g.last_day >= g.first_day
    GROUP BY g.product_id, w.week
), weekly AS (
    SELECT a.product_id, date_trunc('week', a.day::timestamp)::date AS week, greatest(sum(a.units), 0) AS units
    FROM asked a GROUP BY a.product_id, date_trunc('week', a.day::timestamp)
)
SELECT product_id, week, coalesce(w.units, 0), coalesce(o.days, 0)
FROM weekly w FULL JOIN out o USING (product_id, week)
WHERE w.units > 0 OR o.days > 0
ORDER BY product_id, week
$sql$, schema_name) USING from_week, until_week;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$function$;
COMMENT ON FUNCTION reco.refresh_demand(name, date, date) IS
    'Makes a shop''s demand_week anew from one Monday to before another, and tells how many rows';

CREATE FUNCTION reco.refit_forecasts(
    schema_name name DEFAULT 'shop',
    as_of date DEFAULT NULL,
    rebuild boolean DEFAULT false,
    alerts boolean DEFAULT true)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    /* quantities of a shop are numeric(14,3) */
    most CONSTANT double precision := 99999999999;
    today CONSTANT date := coalesce(as_of, current_date);
    this_week CONSTANT date := date_trunc('week', today::timestamp)::date;
    began CONSTANT timestamptz := clock_timestamp();
    last_run record;
    from_week date;
    dirty date;
    demand text;
    items text;
    products integer;
BEGIN
    IF schema_name IS NULL OR rebuild IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'schema_name and rebuild must not be null',
            HINT = 'Example: SELECT reco.refit_forecasts(''shop'')';
    END IF;
    PERFORM reco.check_shop_owner(schema_name);
    IF NOT isfinite(today) OR today > current_date + 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('as_of is in the future: %s', today),
            HINT = 'It is the first day that is not history; null for today.';
    END IF;
    IF to_regclass(format('%I.demand_week', schema_name)) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('schema "%s" holds no shop', schema_name),
            HINT = format('Make one first: SELECT reco.create_shop(%L); an older one: SELECT reco.upgrade_shop(%L)',
                          schema_name, schema_name);
    END IF;

    /* One run at a time; the forecasts of the last one can be read meanwhile. */
    EXECUTE format('LOCK TABLE %I.forecast_run IN SHARE ROW EXCLUSIVE MODE', schema_name);
    EXECUTE format('SELECT r.started_at, r.as_of FROM %I.forecast_run r ORDER BY r.id DESC LIMIT 1', schema_name)
        INTO last_run;

    /*
     * Weeks are done again from the last run on, or from where the oldest row
     * of the ledger lies that was written since.  A day is added for what was
     * being written while the last run read.
     */
    IF NOT rebuild AND last_run.as_of IS NOT NULL THEN
        EXECUTE format('SELECT min(m.moved_at)::date FROM %I.stock_move m WHERE m.recorded_at >= $1', schema_name)
            INTO dirty USING last_run.started_at - interval '1 day';
        from_week := date_trunc('week', least(last_run.as_of - 7, today - 7, dirty)::timestamp)::date;
    END IF;
    IF from_week IS NULL THEN
        EXECUTE format(
            'SELECT date_trunc(''week'', least(min(s.sold_at), (SELECT min(m.moved_at) FROM %1$I.stock_move m),'
            '                                  (SELECT min(u.asked_at) FROM %1$I.unmet_demand u)))::date'
            ' FROM %1$I.sale s', schema_name) INTO from_week;
    END IF;
    PERFORM reco.refresh_demand(schema_name, coalesce(from_week, this_week), this_week);

    demand := format('SELECT product_id, week, units, days_out FROM %I.demand_week', schema_name);
    /* Thresholds are judged from when they were first seen; those of the first run always were. */
    items := format(
        'SELECT p.id AS item_id, coalesce(p.lead_days, s.lead_days) AS lead_days, s.lead_sd_days, s.review_days,'
        ' p.service_level, p.price, p.unit_cost, p.threshold,'
        ' CASE WHEN f.product_id IS NULL THEN NULL'
        '      WHEN f.threshold IS NOT DISTINCT FROM p.threshold THEN f.threshold_since ELSE %2$L::date END AS threshold_since'
        ' FROM %1$I.product p LEFT JOIN %1$I.supplier s ON s.id = p.supplier_id'
        ' LEFT JOIN %1$I.forecast f ON f.product_id = p.id WHERE p.active', schema_name, today);

    EXECUTE format($sql$
WITH fitted AS MATERIALIZED (
    SELECT d.item_id, d.rule, d.weeks, d.sale_weeks, d.weekly_mean, d.weekly_variance, d.season_factor,
           d.protection_days, d.wanted_level, d.mean, d.variance, d.loss_manual, d.loss_tsb, d.loss_tsb_season,
           CASE WHEN d.reorder_point > $2 / 2 THEN $2 / 2 ELSE d.reorder_point END AS reorder_point,
           CASE WHEN d.order_up_to > $2 THEN $2 ELSE d.order_up_to END AS order_up_to,
           CASE WHEN d.surplus_above > $2 THEN $2 ELSE d.surplus_above END AS surplus_above,
           p.threshold, p.target, s.lead_sd_days, coalesce(s.review_days, 1) AS review_days,
           coalesce(p.lead_days, s.lead_days, 7) AS lead_days,
           CASE WHEN o.product_id IS NULL THEN NULL
                WHEN o.threshold IS NOT DISTINCT FROM p.threshold THEN o.threshold_since ELSE $1 END AS threshold_since
    FROM reco.forecast_demand(demand => $4, items => $5, as_of => $6) d
    JOIN %1$I.product p ON p.id = d.item_id
    LEFT JOIN %1$I.supplier s ON s.id = p.supplier_id
    LEFT JOIN %1$I.forecast o ON o.product_id = p.id
), written AS (
    INSERT INTO %1$I.forecast
    SELECT f.item_id, $1, f.rule, f.weeks, f.sale_weeks, f.weekly_mean, f.weekly_variance, f.season_factor,
           f.protection_days, f.wanted_level, f.mean, f.variance,
           CASE WHEN f.rule <> 'manual' THEN f.reorder_point END,
           CASE WHEN f.rule <> 'manual' THEN f.order_up_to END,
           f.order_up_to - f.reorder_point, f.surplus_above, f.threshold, f.threshold_since,
           jsonb_strip_nulls(jsonb_build_object(
               'rule', f.rule,
               'why', CASE WHEN f.rule = 'none' THEN 'too little is known, and there is no threshold'
                           WHEN f.rule = 'manual' AND (f.weeks < 4 OR f.sale_weeks < 2)
                           THEN 'too little is known: the threshold stands'
                           WHEN f.rule = 'manual' THEN 'the thresholds were better in the last weeks'
                           WHEN f.order_up_to IS NULL THEN 'nobody has bought it for half a year'
                           ELSE 'the best rule of the last weeks' END,
               'weeks', f.weeks, 'sale_weeks', f.sale_weeks, 'per_week', round(f.weekly_mean::numeric, 3),
               'season', round(f.season_factor::numeric, 3),
               'lead_days', f.lead_days, 'lead_sd_days', f.lead_sd_days, 'review_days', f.review_days,
               'expected', round(f.mean::numeric, 2), 'deviation', round(sqrt(f.variance)::numeric, 2),
               'service_level', round(f.wanted_level::numeric, 4),
               'threshold', f.threshold, 'reorder_point', f.reorder_point,
               'order_up_to', CASE WHEN f.rule = 'manual' THEN coalesce(f.target, f.order_up_to::numeric) ELSE f.order_up_to END,
               'surplus_above', f.surplus_above,
               'losses', jsonb_strip_nulls(jsonb_build_object(
                   'manual', round(f.loss_manual::numeric, 4), 'tsb', round(f.loss_tsb::numeric, 4),
                   'tsb_season', round(f.loss_tsb_season::numeric, 4)))))
    FROM fitted f
    ON CONFLICT (product_id) DO UPDATE SET
        as_of = excluded.as_of, rule = excluded.rule, weeks = excluded.weeks, sale_weeks = excluded.sale_weeks,
        weekly_mean = excluded.weekly_mean, weekly_variance = excluded.weekly_variance,
        season_factor = excluded.season_factor, protection_days = excluded.protection_days,
        service_level = excluded.service_level, mean = excluded.mean, variance = excluded.variance,
        reorder_point = excluded.reorder_point, order_up_to = excluded.order_up_to, cover = excluded.cover,
        surplus_above = excluded.surplus_above, threshold = excluded.threshold,
        threshold_since = excluded.threshold_since, explanation = excluded.explanation
)
INSERT INTO %1$I.forecast_run (started_at, as_of, products, rule, loss_manual, loss_tsb, loss_tsb_season)
SELECT $3, $1, count(*), mode() WITHIN GROUP (ORDER BY f.rule) FILTER (WHERE f.weeks >= 4 AND f.sale_weeks >= 2),
       max(f.loss_manual), max(f.loss_tsb), max(f.loss_tsb_season)
FROM fitted f
RETURNING products
$sql$, schema_name) INTO products USING today, most, began, demand, items, this_week;

    EXECUTE format('DELETE FROM %1$I.forecast f WHERE NOT EXISTS ('
                   'SELECT FROM %1$I.product p WHERE p.id = f.product_id AND p.active)', schema_name);
    IF alerts THEN
        PERFORM reco.refresh_alerts(schema_name);
    END IF;
    RETURN products;
END
$function$;
COMMENT ON FUNCTION reco.refit_forecasts(name, date, boolean, boolean) IS
    'Forecasts all active products of a shop in one pass, sets their reorder points and has the alerts follow; returns how many products. rebuild: reads all sales again, not only the last weeks; alerts false: leaves them to refresh_alerts()';
