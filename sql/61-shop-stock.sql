/*
 * What a shop's stock is worked with: sell, receive, refund, count, reserve,
 * order. The logic is here, for all shops; each shop has wrappers of the same
 * names, without the first argument, made by reco.install_shop().
 *
 * These functions run as their caller, who needs rights on the shop's tables.
 * The wrappers run as the shop's owner: a cashier needs USAGE on the shop's
 * schema and EXECUTE on its sell(), nothing else.
 *
 * Levels and alerts are the triggers' business; so whatever an application
 * writes by itself counts all the same. Each function adds the ledger's rows
 * of a document in one statement, whose trigger locks the levels in the order
 * of the products' ids: such statements never deadlock.
 *
 * Documents may be replayed: source and source_ref say which it is (a till
 * and its receipt number, say), and what is there already is not done again.
 */

CREATE FUNCTION reco.shop_moves() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_shop_moves' LANGUAGE C VOLATILE;
CREATE FUNCTION reco.shop_reservations() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_shop_reservations' LANGUAGE C VOLATILE;
CREATE FUNCTION reco.shop_products() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_shop_products' LANGUAGE C VOLATILE;
CREATE FUNCTION reco.shop_orders() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_shop_orders' LANGUAGE C VOLATILE;
CREATE FUNCTION reco.guard_moves() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_guard_moves' LANGUAGE C VOLATILE;
CREATE FUNCTION reco.guard_levels() RETURNS trigger AS 'MODULE_PATHNAME', 'reco_guard_levels' LANGUAGE C VOLATILE;
COMMENT ON FUNCTION reco.shop_moves() IS 'Trigger of a shop''s stock_move: levels and alerts follow the ledger';
COMMENT ON FUNCTION reco.shop_reservations() IS 'Trigger of a shop''s reservation: levels and alerts follow';
COMMENT ON FUNCTION reco.shop_products() IS 'Trigger of a shop''s product: a level comes with each product, alerts follow its settings';
COMMENT ON FUNCTION reco.shop_orders() IS 'Trigger of a shop''s purchase_order and its lines: levels and alerts follow';
COMMENT ON FUNCTION reco.guard_moves() IS 'Trigger of a shop''s stock_move: rows are only ever added';
COMMENT ON FUNCTION reco.guard_levels() IS 'Trigger of a shop''s stock_level: only the other triggers write it';

CREATE FUNCTION reco.evaluate_shop(schema_name name, product_ids bigint[] DEFAULT NULL)
RETURNS bigint
AS 'MODULE_PATHNAME', 'reco_evaluate_shop'
LANGUAGE C VOLATILE PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.evaluate_shop(name, bigint[]) IS
    'Computes levels of a shop and opens and closes its alerts, of some products or of all; returns how many alerts';

CREATE FUNCTION reco.rebuild_levels(schema_name name)
RETURNS bigint
AS 'MODULE_PATHNAME', 'reco_rebuild_levels'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.rebuild_levels(name) IS
    'Computes all levels of a shop from the ledger, after somebody wrote to it with the triggers off; returns the alerts opened or closed';

/* ---- what is asked of a basket ---- */

CREATE FUNCTION reco.check_basket(schema_name name, product_ids bigint[], quantities numeric[], zero_is_fine boolean DEFAULT false)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    bad record;
BEGIN
    IF product_ids IS NULL OR quantities IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'products and quantities must not be null',
            HINT = 'Example: products ARRAY[1, 2], quantities ARRAY[3, 0.5]';
    END IF;
    IF cardinality(product_ids) = 0 OR cardinality(product_ids) <> cardinality(quantities)
       OR array_ndims(product_ids) <> 1 OR array_ndims(quantities) <> 1 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'array_subscript_error',
            MESSAGE = format('%s products but %s quantities', cardinality(product_ids), cardinality(quantities)),
            HINT = 'Give one quantity for each product, and one product at least.';
    END IF;
    SELECT b.place, b.product_id, b.quantity INTO bad
    FROM unnest(product_ids, quantities) WITH ORDINALITY AS b (product_id, quantity, place)
    WHERE (b.product_id IS NULL OR b.quantity IS NULL OR b.quantity = 'NaN' OR b.quantity < 0
           OR b.quantity = 0 AND NOT zero_is_fine OR b.quantity >= 1e11 OR b.quantity <> round(b.quantity, 3))
    ORDER BY b.place LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION USING
            ERRCODE = CASE WHEN bad.product_id IS NULL OR bad.quantity IS NULL
                           THEN 'null_value_not_allowed' ELSE 'invalid_parameter_value' END,
            MESSAGE = format('line %s: quantity %s of product %s', bad.place,
                             coalesce(bad.quantity::text, 'null'), coalesce(bad.product_id::text, 'null')),
            HINT = format('Quantities are %s zero, less than 100000000000, with three decimals at most.',
                          CASE WHEN zero_is_fine THEN 'not below' ELSE 'above' END);
    END IF;
    EXECUTE format(
        'SELECT b.product_id, p.name, p.unit, b.quantity'
        ' FROM unnest($1, $2) WITH ORDINALITY AS b (product_id, quantity, place)'
        ' LEFT JOIN %I.product AS p ON p.id = b.product_id'
        ' WHERE p.id IS NULL OR b.quantity <> trunc(b.quantity) AND NOT p.divisible'
        ' ORDER BY b.place LIMIT 1', schema_name)
        INTO bad USING product_ids, quantities;
    IF bad.product_id IS NULL THEN
        RETURN;
    ELSIF bad.name IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('product %s does not exist', bad.product_id),
            HINT = format('Products are those of %I.product.', schema_name);
    END IF;
    RAISE EXCEPTION USING
        ERRCODE = 'check_violation',
        MESSAGE = format('product %s is not divisible', bad.product_id),
        DETAIL = format('"%s" is sold by the whole %s, %s was asked.', bad.name, bad.unit, bad.quantity),
        HINT = 'Give a whole quantity, or set divisible of the product.';
END
$function$;
COMMENT ON FUNCTION reco.check_basket(name, bigint[], numeric[], boolean) IS
    'Refuses products that do not exist and quantities that cannot be';

/* When something happened: never in the future. */
CREATE FUNCTION reco.check_time(what text, at timestamptz)
RETURNS timestamptz
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF NOT isfinite(at) OR at > clock_timestamp() + interval '1 minute' THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('%s is in the future: %s', what, at),
            HINT = 'Give a time that has passed, or null for now.';
    END IF;
    RETURN at;
END
$function$;
COMMENT ON FUNCTION reco.check_time(text, timestamptz) IS
    'The time given; refuses the future';

CREATE FUNCTION reco.check_source(source text, source_ref text)
RETURNS void
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    IF (source IS NULL) <> (source_ref IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'source and source_ref come together or not at all',
            HINT = 'Example: source => ''till 2'', source_ref => ''2024-00017''';
    END IF;
END
$function$;
COMMENT ON FUNCTION reco.check_source(text, text) IS
    'Refuses half a name of a document';

CREATE FUNCTION reco.check_client(schema_name name, client_id bigint)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    known boolean;
BEGIN
    IF client_id IS NULL THEN
        RETURN;
    END IF;
    EXECUTE format('SELECT EXISTS (SELECT FROM %I.client WHERE id = $1)', schema_name) INTO known USING client_id;
    IF NOT known THEN
        RAISE EXCEPTION USING
            ERRCODE = 'foreign_key_violation',
            MESSAGE = format('client %s does not exist', client_id),
            HINT = format('Clients are those of %I.client; null is a passer-by.', schema_name);
    END IF;
END
$function$;
COMMENT ON FUNCTION reco.check_client(name, bigint) IS
    'Refuses a client who does not exist';

/*
 * A shop may have triggers of its owner's, which run with the rights of whoever
 * writes: functions that tend a whole shop are for its owner to call.
 */
CREATE FUNCTION reco.check_shop_owner(schema_name name)
RETURNS void
LANGUAGE plpgsql STABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    owner oid := (SELECT relowner FROM pg_class WHERE oid = to_regclass(format('%I.stock_move', schema_name)));
BEGIN
    IF owner IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('schema "%s" holds no shop', schema_name),
            HINT = format('Make one first: SELECT reco.create_shop(%L)', schema_name);
    ELSIF NOT pg_has_role(owner, 'USAGE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('must be owner of shop "%s"', schema_name);
    ELSIF owner <> current_user::regrole THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('shop "%s" is tended by its owner only', schema_name),
            DETAIL = 'Triggers of the owner''s would run with your rights.',
            HINT = format('SET ROLE %s first.', owner::regrole);
    END IF;
END
$function$;
COMMENT ON FUNCTION reco.check_shop_owner(name) IS
    'Refuses whoever is not the owner of a shop';

/*
 * Locks the levels of products, in the order of their ids, for functions that
 * lock some of them more than once.
 */
CREATE FUNCTION reco.lock_levels(schema_name name, product_ids bigint[])
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
    EXECUTE format('SELECT FROM %I.stock_level WHERE product_id = ANY ($1) ORDER BY product_id FOR NO KEY UPDATE',
                   schema_name) USING product_ids;
END
$function$;
COMMENT ON FUNCTION reco.lock_levels(name, bigint[]) IS
    'Locks the stock levels of products, in the order of their ids';

/* ---- reservations ---- */

CREATE FUNCTION reco.release_expired(schema_name name, product_ids bigint[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    expired bigint[];
    released integer;
BEGIN
    EXECUTE format('SELECT array_agg(product_id) FROM %I.reservation'
                   ' WHERE expires_at <= clock_timestamp() AND ($1 IS NULL OR product_id = ANY ($1))', schema_name)
        INTO expired USING product_ids;
    IF expired IS NULL THEN
        RETURN 0;
    END IF;
    /* what follows may lock others of these products: all of them now, in order */
    PERFORM reco.lock_levels(schema_name, expired || product_ids);
    EXECUTE format('DELETE FROM %I.reservation'
                   ' WHERE expires_at <= clock_timestamp() AND product_id = ANY ($1)', schema_name) USING expired;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$function$;
COMMENT ON FUNCTION reco.release_expired(name, bigint[]) IS
    'Releases reservations whose time is over, and tells how many; sell() and reserve() do so for their products';

CREATE FUNCTION reco.reserve(
    schema_name name,
    client_id bigint,
    product_ids bigint[],
    quantities numeric[],
    expires_at timestamptz DEFAULT NULL,
    order_ref text DEFAULT NULL)
RETURNS bigint[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    reserved bigint[];
BEGIN
    PERFORM reco.check_basket(schema_name, product_ids, quantities);
    PERFORM reco.check_client(schema_name, client_id);
    IF expires_at <= clock_timestamp() THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a reservation cannot expire in the past: %s', expires_at),
            HINT = 'Give a time to come, or null for a reservation that does not expire.';
    END IF;
    PERFORM reco.release_expired(schema_name, product_ids);
    IF order_ref IS NOT NULL THEN
        EXECUTE format('SELECT array_agg(id ORDER BY product_id) FROM %I.reservation WHERE order_ref = $1', schema_name)
            INTO reserved USING order_ref;
        IF reserved IS NOT NULL THEN
            RETURN reserved;
        END IF;
    END IF;
    EXECUTE format(
        'WITH taken AS ('
        '  INSERT INTO %I.reservation (product_id, client_id, quantity, reserved_at, expires_at, order_ref)'
        '  SELECT b.product_id, $3, sum(b.quantity), least(clock_timestamp(), $4 - interval ''1 microsecond''), $4, $5'
        '  FROM unnest($1, $2) AS b (product_id, quantity)'
        '  GROUP BY b.product_id ORDER BY b.product_id'
        '  RETURNING id, product_id)'
        ' SELECT array_agg(id ORDER BY product_id) FROM taken', schema_name)
        INTO reserved USING product_ids, quantities, client_id, expires_at, order_ref;
    RETURN reserved;
END
$function$;
COMMENT ON FUNCTION reco.reserve(name, bigint, bigint[], numeric[], timestamptz, text) IS
    'Sets goods aside for a client, all or none; again with the same order_ref: the reservations there are';

CREATE FUNCTION reco.release(schema_name name, order_ref text DEFAULT NULL, reservation_ids bigint[] DEFAULT NULL)
RETURNS integer
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    released integer;
BEGIN
    IF (order_ref IS NULL) = (reservation_ids IS NULL) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'say which reservations to release',
            HINT = 'Give order_ref, or reservation_ids, not both.';
    END IF;
    EXECUTE format('DELETE FROM %I.reservation WHERE order_ref = $1 OR id = ANY ($2)', schema_name)
        USING order_ref, reservation_ids;
    GET DIAGNOSTICS released = ROW_COUNT;
    RETURN released;
END
$function$;
COMMENT ON FUNCTION reco.release(name, text, bigint[]) IS
    'Ends reservations without a sale, and tells how many';

/* ---- selling and taking back ---- */

CREATE FUNCTION reco.sell(
    schema_name name,
    client_id bigint,
    product_ids bigint[],
    quantities numeric[],
    unit_prices numeric[] DEFAULT NULL,
    sold_at timestamptz DEFAULT NULL,
    order_ref text DEFAULT NULL,
    partial boolean DEFAULT false,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a sale', sold_at), now());
    asked CONSTANT numeric[] := quantities;
    reserved bigint[];
    nothing boolean := false;
    sale bigint;
BEGIN
    PERFORM reco.check_basket(schema_name, product_ids, quantities);
    PERFORM reco.check_client(schema_name, client_id);
    PERFORM reco.check_source(source, source_ref);
    IF cardinality(unit_prices) <> cardinality(product_ids) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'array_subscript_error',
            MESSAGE = format('%s products but %s prices', cardinality(product_ids), cardinality(unit_prices)),
            HINT = 'Give one price for each product, null for the product''s own.';
    END IF;
    IF EXISTS (SELECT FROM unnest(unit_prices) AS u (price)
               WHERE u.price = 'NaN' OR u.price >= 1e12 OR round(u.price, 2) <= 0) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = 'prices are above zero, and less than 1000000000000',
            HINT = 'Null is the product''s own price.';
    END IF;
    IF partial IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'partial must not be null',
            HINT = 'False: all or nothing; true: what is left, and the rest is noted as unmet demand.';
    END IF;

    PERFORM reco.release_expired(schema_name, product_ids);
    IF order_ref IS NOT NULL THEN
        EXECUTE format('SELECT array_agg(product_id) FROM %I.reservation WHERE order_ref = $1', schema_name)
            INTO reserved USING order_ref;
        PERFORM reco.lock_levels(schema_name, reserved || product_ids);
    END IF;
    IF partial THEN
        quantities := reco.take_available(schema_name, product_ids, quantities, order_ref);
        nothing := 0 = ALL (quantities);
    END IF;

    IF nothing THEN
        NULL;
    ELSIF source IS NULL THEN
        EXECUTE format('INSERT INTO %I.sale (client_id, sold_at) VALUES ($1, $2) RETURNING id', schema_name)
            INTO sale USING client_id, at;
    ELSE
        EXECUTE format('INSERT INTO %I.sale (client_id, sold_at, source, source_ref) VALUES ($1, $2, $3, $4)'
                       ' ON CONFLICT (source, source_ref) DO NOTHING RETURNING id', schema_name)
            INTO sale USING client_id, at, source, source_ref;
        IF sale IS NULL THEN
            EXECUTE format('SELECT id FROM %I.sale WHERE source = $1 AND source_ref = $2', schema_name)
                INTO sale USING source, source_ref;
            RETURN sale;
        END IF;
    END IF;
    IF partial THEN
        EXECUTE format(
            'INSERT INTO %I.unmet_demand (product_id, client_id, quantity, asked_at, source, source_ref)'
            ' SELECT b.product_id, $4, sum(b.asked - b.given), $5, $6, $7'
            ' FROM unnest($1, $2, $3) AS b (product_id, asked, given) WHERE b.given < b.asked'
            ' GROUP BY b.product_id ON CONFLICT (source, source_ref, product_id) DO NOTHING', schema_name)
            USING product_ids, asked, quantities, client_id, at, source, source_ref;
    END IF;
    IF nothing THEN
        RETURN NULL;
    END IF;

    /*
     * One statement for the lines, the ledger and the reservations that the
     * sale fulfils: the ledger's trigger then sees reserved goods leave as one.
     */
    EXECUTE format(
        'WITH line AS ('
        '  INSERT INTO %1$I.sale_line (sale_id, product_id, quantity, unit_price, unit_cost)'
        '  SELECT $1, b.product_id, b.quantity, coalesce(b.price, p.price), p.unit_cost'
        '  FROM unnest($2, $3, $4) WITH ORDINALITY AS b (product_id, quantity, price, place)'
        '  JOIN %1$I.product AS p ON p.id = b.product_id WHERE b.quantity > 0 ORDER BY b.place'
        '  RETURNING id, product_id, quantity),'
        ' moved AS ('
        '  INSERT INTO %1$I.stock_move (product_id, quantity, kind, moved_at, source, source_ref, line)'
        '  SELECT product_id, - quantity, ''sale'', $5, ''sale'', $1::text, id FROM line'
        '  RETURNING 1)'
        || CASE WHEN reserved IS NULL THEN ' SELECT count(*) FROM moved'
           ELSE ' DELETE FROM %1$I.reservation WHERE order_ref = $6 AND (SELECT count(*) >= 0 FROM moved)' END,
        schema_name)
        USING sale, product_ids, quantities, unit_prices, at, order_ref;
    RETURN sale;
END
$function$;
COMMENT ON FUNCTION reco.sell(name, bigint, bigint[], numeric[], numeric[], timestamptz, text, boolean, text, text) IS
    'Sells a basket, all or nothing, and returns the sale; order_ref: takes what is reserved under it; partial: what is left, and notes the rest as unmet demand; null: there was nothing';

/* Of each line, what may be sold now: lines of one product share what is left, the first ones first. */
CREATE FUNCTION reco.take_available(schema_name name, product_ids bigint[], quantities numeric[], order_ref text)
RETURNS numeric[]
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    given numeric[];
BEGIN
    PERFORM reco.lock_levels(schema_name, product_ids);
    EXECUTE format(
        'SELECT array_agg(CASE WHEN l.allow_backorder THEN b.quantity'
        '       ELSE greatest(least(b.quantity, CASE WHEN p.divisible THEN a.left_over ELSE trunc(a.left_over) END), 0) END'
        '       ORDER BY b.place)'
        ' FROM (SELECT *, sum(u.quantity) OVER (PARTITION BY u.product_id ORDER BY u.place) - u.quantity AS before'
        '       FROM unnest($1, $2) WITH ORDINALITY AS u (product_id, quantity, place)) AS b'
        ' JOIN %1$I.product AS p ON p.id = b.product_id'
        ' JOIN %1$I.stock_level AS l ON l.product_id = b.product_id'
        ' CROSS JOIN LATERAL (SELECT l.on_hand - l.reserved + coalesce((SELECT sum(r.quantity) FROM %1$I.reservation AS r'
        '       WHERE r.order_ref = $3 AND r.product_id = b.product_id), 0) - b.before AS left_over) AS a', schema_name)
        INTO given USING product_ids, quantities, order_ref;
    RETURN given;
END
$function$;
COMMENT ON FUNCTION reco.take_available(name, bigint[], numeric[], text) IS
    'Locks the levels of a basket, and tells how much of each line there is';

CREATE FUNCTION reco.record_unmet(
    schema_name name,
    product_id bigint,
    quantity numeric,
    client_id bigint DEFAULT NULL,
    asked_at timestamptz DEFAULT NULL,
    reason text DEFAULT 'out of stock',
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a demand', asked_at), now());
    unmet bigint;
BEGIN
    PERFORM reco.check_basket(schema_name, ARRAY[product_id], ARRAY[quantity]);
    PERFORM reco.check_client(schema_name, client_id);
    PERFORM reco.check_source(source, source_ref);
    EXECUTE format(
        'INSERT INTO %I.unmet_demand (product_id, client_id, quantity, asked_at, reason, source, source_ref)'
        ' VALUES ($1, $2, $3, $4, $5, $6, $7)'
        ' ON CONFLICT (source, source_ref, product_id) DO NOTHING RETURNING id', schema_name)
        INTO unmet USING product_id, client_id, quantity, at, reason, source, source_ref;
    IF unmet IS NULL THEN
        EXECUTE format('SELECT id FROM %I.unmet_demand WHERE source = $1 AND source_ref = $2 AND product_id = $3', schema_name)
            INTO unmet USING source, source_ref, product_id;
    END IF;
    RETURN unmet;
END
$function$;
COMMENT ON FUNCTION reco.record_unmet(name, bigint, numeric, bigint, timestamptz, text, text, text) IS
    'Notes what somebody wanted and could not get: demand like any other';

CREATE FUNCTION reco.refund(
    schema_name name,
    sale_id bigint,
    product_ids bigint[] DEFAULT NULL,
    quantities numeric[] DEFAULT NULL,
    restock boolean DEFAULT false,
    refunded_at timestamptz DEFAULT NULL,
    source text DEFAULT NULL,
    source_ref text DEFAULT NULL)
RETURNS bigint
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    at CONSTANT timestamptz := coalesce(reco.check_time('the time of a refund', refunded_at), now());
    sold record;
    given record;
    refund bigint;
BEGIN
    IF restock IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'restock must not be null',
            HINT = 'True: the goods are on the shelf again; false: they are not, being damaged for example.';
    END IF;
    PERFORM reco.check_source(source, source_ref);
    /* Written to, not only locked: of two refunds at once the second must see the first's lines, or fail. */
    EXECUTE format('UPDATE %I.sale SET client_id = client_id WHERE id = $1 RETURNING id, client_id, sold_at', schema_name)
        INTO sold USING sale_id;
    IF sold.id IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'no_data_found',
            MESSAGE = format('sale %s does not exist', coalesce(sale_id::text, 'null')),
            HINT = format('Sales are those of %I.sale.', schema_name);
    END IF;
    IF source IS NOT NULL THEN
        EXECUTE format('SELECT id FROM %I.sale WHERE source = $1 AND source_ref = $2', schema_name)
            INTO refund USING source, source_ref;
        IF refund IS NOT NULL THEN
            RETURN refund;
        END IF;
    END IF;
    IF at < sold.sold_at THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('sale %s cannot be refunded before it was made', sale_id),
            DETAIL = format('Sold at %s, refunded at %s.', sold.sold_at, at);
    END IF;
    IF product_ids IS NULL AND quantities IS NULL THEN
        EXECUTE format(
            'SELECT array_agg(l.product_id), array_agg(l.quantity) FROM ('
            ' SELECT s.product_id, s.quantity + coalesce((SELECT sum(r.quantity) FROM %1$I.sale_line AS r WHERE r.refund_of = s.id), 0)'
            ' FROM %1$I.sale_line AS s WHERE s.sale_id = $1 AND s.quantity > 0) AS l (product_id, quantity)'
            ' WHERE l.quantity > 0', schema_name)
            INTO product_ids, quantities USING sale_id;
        IF product_ids IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'object_not_in_prerequisite_state',
                MESSAGE = format('nothing of sale %s is left to be refunded', sale_id);
        END IF;
    END IF;
    PERFORM reco.check_basket(schema_name, product_ids, quantities);
    EXECUTE format(
        'SELECT b.product_id, b.quantity, coalesce(s.sold, 0) AS sold, coalesce(s.back, 0) AS back'
        ' FROM (SELECT product_id, sum(quantity) AS quantity FROM unnest($2, $3) AS u (product_id, quantity) GROUP BY 1) AS b'
        ' LEFT JOIN (SELECT l.product_id, sum(l.quantity) AS sold,'
        '                   - sum((SELECT sum(r.quantity) FROM %1$I.sale_line AS r WHERE r.refund_of = l.id)) AS back'
        '            FROM %1$I.sale_line AS l WHERE l.sale_id = $1 AND l.quantity > 0 GROUP BY 1) AS s USING (product_id)'
        ' WHERE b.quantity > coalesce(s.sold, 0) - coalesce(s.back, 0) ORDER BY b.product_id LIMIT 1', schema_name)
        INTO given USING sale_id, product_ids, quantities;
    IF given.product_id IS NOT NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'check_violation',
            MESSAGE = format('no more can be given back of product %s than was sold', given.product_id),
            DETAIL = format('Sale %s: %s sold, %s given back already, %s asked.', sale_id,
                            trim_scale(given.sold), trim_scale(given.back), trim_scale(given.quantity));
    END IF;

    EXECUTE format('INSERT INTO %I.sale (client_id, sold_at, source, source_ref) VALUES ($1, $2, $3, $4) RETURNING id', schema_name)
        INTO refund USING sold.client_id, at, source, source_ref;
    /* Several lines of one product are given back in their order. */
    EXECUTE format(
        'WITH asked AS (SELECT product_id, sum(quantity) AS quantity FROM unnest($2, $3) AS u (product_id, quantity) GROUP BY 1),'
        ' sold AS (SELECT l.*, l.quantity + coalesce((SELECT sum(r.quantity) FROM %1$I.sale_line AS r WHERE r.refund_of = l.id), 0) AS left_over'
        '          FROM %1$I.sale_line AS l WHERE l.sale_id = $1 AND l.quantity > 0),'
        ' share AS (SELECT s.*, least(s.left_over, a.quantity - (sum(s.left_over) OVER (PARTITION BY s.product_id ORDER BY s.id) - s.left_over)) AS back'
        '           FROM sold AS s JOIN asked AS a USING (product_id)),'
        ' line AS (INSERT INTO %1$I.sale_line (sale_id, product_id, quantity, unit_price, unit_cost, refund_of)'
        '          SELECT $4, product_id, - back, unit_price, unit_cost, id FROM share WHERE back > 0 ORDER BY id'
        '          RETURNING id, product_id, quantity)'
        ' INSERT INTO %1$I.stock_move (product_id, quantity, kind, moved_at, source, source_ref, line)'
        ' SELECT product_id, - quantity, ''refund'', $5, ''sale'', $4::text, id FROM line WHERE $6', schema_name)
        USING sale_id, product_ids, quantities, refund, at, restock;
    RETURN refund;
END
$function$;
COMMENT ON FUNCTION reco.refund(name, bigint, bigint[], numeric[], boolean, timestamptz, text, text) IS
    'Takes back goods of a sale, all that is left of it by default, never more than was sold; restock: they are for sale again. Returns the sale that holds the refund';
