-- forecast_demand() and refit_forecasts(): what they refuse, and in which words.
CREATE SCHEMA test_forecast;
SET search_path = test_forecast;
CREATE TABLE sold (item bigint, day date, units numeric(10,2), code text);
\pset tuples_only on
\set SHOW_CONTEXT errors

-- a query for demand: columns by their places
SELECT reco.forecast_demand(NULL);
SELECT reco.forecast_demand('');
SELECT reco.forecast_demand('TABLE sold; TABLE sold');
SELECT reco.forecast_demand('DELETE FROM sold');
SELECT reco.forecast_demand('SELECT item, day FROM sold');
SELECT reco.forecast_demand('SELECT code, day, units FROM sold');
SELECT reco.forecast_demand('SELECT item, units, units FROM sold');
SELECT reco.forecast_demand('SELECT item, day, code FROM sold');
SELECT reco.forecast_demand('SELECT item, day, units, 0, 0 FROM sold');
SELECT reco.forecast_demand('SELECT item, day, units FROM nowhere');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold FOR UPDATE');

-- a query for items: columns by their names
SELECT reco.forecast_demand('TABLE sold', 'SELECT 1');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 7 AS lead_days');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item_id, 2 AS item_id');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item_id, ''soon'' AS lead_days');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item_id, 400 AS lead_days');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item_id, 1 AS service_level');
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', 'SELECT 1 AS item_id, ''NaN''::float8 AS threshold');

-- numbers have their ranges
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', lead_days => -1);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', lead_days => NULL);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', service_level => 1);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', gain => 0);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', history_weeks => 1e9);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', guard => NULL);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', as_of => 'infinity');
INSERT INTO sold VALUES (1, '2024-01-01', 'NaN'), (2, '2024-01-01', 3);
SELECT reco.forecast_demand('SELECT item, day, units FROM sold', as_of => '2024-02-01');
SELECT reco.forecast_demand('SELECT item, day, 1, -1 FROM sold', as_of => '2024-02-01');

-- what to order, quantiles
\set SHOW_CONTEXT never
SELECT reco.order_quantity(1, 2, 2);
SELECT reco.order_quantity(1, 2, 3, 0);
SELECT reco.demand_quantile(0, 1, 1);
SELECT reco.demand_quantile(0.5, 'NaN', 1);

-- a shop's forecasts
SELECT reco.refit_forecasts(NULL);
SELECT reco.refit_forecasts('nowhere');

RESET search_path;
DROP SCHEMA test_forecast CASCADE;
