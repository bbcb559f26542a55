/*
 * Demand of the coming weeks, and when to order how much.
 *
 * reco.forecast_demand() is for any app: it reads rows of demand with a query
 * of the caller's and returns a row for each item.
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
