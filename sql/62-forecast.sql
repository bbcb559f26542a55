/*
 * What a shop's forecast is kept in.
 */

CREATE FUNCTION reco.create_shop_forecast(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    EXECUTE format($ddl$
CREATE TABLE IF NOT EXISTS %1$I.forecast (
    product_id     bigint PRIMARY KEY REFERENCES %1$I.product ON DELETE CASCADE,
    reorder_point  numeric NOT NULL CHECK (reorder_point >= 0 AND reorder_point <> 'NaN'),
    order_up_to    numeric NOT NULL CHECK (order_up_to > reorder_point AND order_up_to <> 'NaN')
);
COMMENT ON TABLE %1$I.forecast IS 'when to order and how much, from what was sold';
$ddl$, schema_name);
END
$function$;
COMMENT ON FUNCTION reco.create_shop_forecast(name) IS
    'makes a shop''s table of forecasts';
