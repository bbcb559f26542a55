-- Forecasting 100,000 products over two years of weeks, reading included
\set QUIET on
\ir setup/measure.sql
SET client_min_messages = warning;

-- Each product sells in two weeks of three. A row for each product and week, in the order of products, as a shop keeps
-- them, and in that of weeks; and with quantities that are numeric.
CREATE TABLE by_product AS
SELECT p AS item, date '2024-01-01' + 7 * w AS week,
       CASE WHEN abs(hashint4(p * 131 + w)) % 3 = 0 THEN 0 ELSE 1 + abs(hashint4(p * 17 + w * 31)) % (1 + p % 50) END::double precision AS units,
       0::smallint AS days_out
FROM generate_series(1, 100000) p, generate_series(0, 103) w;
CREATE TABLE by_week AS SELECT * FROM by_product ORDER BY week, item;
CREATE TABLE in_numeric AS SELECT item, week, units::numeric(14,3) AS units, days_out FROM by_product WHERE units > 0;
CREATE TABLE described AS
SELECT item AS item_id, 1 + item % 20 AS lead_days, 10 + item % 7 AS price, 5 + item % 5 AS unit_cost, item % 40 AS threshold
FROM generate_series(1, 100000) item;
VACUUM ANALYZE by_product, by_week, in_numeric, described;

CREATE TABLE taken (place integer, what text, rows bigint, cpu numeric, wall numeric);
CREATE PROCEDURE take_time(place integer, what text, query text, items text) LANGUAGE plpgsql AS $$
DECLARE
    cpu double precision := 'infinity';
    wall double precision := 'infinity';
    cpu_before double precision;
    began timestamptz;
    read bigint;
BEGIN
    FOR i IN 1 .. 3 LOOP
        began := clock_timestamp();
        cpu_before := bench.cpu();
        PERFORM count(*), sum(reorder_point) FROM reco.forecast_demand(query, items, '2025-12-29');
        cpu := least(cpu, bench.cpu() - cpu_before);
        wall := least(wall, extract(epoch FROM clock_timestamp() - began));
    END LOOP;
    EXECUTE format('SELECT count(*) FROM (%s) q', query) INTO read;
    INSERT INTO taken VALUES (place, what, read, round(cpu::numeric, 2), round(wall::numeric, 2));
END
$$;
CALL take_time(1, 'a row for each product and week, by product', 'SELECT item, week, units, days_out FROM by_product', NULL);
CALL take_time(2, 'the same with lead times, prices and thresholds', 'SELECT item, week, units, days_out FROM by_product', 'TABLE described');
CALL take_time(3, 'by week', 'SELECT item, week, units, days_out FROM by_week', NULL);
CALL take_time(4, 'only weeks with demand, numeric', 'SELECT item, week, units, days_out FROM in_numeric', NULL);
SELECT what, rows, cpu AS "CPU s, best of 3", wall AS "wall s, best of 3", CASE place WHEN 4 THEN NULL ELSE 3 END AS "at most"
FROM taken ORDER BY place;
SELECT bench.at_most(what, cpu, 3) FROM taken WHERE place < 4 \g /dev/null
