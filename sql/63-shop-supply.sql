/*
 * The other side of a shop's stock: what is ordered, what arrives, what is
 * counted, and what becomes of alerts. The head of 61-shop-stock.sql says how
 * these functions are meant.
 */

CREATE FUNCTION reco.place_order(
    schema_name name,
    supplier_id bigint,
    product_ids bigint[],
    quantities numeric[],
    unit_costs numeric[] DEFAULT NULL,
    expected_on date DEFAULT NULL,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    supplier record;
    broken record;
    purchase_order bigint;
BEGIN
    PERFORM reco.check_basket(schema_name, product_ids, quantities);
    PERFORM reco.check_source(source, source_ref);
    IF cardinality(unit_costs) <> cardinality(product_ids) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'array_subscript_error',
            MESSAGE = format('%s products but %s costs', cardinality(product_ids), cardinality(unit_costs)),
            HINT = 'Give one cost for each product, null for the product''s own.';
    END IF;
    EXECUTE format(
        'SELECT s.id, current_date + greatest(s.lead_days, max(p.lead_days)) AS due'
        ' FROM %1$I.supplier AS s LEFT JOIN %1$I.product AS p ON p.id = ANY ($2) WHERE s.id = $1 GROUP BY s.id', schema_name)
        INTO supplier USING supplier_id, product_ids;
    IF supplier.id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('supplier %s does not exist', coalesce(supplier_id::text, 'null')),
            HINT = format('Suppliers are those of %I.supplier.', schema_name);
    END IF;
    IF NOT isfinite(expected_on) OR expected_on < current_date THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('an order cannot be expected in the past: %s', expected_on),
            HINT = 'Null: after the supplier''s days of delivery.';
    END IF;
    EXECUTE format(
        'SELECT p.id, p.name, p.pack_size, b.quantity'
        ' FROM (SELECT product_id, sum(quantity) AS quantity FROM unnest($1, $2) AS u (product_id, quantity) GROUP BY 1) AS b'
        ' JOIN %I.product AS p ON p.id = b.product_id WHERE mod(b.quantity, p.pack_size) <> 0 ORDER BY 1 LIMIT 1', schema_name)
        INTO broken USING product_ids, quantities;
    IF broken.id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('product %s comes in packs of %s', broken.id, trim_scale(broken.pack_size)),
            DETAIL = format('%s of "%s" are no whole number of packs.', trim_scale(broken.quantity), broken.name),
            HINT = format('Order %s.', trim_scale(ceil(broken.quantity / broken.pack_size) * broken.pack_size));
    END IF;

    EXECUTE format(
        'INSERT INTO %I.purchase_order (supplier_id, status, ordered_at, expected_on, source, source_ref)'
        ' VALUES ($1, ''ordered'', now(), $2, $3, $4) ON CONFLICT (source, source_ref) DO NOTHING RETURNING id', schema_name)
        INTO purchase_order USING supplier_id, coalesce(expected_on, supplier.due), source, source_ref;
    IF purchase_order IS NULL THEN
        EXECUTE format('SELECT id FROM %I.purchase_order WHERE source = $1 AND source_ref = $2', schema_name)
            INTO purchase_order USING source, source_ref;
        RETURN purchase_order;
    END IF;
    EXECUTE format(
        'INSERT INTO %1$I.purchase_order_line (purchase_order_id, product_id, ordered, unit_cost)'
        ' SELECT $1, b.product_id, sum(b.quantity), coalesce(max(b.cost), p.unit_cost)'
        ' FROM unnest($2, $3, $4) AS b (product_id, quantity, cost) JOIN %1$I.product AS p ON p.id = b.product_id'
        ' GROUP BY b.product_id, p.unit_cost ORDER BY b.product_id', schema_name)
        USING purchase_order, product_ids, quantities, unit_costs;
    RETURN purchase_order;
END
$function$;
COMMENT ON FUNCTION reco.place_order(name, bigint, bigint[], numeric[], numeric[], date, text, text) IS
    'Orders whole packs from a supplier, and returns the order; what is on order counts against the reorder point';

CREATE FUNCTION reco.cancel_order(schema_name name, purchase_order_id bigint)
RETURNS boolean
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    state text;
BEGIN
    EXECUTE format('SELECT status FROM %I.purchase_order WHERE id = $1 FOR NO KEY UPDATE', schema_name)
        INTO state USING purchase_order_id;
    IF state IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('purchase order %s does not exist', coalesce(purchase_order_id::text, 'null')),
            HINT = format('Orders are those of %I.purchase_order.', schema_name);
    ELSIF state = 'received' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('purchase order %s has been received', purchase_order_id),
            HINT = 'Goods that go back to the supplier are a row of stock_move.';
    END IF;
    EXECUTE format('UPDATE %I.purchase_order SET status = ''cancelled'' WHERE id = $1 AND status <> ''cancelled''', schema_name)
        USING purchase_order_id;
    RETURN state <> 'cancelled';
END
$function$;
COMMENT ON FUNCTION reco.cancel_order(name, bigint) IS
    'Cancels what is still to come of an order; false: it was cancelled before';

CREATE FUNCTION reco.receive(
    schema_name name,
    purchase_order_id bigint DEFAULT NULL,
    product_ids bigint[] DEFAULT NULL,
    quantities numeric[] DEFAULT NULL,
    received_at timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a delivery', received_at), now());
    everything CONSTANT boolean := product_ids IS NULL AND quantities IS NULL;
    state text;
    stranger bigint;
    received integer;
BEGIN
    PERFORM reco.check_source(source, source_ref);
    IF purchase_order_id IS NULL THEN
        PERFORM reco.check_basket(schema_name, product_ids, quantities);
        EXECUTE format(
            'INSERT INTO %I.stock_move (product_id, quantity, kind, moved_at, source, source_ref, line)'
            ' SELECT product_id, quantity, ''receipt'', $3, $4, $5, CASE WHEN $4 IS NOT NULL THEN place END'
            ' FROM unnest($1, $2) WITH ORDINALITY AS b (product_id, quantity, place)'
            ' ON CONFLICT (source, source_ref, line, kind) DO NOTHING', schema_name)
            USING product_ids, quantities, at, source, source_ref;
        GET DIAGNOSTICS received = ROW_COUNT;
        RETURN received;
    END IF;

    EXECUTE format('SELECT status FROM %I.purchase_order WHERE id = $1 FOR NO KEY UPDATE', schema_name)
        INTO state USING purchase_order_id;
    IF state IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('purchase order %s does not exist', purchase_order_id),
            HINT = format('Orders are those of %I.purchase_order; null is a delivery without an order.', schema_name);
    END IF;
    IF everything THEN
        EXECUTE format(
            'SELECT array_agg(product_id ORDER BY product_id), array_agg(ordered - received ORDER BY product_id)'
            ' FROM %I.purchase_order_line WHERE purchase_order_id = $1 AND received < ordered', schema_name)
            INTO product_ids, quantities USING purchase_order_id;
        IF state = 'received' OR state = 'ordered' AND product_ids IS NULL THEN
            RETURN 0;
        END IF;
    ELSE
        PERFORM reco.check_basket(schema_name, product_ids, quantities);
        EXECUTE format(
            'SELECT b.product_id FROM unnest($2) AS b (product_id) WHERE NOT EXISTS ('
            ' SELECT FROM %I.purchase_order_line AS l WHERE l.purchase_order_id = $1 AND l.product_id = b.product_id)'
            ' LIMIT 1', schema_name)
            INTO stranger USING purchase_order_id, product_ids;
        IF stranger IS NOT NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'invalid_parameter_value',
                MESSAGE = format('product %s is not on purchase order %s', stranger, purchase_order_id),
                HINT = 'Receive it without an order: purchase_order_id null.';
        END IF;
        IF state = 'received' AND source IS NOT NULL THEN
            EXECUTE format('SELECT count(*) FROM %I.stock_move WHERE source = $1 AND source_ref = $2 AND kind = ''receipt''',
                           schema_name) INTO received USING source, source_ref;
            IF received > 0 THEN
                RETURN 0;
            END IF;
        END IF;
    END IF;
    IF state <> 'ordered' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('purchase order %s is %s', purchase_order_id,
                             CASE state WHEN 'draft' THEN 'a draft' ELSE state END),
            HINT = 'Goods arrive of orders whose status is ordered; others are received without an order.';
    END IF;

    /*
     * One statement, so that the ledger's trigger sees the goods change from
     * on order to on hand as one. What the ledger had already does not count
     * twice on the order either.
     */
    EXECUTE format(
        'WITH moved AS ('
        '  INSERT INTO %1$I.stock_move (product_id, quantity, kind, moved_at, source, source_ref, line)'
        '  SELECT product_id, quantity, ''receipt'', $4, coalesce($5, ''purchase_order''), coalesce($6, $1::text),'
        '         CASE WHEN $5 IS NOT NULL THEN place END'
        '  FROM unnest($2, $3) WITH ORDINALITY AS b (product_id, quantity, place)'
        '  ON CONFLICT (source, source_ref, line, kind) DO NOTHING RETURNING product_id, quantity),'
        ' arrived AS (SELECT product_id, sum(quantity) AS quantity, count(*) AS lines FROM moved GROUP BY product_id),'
        ' counted AS ('
        '  UPDATE %1$I.purchase_order_line AS l SET received = l.received + a.quantity FROM arrived AS a'
        '  WHERE l.purchase_order_id = $1 AND l.product_id = a.product_id RETURNING a.lines)'
        ' SELECT coalesce(sum(lines), 0) FROM counted', schema_name)
        INTO received USING purchase_order_id, product_ids, quantities, at, source, source_ref;
    EXECUTE format(
        'UPDATE %1$I.purchase_order SET status = ''received'' WHERE id = $1 AND NOT EXISTS ('
        ' SELECT FROM %1$I.purchase_order_line WHERE purchase_order_id = $1 AND received < ordered)', schema_name)
        USING purchase_order_id;
    RETURN received;
END
$function$;
COMMENT ON FUNCTION reco.receive(name, bigint, bigint[], numeric[], timestamptz, text, text) IS
    'Adds goods that arrived: of an order, all that is still to come by default, or without one; returns the rows added to the ledger';

/*
 * What was there at a moment, that moment's moves included, becomes what was
 * counted: what is sold between the count and its posting stays sold.
 */
CREATE FUNCTION reco.count_stock(
    schema_name name,
    product_ids bigint[],
    quantities numeric[],
    counted_at timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a count', counted_at), clock_timestamp());
    counted integer;
BEGIN
    PERFORM reco.check_basket(schema_name, product_ids, quantities, zero_is_fine => true);
    PERFORM reco.check_source(source, source_ref);
    IF EXISTS (SELECT FROM unnest(product_ids) AS b (product_id) GROUP BY product_id HAVING count(*) > 1) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'a product was counted twice',
            HINT = 'Give each product once, with all there is of it.';
    END IF;
    /* from here on nothing moves, and what moved is seen */
    PERFORM reco.lock_levels(schema_name, product_ids);
    EXECUTE format(
        'INSERT INTO %1$I.stock_move (product_id, quantity, kind, moved_at, recorded_at, source, source_ref, line)'
        ' SELECT d.product_id, d.difference, ''count'', $3, clock_timestamp(), $4, $5, CASE WHEN $4 IS NOT NULL THEN d.place END'
        ' FROM (SELECT b.product_id, b.place,'
        '              b.quantity - (l.on_hand - coalesce((SELECT sum(m.quantity) FROM %1$I.stock_move AS m'
        '                                                  WHERE m.product_id = b.product_id AND m.moved_at > $3), 0)) AS difference'
        '       FROM unnest($1, $2) WITH ORDINALITY AS b (product_id, quantity, place)'
        '       JOIN %1$I.stock_level AS l ON l.product_id = b.product_id) AS d'
        ' WHERE d.difference <> 0 AND NOT EXISTS ('
        '  SELECT FROM %1$I.stock_move AS m WHERE m.source = $4 AND m.source_ref = $5 AND m.kind = ''count'')'
        ' ON CONFLICT (source, source_ref, line, kind) DO NOTHING', schema_name)
        USING product_ids, quantities, at, source, source_ref;
    GET DIAGNOSTICS counted = ROW_COUNT;
    RETURN counted;
END
$function$;
COMMENT ON FUNCTION reco.count_stock(name, bigint[], numeric[], timestamptz, text, text) IS
    'Makes the ledger agree with what was counted at a moment, whatever has moved since; returns how many products differed';

CREATE FUNCTION reco.write_off(
    schema_name name,
    product_ids bigint[],
    quantities numeric[],
    note text DEFAULT NULL,
    moved_at timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a loss', moved_at), now());
    written integer;
BEGIN
    PERFORM reco.check_basket(schema_name, product_ids, quantities);
    PERFORM reco.check_source(source, source_ref);
    EXECUTE format(
        'INSERT INTO %I.stock_move (product_id, quantity, kind, moved_at, source, source_ref, line, note)'
        ' SELECT product_id, - quantity, ''writeoff'', $3, $4, $5, CASE WHEN $4 IS NOT NULL THEN place END, $6'
        ' FROM unnest($1, $2) WITH ORDINALITY AS b (product_id, quantity, place)'
        ' ON CONFLICT (source, source_ref, line, kind) DO NOTHING', schema_name)
        USING product_ids, quantities, at, source, source_ref, note;
    GET DIAGNOSTICS written = ROW_COUNT;
    RETURN written;
END
$function$;
COMMENT ON FUNCTION reco.write_off(name, bigint[], numeric[], text, timestamptz, text, text) IS
    'Takes goods out that are broken, spoilt or stolen: no demand; returns the rows added to the ledger';

CREATE FUNCTION reco.void_move(schema_name name, move_id bigint, note text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    reversed record;
    void bigint;
BEGIN
    EXECUTE format('SELECT id, kind FROM %I.stock_move WHERE id = $1', schema_name) INTO reversed USING move_id;
    IF reversed.id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('stock move %s does not exist', coalesce(move_id::text, 'null'));
    ELSIF reversed.kind = 'void' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('stock move %s is itself a reversal', move_id),
            HINT = 'Add the move that was right once more.';
    END IF;
    /* at the time of what it undoes, so that it is as if that had never been */
    EXECUTE format(
        'INSERT INTO %1$I.stock_move (product_id, quantity, kind, moved_at, reverses, note)'
        ' SELECT product_id, - quantity, ''void'', moved_at, id, $2 FROM %1$I.stock_move WHERE id = $1'
        ' ON CONFLICT (reverses) WHERE reverses IS NOT NULL DO NOTHING RETURNING id', schema_name)
        INTO void USING move_id, note;
    IF void IS NULL THEN
        EXECUTE format('SELECT id FROM %I.stock_move WHERE reverses = $1', schema_name) INTO void USING move_id;
    END IF;
    RETURN void;
END
$function$;
COMMENT ON FUNCTION reco.void_move(name, bigint, text) IS
    'Reverses a row of the ledger that was a mistake, and returns the reversing row';

/* ---- alerts ---- */

CREATE FUNCTION reco.refresh_alerts(schema_name name)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM reco.release_expired(schema_name);
    RETURN reco.evaluate_shop(schema_name);
END
$function$;
COMMENT ON FUNCTION reco.refresh_alerts(name) IS
    'Opens and closes a shop''s alerts after reorder points have changed or a day has passed; returns how many';

CREATE FUNCTION reco.acknowledge_alert(schema_name name, alert_id bigint, snooze_until timestamptz DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known bigint;
BEGIN
    IF snooze_until <= clock_timestamp() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('an alert cannot be put off until the past: %s', snooze_until);
    END IF;
    EXECUTE format(
        'UPDATE %I.stock_alert SET acknowledged_at = coalesce(acknowledged_at, clock_timestamp()), snoozed_until = $2'
        ' WHERE id = $1 AND closed_at IS NULL RETURNING id', schema_name)
        INTO known USING alert_id, snooze_until;
    IF known IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('there is no open alert %s', coalesce(alert_id::text, 'null')),
            HINT = format('Open alerts are the rows of %I.stock_alert without closed_at.', schema_name);
    END IF;
END
$function$;
COMMENT ON FUNCTION reco.acknowledge_alert(name, bigint, timestamptz) IS
    'Notes that somebody has seen an alert, and puts it off if asked; it stays open until the stock is right';

/* ---- what a shop has besides its tables ---- */

/*
 * Triggers and wrappers, made anew each time. The wrappers' arguments are
 * those of the functions above but for the first, in their order.
 */
CREATE FUNCTION reco.install_shop(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    wrapped CONSTANT text[] := ARRAY[
        'sell', 'refund', 'record_unmet', 'reserve', 'release', 'release_expired', 'place_order', 'cancel_order',
        'receive', 'count_stock', 'write_off', 'void_move', 'refresh_alerts', 'acknowledge_alert'];
    made record;
    is_new boolean;
BEGIN
    FOR made IN
        SELECT * FROM (VALUES
            ('stock_move', 'AFTER INSERT', 'shop_moves', 'NEW'),
            ('stock_move', 'BEFORE UPDATE OR DELETE OR TRUNCATE', 'guard_moves', NULL),
            ('stock_level', 'BEFORE INSERT OR UPDATE OF on_hand, reserved, on_order, reorder_point, active OR DELETE OR TRUNCATE',
             'guard_levels', NULL),
            ('reservation', 'AFTER INSERT', 'shop_reservations', 'NEW'),
            ('reservation', 'AFTER UPDATE', 'shop_reservations', 'OLD NEW'),
            ('reservation', 'AFTER DELETE', 'shop_reservations', 'OLD'),
            ('reservation', 'AFTER TRUNCATE', 'shop_reservations', NULL),
            ('product', 'AFTER INSERT', 'shop_products', 'NEW'),
            ('product', 'AFTER UPDATE', 'shop_products', 'OLD NEW'),
            ('purchase_order', 'AFTER UPDATE', 'shop_orders', 'OLD NEW'),
            ('purchase_order_line', 'AFTER INSERT', 'shop_orders', 'NEW'),
            ('purchase_order_line', 'AFTER UPDATE', 'shop_orders', 'OLD NEW'),
            ('purchase_order_line', 'AFTER DELETE', 'shop_orders', 'OLD'),
            ('purchase_order_line', 'AFTER TRUNCATE', 'shop_orders', NULL)) AS v (relation, event, action, tables)
    LOOP
        EXECUTE format(
            'CREATE OR REPLACE TRIGGER %I %s ON %I.%I %s FOR EACH STATEMENT EXECUTE FUNCTION reco.%I()',
            CASE WHEN made.action ^@ 'guard' THEN made.action
                 ELSE made.action || '_' || lower(split_part(made.event, ' ', 2)) END,
            made.event, schema_name, made.relation,
            CASE made.tables WHEN 'NEW' THEN 'REFERENCING NEW TABLE AS new_rows'
                             WHEN 'OLD' THEN 'REFERENCING OLD TABLE AS old_rows'
                             WHEN 'OLD NEW' THEN 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'
                             ELSE '' END,
            made.action);
    END LOOP;

    /*
     * They run as the shop's owner, so nobody may use them but whom the owner
     * lets: a new one is taken from the public, an old one keeps its grants.
     */
    FOR made IN
        SELECT p.oid, p.proname, p.pronargs, p.provolatile, pg_get_function_result(p.oid) AS result,
               regexp_replace(pg_get_function_arguments(p.oid), '^schema_name name(, )?', '') AS arguments,
               regexp_replace(pg_get_function_identity_arguments(p.oid), '^schema_name name(, )?', '') AS identity,
               obj_description(p.oid, 'pg_proc') AS comment
        FROM pg_proc AS p
        WHERE p.pronamespace = 'reco'::regnamespace AND p.proname = ANY (wrapped)
    LOOP
        is_new := to_regprocedure(format('%I.%I(%s)', schema_name, made.proname, (
            SELECT string_agg(t::regtype::text, ', ' ORDER BY place)
            FROM unnest((SELECT proargtypes::oid[] FROM pg_proc WHERE oid = made.oid)) WITH ORDINALITY AS a (t, place)
            WHERE place > 1))) IS NULL;
        EXECUTE format(
            'CREATE OR REPLACE FUNCTION %1$I.%2$I(%3$s) RETURNS %4$s LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE'
            ' SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS %5$L',
            schema_name, made.proname, made.arguments, made.result,
            format(E'BEGIN\n    %s reco.%I(%L%s);\nEND',
                   CASE made.result WHEN 'void' THEN 'PERFORM' ELSE 'RETURN' END, made.proname, schema_name,
                   (SELECT string_agg(', $' || n, '' ORDER BY n) FROM generate_series(1, made.pronargs - 1) AS n)));
        EXECUTE format('COMMENT ON FUNCTION %I.%I(%s) IS %L', schema_name, made.proname, made.identity, made.comment);
        IF is_new THEN
            EXECUTE format('REVOKE ALL ON FUNCTION %I.%I(%s) FROM PUBLIC', schema_name, made.proname, made.identity);
        END IF;
    END LOOP;
END
$function$;
COMMENT ON FUNCTION reco.install_shop(name) IS
    'Makes the triggers and functions of a shop, or makes them anew';

CREATE FUNCTION reco.upgrade_shop(schema_name name)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    PERFORM reco.check_shop_owner(schema_name);
    PERFORM reco.create_shop_forecast(schema_name);
    PERFORM reco.create_shop_buyers(schema_name);
    PERFORM reco.install_shop(schema_name);
    PERFORM reco.create_shop_web(schema_name);
    PERFORM reco.refresh_alerts(schema_name);
    BEGIN
        PERFORM reco.create_shop_model(schema_name);
    EXCEPTION
        WHEN duplicate_object THEN
            NULL;   -- as a rule; it is the merchant's, who may have made it otherwise
    END;
END
$function$;
COMMENT ON FUNCTION reco.upgrade_shop(name) IS
    'Brings a shop made by an earlier version, or one whose schema was renamed, to the present: triggers, functions, views, missing levels, a missing model';
