-- Replays the trade of a shop, with an ordering rule in the place of the merchant.
--
-- The caller makes replay.demand (item, period, units; what people asked for) and replay.setting, then calls
-- replay.prepare(). A period is a day or a week; the merchant orders at its close:
--
--   each period   goods arrive; min(demand, on hand) is sold, the rest is lost; at the close, if the shop is open
--                 and on hand + on order <= s, so much is ordered that there is S; it arrives lead + 1 periods later
--   at the start  (lead + cover) * mean of the warm-up on hand, whatever the rule
--   each week     the forecasting rules are fitted again by reco.forecast_demand() to what they themselves have sold
--                 and on how many days they had nothing; nothing else is known to them
--   the score     counts from some weeks after the warm-up on: item-periods in which somebody asked in vain, share of
--                 the units that were sold, mean value of the stock at the close, order lines
--
-- The merchant's fixed rule is set once, from the warm-up: s = k * mean * (lead + 1), S = s + cover * mean, where mean
-- is that of an item since its first sale. With the guard on the fixed rule is also the merchant's threshold that the
-- forecasts are to beat, in force since the end of the warm-up.
\set QUIET on
\ir measure.sql
SET client_min_messages = warning;
SET jit = off;
CREATE SCHEMA replay;

CREATE TABLE replay.demand (item bigint, period integer, units double precision, PRIMARY KEY (item, period));
CREATE TABLE replay.price (item bigint PRIMARY KEY, price double precision);
CREATE TABLE replay.closed (period integer PRIMARY KEY);
CREATE TABLE replay.setting (
    periods integer,            -- all there are
    week integer,               -- periods in a week
    warm_up integer,            -- periods before the replay
    unscored integer,           -- periods of the replay that do not count
    min_sales integer,          -- periods with a sale that an item must have in the warm-up
    lead integer,               -- periods between order and delivery
    cover integer);             -- periods that an order is to last

CREATE TABLE replay.item (item bigint PRIMARY KEY, price double precision, mean double precision);
CREATE TABLE replay.week (item bigint, week integer, units double precision[], PRIMARY KEY (item, week));
CREATE TABLE replay.opening (week integer PRIMARY KEY, open boolean[], first_period integer);

CREATE FUNCTION replay.day(week bigint) RETURNS date IMMUTABLE RETURN date '2001-01-01' + (7 * week)::integer;

CREATE FUNCTION replay.prepare() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    ANALYZE replay.demand;
    INSERT INTO replay.item
    SELECT d.item, coalesce(max(p.price), 1), sum(d.units) / (max(g.warm_up) - min(d.period) FILTER (WHERE d.units > 0))
    FROM replay.setting g CROSS JOIN replay.demand d LEFT JOIN replay.price p USING (item)
    WHERE d.period < g.warm_up
    GROUP BY d.item HAVING count(*) FILTER (WHERE d.units > 0) >= max(g.min_sales);
    INSERT INTO replay.week
    SELECT i.item, p.period / g.week, array_agg(coalesce(d.units, 0) ORDER BY p.period)
    FROM replay.setting g CROSS JOIN replay.item i CROSS JOIN generate_series(0, g.periods - 1) p (period)
    LEFT JOIN replay.demand d ON d.item = i.item AND d.period = p.period
    GROUP BY i.item, p.period / g.week;
    INSERT INTO replay.opening
    SELECT p.period / g.week, array_agg(c.period IS NULL ORDER BY p.period), min(p.period)
    FROM replay.setting g CROSS JOIN generate_series(0, g.periods - 1) p (period)
    LEFT JOIN replay.closed c USING (period)
    GROUP BY p.period / g.week;
    ANALYZE replay.item, replay.week;
END
$$;

-- One item through one week.
CREATE FUNCTION replay.trade(
    INOUT on_hand double precision, INOUT pipeline double precision[], s double precision, upto double precision,
    units double precision[], open boolean[], first_scored integer, price double precision,
    OUT sold double precision, OUT days_out integer, OUT lost integer, OUT asked double precision,
    OUT served double precision, OUT value double precision, OUT empty integer, OUT lines integer)
LANGUAGE plpgsql IMMUTABLE AS $$
DECLARE
    sale double precision;
    missing double precision;
BEGIN
    sold := 0; days_out := 0; lost := 0; asked := 0; served := 0; value := 0; empty := 0; lines := 0;
    FOR i IN 1 .. cardinality(units) LOOP
        on_hand := on_hand + pipeline[1];
        pipeline := pipeline[2:] || 0.0::double precision;
        IF on_hand <= 0 THEN
            days_out := days_out + 1;
        END IF;
        sale := least(units[i], on_hand);
        on_hand := on_hand - sale;
        sold := sold + sale;
        IF i >= first_scored THEN
            asked := asked + units[i];
            served := served + sale;
            value := value + on_hand * price;
            IF sale < units[i] THEN
                lost := lost + 1;
            END IF;
            IF on_hand <= 0 AND open[i] THEN
                empty := empty + 1;
            END IF;
        END IF;
        IF open[i] THEN
            missing := on_hand + (SELECT sum(p) FROM unnest(pipeline) p);
            IF missing <= s THEN
                pipeline[cardinality(pipeline)] := pipeline[cardinality(pipeline)] + upto - missing;
                IF i >= first_scored THEN
                    lines := lines + 1;
                END IF;
            END IF;
        END IF;
    END LOOP;
END
$$;

CREATE UNLOGGED TABLE replay.state (
    item bigint, price double precision, fixed_s double precision, fixed_upto double precision,
    on_hand double precision, pipeline double precision[], s double precision, upto double precision);
CREATE UNLOGGED TABLE replay.seen (item bigint, week integer, units double precision, days_out integer);
CREATE TABLE replay.score (
    rule text, k double precision, level double precision, stock double precision, lost bigint,
    fill double precision, out_share double precision, lines bigint, manual_weeks integer, season_weeks integer);
-- Stock at the beginning of each week, for those who ask for it.
CREATE TABLE replay.kept (week integer, item bigint, on_hand double precision);

-- rule: 'fixed', 'forecast' or 'guarded'. k is that of the fixed rule; level the service level wanted.
CREATE PROCEDURE replay.run(rule text, k double precision, level double precision DEFAULT NULL, keep boolean DEFAULT false)
LANGUAGE plpgsql AS $$
DECLARE
    g replay.setting;
    w record;
    done record;
    score record;
    manual_weeks integer := 0;
    season_weeks integer := 0;
    days double precision;
    stock double precision := 0; lost bigint := 0; asked double precision := 0; served double precision := 0;
    empty bigint := 0; lines bigint := 0; open_periods bigint := 0; rules text[];
BEGIN
    SELECT * INTO g FROM replay.setting;
    days := 7.0 / g.week;
    TRUNCATE replay.state, replay.seen;
    INSERT INTO replay.state
    SELECT i.item, i.price, ceil(k * i.mean * (g.lead + 1)),
           ceil(k * i.mean * (g.lead + 1)) + greatest(1, ceil(i.mean * g.cover)),
           ceil((g.lead + g.cover) * i.mean), array_fill(0.0::double precision, ARRAY[g.lead + 1]), 0, 0
    FROM replay.item i;
    INSERT INTO replay.seen
    SELECT d.item, d.week, u.units, 0
    FROM replay.week d CROSS JOIN LATERAL (SELECT sum(x) AS units FROM unnest(d.units) x) u
    WHERE d.week < g.warm_up / g.week AND u.units > 0;

    FOR w IN SELECT * FROM replay.opening o WHERE o.week >= g.warm_up / g.week ORDER BY o.week LOOP
        IF run.rule = 'fixed' THEN
            UPDATE replay.state SET s = fixed_s, upto = fixed_upto WHERE s <> fixed_s OR upto <> fixed_upto;
        ELSE
            WITH fitted AS (
                SELECT * FROM reco.forecast_demand(
                    'SELECT item, replay.day(week), units, days_out FROM replay.seen',
                    format('SELECT item AS item_id, price AS unit_cost%s FROM replay.state',
                           CASE WHEN run.rule = 'guarded'
                                THEN format(', fixed_s AS threshold, %L::date AS threshold_since', replay.day(g.warm_up / g.week))
                                ELSE ', fixed_s AS threshold' END),
                    as_of => replay.day(w.week), lead_days => g.lead * days, review_days => days,
                    cover_days => g.cover * days, service_level => run.level, guard => run.rule = 'guarded')
            ), changed AS (
                UPDATE replay.state t
                SET s = CASE f.rule WHEN 'manual' THEN t.fixed_s ELSE CASE WHEN f.order_up_to IS NULL THEN -1 ELSE f.reorder_point END END,
                    upto = CASE f.rule WHEN 'manual' THEN t.fixed_upto ELSE f.order_up_to END
                FROM fitted f WHERE f.item_id = t.item)
            SELECT array_agg(f.rule) INTO rules FROM fitted f WHERE f.weeks >= 4 AND f.sale_weeks >= 2;
            manual_weeks := manual_weeks + ('manual' = ANY (rules))::integer;
            season_weeks := season_weeks + ('tsb_season' = ANY (rules))::integer;
        END IF;
        IF keep THEN
            INSERT INTO replay.kept SELECT w.week, item, on_hand FROM replay.state;
        END IF;
        WITH traded AS MATERIALIZED (
            SELECT t.item, r.*
            FROM replay.state t JOIN replay.week d ON d.item = t.item AND d.week = w.week
            CROSS JOIN LATERAL replay.trade(t.on_hand, t.pipeline, t.s, t.upto, d.units, w.open,
                greatest(g.warm_up + g.unscored - w.first_period + 1, 1), t.price) r
        ), moved AS (
            UPDATE replay.state t SET on_hand = r.on_hand, pipeline = r.pipeline FROM traded r WHERE r.item = t.item
        ), noted AS (
            INSERT INTO replay.seen SELECT item, w.week, sold, days_out * 7 / g.week FROM traded WHERE sold > 0 OR days_out > 0
        )
        SELECT sum(r.value) AS value, sum(r.lost) AS lost, sum(r.asked) AS asked, sum(r.served) AS served,
               sum(r.empty) AS empty, sum(r.lines) AS lines INTO done FROM traded r;
        stock := stock + done.value;
        lost := lost + done.lost;
        asked := asked + done.asked;
        served := served + done.served;
        empty := empty + done.empty;
        lines := lines + done.lines;
    END LOOP;
    SELECT count(*) INTO open_periods FROM generate_series(g.warm_up + g.unscored, g.periods - 1) p (period)
    WHERE NOT EXISTS (SELECT FROM replay.closed c WHERE c.period = p.period);
    INSERT INTO replay.score
    SELECT run.rule, run.k, run.level, stock / (g.periods - g.warm_up - g.unscored), lost, served / asked,
           empty::double precision / (open_periods * (SELECT count(*) FROM replay.item)), lines, manual_weeks, season_weeks;
END
$$;

-- The stock of the fixed rule at which as many are lost, and what is lost with so much of its stock.
CREATE FUNCTION replay.fixed_stock(lost double precision) RETURNS double precision STABLE LANGUAGE sql AS $$
    SELECT exp(ln(a.stock) + (ln(b.stock) - ln(a.stock)) * (ln(fixed_stock.lost) - ln(a.lost)) / (ln(b.lost) - ln(a.lost)))
    FROM replay.score a, replay.score b
    WHERE a.rule = 'fixed' AND b.rule = 'fixed' AND a.lost > b.lost AND fixed_stock.lost BETWEEN b.lost AND a.lost
    ORDER BY a.lost - b.lost LIMIT 1
$$;
CREATE FUNCTION replay.lost_at(rule text, stock double precision, k double precision DEFAULT NULL)
RETURNS double precision STABLE LANGUAGE sql AS $$
    SELECT a.lost + (b.lost - a.lost) * (lost_at.stock - a.stock) / (b.stock - a.stock)
    FROM replay.score a, replay.score b
    WHERE a.rule = lost_at.rule AND b.rule = lost_at.rule AND lost_at.stock BETWEEN a.stock AND b.stock AND a.stock < b.stock
      AND (lost_at.k IS NULL OR a.k = lost_at.k AND b.k = lost_at.k)
    ORDER BY b.stock - a.stock LIMIT 1
$$;

CREATE VIEW replay.curve AS
SELECT CASE s.rule WHEN 'fixed' THEN format('fixed, k = %s', s.k)
                   WHEN 'forecast' THEN format('forecast, level %s', s.level)
                   ELSE format('guarded, level %s, beside k = %s', s.level, s.k) END AS rule,
       round(s.stock) AS stock, s.lost, round(s.fill::numeric, 3) AS fill, round(100 * s.out_share::numeric, 2) AS "out %",
       s.lines AS "order lines", CASE WHEN s.rule = 'guarded' THEN s.manual_weeks END AS "weeks by hand",
       CASE WHEN s.rule <> 'fixed' THEN s.season_weeks END AS "weeks by season",
       CASE WHEN s.rule <> 'fixed' THEN round((100 * (s.stock / replay.fixed_stock(s.lost) - 1))::numeric, 1) END
           AS "stock % against fixed, as many lost"
FROM replay.score s
ORDER BY array_position(ARRAY['fixed', 'forecast', 'guarded'], s.rule), s.k, s.level;
