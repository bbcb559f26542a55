-- Where stock meets taste: who waits for what is short, and who might want
-- what there is too much of.

CREATE FUNCTION reco.create_shop_buyers(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET client_min_messages = warning
AS $function$
BEGIN
    EXECUTE format($ddl$
CREATE TABLE IF NOT EXISTS %1$I.likely_buyers (
    product_id  bigint PRIMARY KEY REFERENCES %1$I.product ON DELETE CASCADE,
    clients     bigint NOT NULL CHECK (clients > 0),
    as_of       timestamptz NOT NULL
);
COMMENT ON TABLE %1$I.likely_buyers IS 'how many clients have a product among the ten that suit them best; made by reco.refresh_likely_buyers()';

CREATE OR REPLACE VIEW %1$I.open_alert AS
SELECT a.id, a.kind, a.product_id, p.name AS product, a.opened_at, a.quantity, a.threshold,
       l.on_hand, l.reserved, coalesce(b.clients, 0) AS likely_buyers,
       a.acknowledged_at, a.snoozed_until, a.purchase_order_id
FROM %1$I.stock_alert a
JOIN %1$I.product p ON p.id = a.product_id
LEFT JOIN %1$I.stock_level l ON l.product_id = a.product_id
LEFT JOIN %1$I.likely_buyers b ON b.product_id = a.product_id
WHERE a.closed_at IS NULL;
COMMENT ON VIEW %1$I.open_alert IS 'the alerts that are open now, and how many likely buyers wait for each product';
$ddl$, schema_name);
END
$function$;
COMMENT ON FUNCTION reco.create_shop_buyers(name) IS
    'Makes the part of a shop that tells who wants what; create_shop() and upgrade_shop() call it';

CREATE FUNCTION reco.refresh_likely_buyers(schema_name name)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    refreshed bigint;
BEGIN
    PERFORM reco.check_shop_owner(schema_name);
    -- popular lists are the same for everybody: nobody in particular waits
    IF NOT EXISTS (SELECT FROM reco.model_version v WHERE v.model = schema_name::text AND v.active) THEN
        RETURN 0;
    END IF;
    EXECUTE format($sql$
WITH now AS (
    SELECT b.product_id, b.clients
    FROM reco.likely_buyers(10, %2$L) b JOIN %1$I.product p ON p.id = b.product_id
), gone AS (
    DELETE FROM %1$I.likely_buyers b WHERE NOT EXISTS (SELECT FROM now n WHERE n.product_id = b.product_id)
)
INSERT INTO %1$I.likely_buyers (product_id, clients, as_of)
SELECT n.product_id, n.clients, statement_timestamp() FROM now n ORDER BY n.product_id
ON CONFLICT (product_id) DO UPDATE SET clients = excluded.clients, as_of = excluded.as_of
$sql$, schema_name, schema_name::text);
    GET DIAGNOSTICS refreshed = ROW_COUNT;
    RETURN refreshed;
END
$function$;
COMMENT ON FUNCTION reco.refresh_likely_buyers(name) IS
    'Counts the likely buyers of each product of a shop anew; returns how many products have any';
