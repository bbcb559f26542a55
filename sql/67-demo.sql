/*
 * reco.demo_shop(): months of believable trade in an empty shop.
 *
 * People come with interests (babies, building, sewing, ...) and with opinions
 * about brands; both decide what they put in the basket, so there is something
 * to learn from it. In the order of the code:
 *
 *   goods     lines of the catalogue in several brands and sizes
 *   people    two or three interests each, a leaning on three axes (cheap or
 *             fine, imported or local, small or large packs), a rhythm
 *   baskets   habits that fall due again and again, and things wanted once,
 *             on days that follow the week, the payday and the season
 *   stock     the merchant reorders by a rule of thumb; what is not there is
 *             not sold, so shelves run empty and fill up as in life
 *   ratings   quality, generosity and how well the brand suits the client
 */
CREATE FUNCTION reco.demo_shop(
    schema_name name DEFAULT 'shop',
    clients integer DEFAULT 1200,
    products integer DEFAULT 350,
    days integer DEFAULT 400,
    seed bigint DEFAULT 1,
    ends date DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
SET jit = off
SET work_mem = '64MB'
SET reco.notify_alerts = off
AS $function$
DECLARE
    time_zone CONSTANT text := 'Africa/Lubumbashi';
    all_goods CONSTANT integer := (
        SELECT sum(greatest(cardinality(string_to_array(l.brands, '|')), 1)
                   * greatest(cardinality(string_to_array(l.sizes, '|')), 1))
        FROM reco.demo_line() AS l);
    opens_at timestamp;
    crowd double precision[];
    filled boolean;
    filled_table text;
BEGIN
    IF schema_name IS NULL OR clients IS NULL OR products IS NULL OR days IS NULL OR seed IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'the arguments of demo_shop must not be null',
            DETAIL = 'Only "ends" may be: the data then end yesterday.';
    END IF;
    IF clients NOT BETWEEN 1 AND 1000000 OR products NOT BETWEEN 1 AND all_goods OR days NOT BETWEEN 7 AND 3660 THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('no demo shop with %s clients, %s products, %s days', clients, products, days),
            HINT = format('Clients: 1 to 1000000, products: 1 to %s, days: 7 to 3660.', all_goods);
    END IF;
    IF ends NOT BETWEEN '1970-01-01'::date + days AND '2200-01-01'::date THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('a demo shop cannot end on %s', ends),
            HINT = 'The day after the last sale: between 1970 and 2200, null for today.';
    END IF;
    IF to_regclass(format('%I.sale_line', schema_name)) IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('schema "%s" holds no shop', schema_name),
            HINT = format('Make one first: SELECT reco.create_shop(%L)', schema_name);
    END IF;
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM %1$I.client) OR EXISTS (SELECT FROM %1$I.category)'
        ' OR EXISTS (SELECT FROM %1$I.supplier) OR EXISTS (SELECT FROM %1$I.product)'
        ' OR EXISTS (SELECT FROM %1$I.sale) OR EXISTS (SELECT FROM %1$I.exchange_rate)', schema_name) INTO filled;
    IF filled THEN
        RAISE EXCEPTION USING
            ERRCODE = 'object_not_in_prerequisite_state',
            MESSAGE = format('shop "%s" is not empty', schema_name),
            HINT = 'Demo data go into a new shop: SELECT reco.create_shop(''demo''), reco.demo_shop(''demo'')';
    END IF;

    opens_at := coalesce(ends, (now() AT TIME ZONE time_zone)::date) - days;

    CREATE TEMP TABLE demo_product ON COMMIT DROP AS
    SELECT * FROM reco.demo_goods(products, days, seed);
    CREATE INDEX ON demo_product (line);
    CREATE UNIQUE INDEX ON demo_product (id);
    ANALYZE demo_product;

    CREATE TEMP TABLE demo_person ON COMMIT DROP AS
    SELECT * FROM reco.demo_people(clients, days, seed);
    CREATE UNIQUE INDEX ON demo_person (id);
    ANALYZE demo_person;

    /* What each interest buys: lines and the bounds between them, to be picked by weight. */
    CREATE TEMP TABLE demo_shelf ON COMMIT DROP AS
    SELECT i.interest, k.habitual, array_agg(w.line ORDER BY w.line) AS lines,
           array_agg(w.bound ORDER BY w.line) AS bounds, max(w.bound) AS total
    FROM (SELECT id AS interest, interest AS code FROM reco.demo_interest()) AS i
    CROSS JOIN (VALUES (true), (false)) AS k (habitual)
    CROSS JOIN LATERAL (
        SELECT l.id AS line,
               sum(power(l.appeal, 0.8) * split_part(t.taste, ':', 2)::double precision) OVER (ORDER BY l.id) AS bound
        FROM reco.demo_line() AS l
        CROSS JOIN LATERAL unnest(string_to_array(l.tastes, ' ')) AS t (taste)
        WHERE split_part(t.taste, ':', 1) = i.code
          AND (NOT k.habitual OR l.every BETWEEN 1 AND 60)
          AND EXISTS (SELECT FROM demo_product AS p WHERE p.line = l.id)) AS w
    GROUP BY i.interest, k.habitual;
    ANALYZE demo_shelf;

    /* How busy each day is, as a running sum: visits are spread along it. */
    SELECT array_agg(c.bound ORDER BY c.day) INTO crowd
    FROM (SELECT d.day, sum(
                 (ARRAY[0.25, 0.90, 0.90, 1.25, 0.95, 1.10, 1.60])[1 + extract(dow FROM d.date)::integer]
                 * CASE WHEN extract(day FROM d.date) >= 26 OR extract(day FROM d.date) <= 2 THEN 1.25 ELSE 1 END
                 * CASE extract(month FROM d.date) WHEN 12 THEN 1.4 WHEN 1 THEN 0.75 WHEN 9 THEN 1.15 ELSE 1 END
                 * (0.85 + 0.3 * reco.demo_uniform('day', seed, d.day))) OVER (ORDER BY d.day) AS bound
          FROM (SELECT n AS day, opens_at + make_interval(days => n) AS date
                FROM generate_series(0, days - 1) AS n) AS d) AS c;

    CREATE TEMP TABLE demo_visit ON COMMIT DROP AS
    SELECT v.person, v.day, extract(month FROM opens_at + make_interval(days => v.day))::integer AS month,
           lag(v.day, 1, v.day - 10) OVER (PARTITION BY v.person ORDER BY v.day) AS previous_day
    FROM (SELECT DISTINCT p.id AS person,
                 least(width_bucket(s.low + (s.high - s.low) / n.visits
                                            * (k - 1 + reco.demo_uniform('visit', seed, p.id, k)), crowd),
                       p.last_day) AS day
          FROM demo_person AS p
          CROSS JOIN LATERAL (SELECT CASE WHEN p.first_day = 0 THEN 0 ELSE crowd[p.first_day] END AS low,
                                     crowd[p.last_day + 1] AS high) AS s
          CROSS JOIN LATERAL (
              SELECT greatest(round(p.rhythm * (p.last_day - p.first_day + 1)), 1)::integer AS visits) AS n
          CROSS JOIN LATERAL generate_series(1, n.visits) AS k) AS v;
    ANALYZE demo_visit;

    /*
     * Habits: lines a person comes back for, in the brand and size that suits
     * best, each at a pace of its own. Some begin late, some are given up.
     */
    CREATE TEMP TABLE demo_habit ON COMMIT DROP AS
    SELECT h.person, p.id AS product, p.season, p.divisible,
           p.every * exp(0.3 * reco.demo_normal('pace', seed, h.person, h.line)) AS every,
           reco.demo_uniform('phase', seed, h.person, h.line) AS phase,
           CASE WHEN reco.demo_uniform('late habit', seed, h.person, h.line) < 0.35
                THEN reco.demo_uniform('habit begins', seed, h.person, h.line) * days ELSE 0 END AS first_day,
           CASE WHEN reco.demo_uniform('lost habit', seed, h.person, h.line) < 0.20
                THEN reco.demo_uniform('habit ends', seed, h.person, h.line) * days ELSE days END AS last_day,
           1 + floor(-ln(reco.demo_uniform('habit size', seed, h.person, h.line)) * p.dozen * h.appetite) AS quantity
    FROM (SELECT DISTINCT ON (d.person, d.line) *
          FROM (SELECT e.id AS person, k,
                       s.lines[least(1 + width_bucket(reco.demo_uniform('habit line', seed, e.id, k) * s.total,
                                                      s.bounds),
                                     cardinality(s.lines))] AS line,
                       e.tier, e.origin, e.bulk, e.appetite
                FROM demo_person AS e
                CROSS JOIN LATERAL generate_series(1, e.habits) AS k
                JOIN demo_shelf AS s
                  ON s.habitual AND s.interest = e.interests[
                     1 + width_bucket(reco.demo_uniform('habit interest', seed, e.id, k), e.bounds)]) AS d
          ORDER BY d.person, d.line, d.k) AS h
    CROSS JOIN LATERAL (
        SELECT g.* FROM demo_product AS g
        WHERE g.line = h.line
        ORDER BY 1.4 * (g.tier * h.tier + g.origin * h.origin + g.bulk * h.bulk) + g.shelf
                 + 0.6 * reco.demo_gumbel('habit brand', seed, h.person, g.id) DESC, g.id
        LIMIT 1) AS p;
    ANALYZE demo_habit;

    /* What people ask for: habits that have fallen due since the last visit, and wants of the day. */
    CREATE TEMP TABLE demo_wish ON COMMIT DROP AS
    WITH due AS (
        SELECT v.person, v.day, h.product, d.times * h.quantity AS quantity
        FROM demo_visit AS v
        JOIN demo_habit AS h USING (person)
        CROSS JOIN LATERAL (
            SELECT floor(v.day / h.every + h.phase) - floor(v.previous_day / h.every + h.phase) AS times) AS d
        WHERE d.times > 0 AND v.day BETWEEN h.first_day AND h.last_day
          AND reco.demo_uniform('elsewhere', seed, v.person, v.day * 1000 + h.product)
              < reco.demo_season(h.season, v.month)
    ), wanted AS (
        SELECT v.person, v.day, k, v.month,
               s.lines[least(1 + width_bucket(reco.demo_uniform('want line', seed, v.person, v.day * 10 + k) * s.total,
                                              s.bounds),
                             cardinality(s.lines))] AS line,
               e.tier, e.origin, e.bulk, e.appetite
        FROM demo_visit AS v
        JOIN demo_person AS e ON e.id = v.person
        CROSS JOIN generate_series(1, 3) AS k
        JOIN demo_shelf AS s
          ON NOT s.habitual AND s.interest = e.interests[
             1 + width_bucket(reco.demo_uniform('want interest', seed, v.person, v.day * 10 + k), e.bounds)]
        WHERE reco.demo_uniform('wants', seed, v.person, v.day * 10 + k) < CASE WHEN e.known THEN 0.55 ELSE 0.9 END
    ), chosen AS (
        SELECT w.person, w.day, p.id AS product, p.every, w.line,
               1 + floor(-ln(reco.demo_uniform('want size', seed, w.person, w.day * 1000 + p.id))
                         * p.dozen * w.appetite) AS quantity
        FROM wanted AS w
        CROSS JOIN LATERAL (
            SELECT g.* FROM demo_product AS g
            WHERE g.line = w.line
            ORDER BY 1.1 * (g.tier * w.tier + g.origin * w.origin + g.bulk * w.bulk) + g.shelf
                     + 0.9 * reco.demo_gumbel('want brand', seed, w.person * 10000 + w.day, g.id) DESC, g.id
            LIMIT 1) AS p
        WHERE reco.demo_uniform('in season', seed, w.person, w.day * 10 + w.k) < reco.demo_season(p.season, w.month)
    )
    /* a basket holds eight lines at most, on sale by then, whole pieces unless weighed out */
    SELECT row_number() OVER (ORDER BY f.day, f.minute, f.person, f.product) AS id,
           f.person, f.day, f.minute, f.product, f.quantity::double precision AS quantity
    FROM (SELECT b.person, b.day, b.product, p.id,
                 floor(450 + 330 * (reco.demo_uniform('hour', seed, b.person, b.day)
                                    + reco.demo_uniform('hour too', seed, b.person, b.day))) AS minute,
                 least(b.quantity + CASE WHEN p.divisible
                                         THEN 0.5 * floor(2 * reco.demo_uniform('half', seed, b.person, b.day)) ELSE 0 END,
                       CASE WHEN p.dozen > 2 THEN 60 WHEN p.price < 6000 THEN 12 ELSE 4 END) AS quantity,
                 row_number() OVER (PARTITION BY b.person, b.day
                                    ORDER BY reco.demo_uniform('basket', seed, b.person, b.product)) AS place
          FROM (SELECT a.person, a.day, a.product, sum(a.quantity) AS quantity
                FROM (SELECT * FROM due
                      UNION ALL
                      SELECT c.person, c.day, c.product, c.quantity FROM chosen AS c WHERE c.every > 0
                      UNION ALL
                      /* what lasts is bought once */
                      (SELECT DISTINCT ON (c.person, c.line) c.person, c.day, c.product, 1
                       FROM chosen AS c WHERE c.every = 0
                       ORDER BY c.person, c.line, c.day, c.product)) AS a
                GROUP BY a.person, a.day, a.product) AS b
          JOIN demo_product AS p ON p.id = b.product AND p.arrives <= b.day) AS f
    WHERE f.place <= 8;
    ANALYZE demo_wish;
    /* The merchant's rules of thumb: some too careful, some careless, some goods no longer ordered. */
    CREATE TEMP TABLE demo_policy ON COMMIT DROP AS
    SELECT p.id AS product, r.opening, r.threshold,
           r.threshold + greatest(p.pack_size::double precision, r.cover) AS target,
           CASE WHEN reco.demo_uniform('dropped', seed, p.id) < 0.03
                THEN floor(days * 0.7)::integer ELSE days END AS last_order,
           w.ids, w.demand_days, w.units
    FROM demo_product AS p
    LEFT JOIN (SELECT product, array_agg(id ORDER BY id) AS ids, array_agg(day ORDER BY id) AS demand_days,
                      array_agg(quantity ORDER BY id) AS units, sum(quantity) AS total
               FROM demo_wish GROUP BY product) AS w ON w.product = p.id
    JOIN reco.demo_supplier() AS s ON s.code = p.supplier
    CROSS JOIN LATERAL (SELECT coalesce(w.total, 0) / (days - p.arrives) AS rate,
                               reco.demo_uniform('care', seed, p.id) AS care) AS m
    CROSS JOIN LATERAL (
        SELECT CASE WHEN m.care < 0.06 OR m.rate = 0 THEN 1
                    ELSE ceil(m.rate * (s.lead_days + s.review_days + 2)
                              * exp(0.3 * reco.demo_normal('threshold', seed, p.id))) END AS threshold,
               ceil(m.rate * 28 * exp(0.3 * reco.demo_normal('cover', seed, p.id))
                    * CASE WHEN m.care > 0.90 AND p.price < 20000 THEN 4 ELSE 1 END) AS cover,
               p.pack_size * greatest(ceil(m.rate * (20 + 30 * reco.demo_uniform('opening', seed, p.id))
                                           / p.pack_size::double precision), 1) AS opening) AS r;

    CREATE TEMP TABLE demo_event ON COMMIT DROP AS
    SELECT p.id AS product, p.supplier, e.*
    FROM demo_policy AS y
    JOIN demo_product AS p ON p.id = y.product
    JOIN (SELECT s.code,
                 array_agg(CASE WHEN (d + s.id) % s.review_days = 0 THEN
                                greatest(s.lead_days + round(s.lead_sd_days * reco.demo_normal('lead', seed, s.id, d)), 1)
                           END::integer ORDER BY d) AS leads
          FROM reco.demo_supplier() AS s,
               generate_series(0, days - 1) AS d
          GROUP BY s.code) AS s ON s.code = p.supplier
    CROSS JOIN LATERAL reco.demo_supply(
        p.id, seed, p.arrives, days - 1, y.last_order, y.opening, y.threshold, y.target,
        p.pack_size::double precision, s.leads, coalesce(y.ids, '{}'), y.demand_days, y.units) AS e;

    /* What was sold, and the durable goods that came back a few days later. */
    CREATE TEMP TABLE demo_sold ON COMMIT DROP AS
    WITH sold AS (
        SELECT w.* FROM demo_wish AS w
        WHERE NOT EXISTS (SELECT FROM demo_event AS e WHERE e.demand_id = w.id)
    )
    SELECT a.*, dense_rank() OVER (ORDER BY a.day, a.minute, a.person, a.refund) AS sale_id,
           row_number() OVER (ORDER BY a.day, a.minute, a.person, a.refund, a.product) AS line_id,
           (opens_at + make_interval(days => a.day, mins => a.minute::integer)) AT TIME ZONE time_zone AS sold_at
    FROM (SELECT s.id, s.person, s.day, s.minute, s.product, s.quantity, false AS refund FROM sold AS s
          UNION ALL
          SELECT s.id, s.person, s.day + 2, 480 + s.person % 500, s.product, -s.quantity, true
          FROM sold AS s
          JOIN demo_product AS p ON p.id = s.product AND p.every = 0
          WHERE s.person <= clients AND s.day + 2 < days
            AND reco.demo_uniform('refund', seed, s.person, s.product) < 0.03) AS a;
    ANALYZE demo_sold;

    EXECUTE format($sql$
INSERT INTO %1$I.category (id, name)
SELECT row_number() OVER (ORDER BY min(id)), category FROM demo_product GROUP BY category;

INSERT INTO %1$I.supplier (id, name, city, phone, lead_days, lead_sd_days, review_days, created_at)
SELECT id, name, city, phone, lead_days, lead_sd_days, review_days, $1 AT TIME ZONE $2
FROM reco.demo_supplier() AS s;
$sql$, schema_name) USING opens_at, time_zone;

    EXECUTE format($sql$
INSERT INTO %1$I.product (id, name, category_id, supplier_id, unit, divisible, weight_kg, price, unit_cost,
                          pack_size, moq, threshold, target, active, created_at)
SELECT p.id, p.name, c.id, s.id, p.unit, p.divisible, p.weight_kg, p.price, p.unit_cost,
       p.pack_size, p.pack_size, y.threshold, ceil(y.target), y.last_order = $1 OR $1 < 60,
       ($2 + make_interval(days => p.arrives, hours => 6)) AT TIME ZONE $3
FROM demo_product AS p
JOIN demo_policy AS y ON y.product = p.id
JOIN %1$I.category AS c ON c.name = p.category
JOIN reco.demo_supplier() AS s ON s.code = p.supplier
$sql$, schema_name) USING days, opens_at, time_zone;

    EXECUTE format($sql$
INSERT INTO %1$I.client (id, name, phone, address, created_at)
SELECT p.id,
       coalesce(p.business || ' ' || n.given || ', ' || n.quarter, n.birth || ' ' || n.family || ' ' || n.given),
       CASE WHEN reco.demo_uniform('phone', $1, p.id) < 0.85
            THEN regexp_replace((243000000000 + floor(1e6 * reco.demo_uniform('number', $1, p.id)))::text,
                                '(...)(...)(...)(...)', '+\1 \2 \3 \4') END,
       'Quartier ' || n.quarter,
       ($2 + make_interval(days => p.first_day, hours => 7)) AT TIME ZONE $3
FROM demo_person AS p
CROSS JOIN LATERAL (
    SELECT CASE WHEN reco.demo_uniform('woman', $1, p.id) < 0.55 THEN 'woman' ELSE 'man' END AS sex) AS w
CROSS JOIN LATERAL (SELECT reco.demo_choice(reco.demo_names(w.sex), 'birth', $1, p.id) AS birth,
                           reco.demo_choice(reco.demo_names('family'), 'family', $1, p.id) AS family,
                           reco.demo_choice(reco.demo_names('given ' || w.sex), 'given', $1, p.id) AS given,
                           reco.demo_choice(reco.demo_names('quarter'), 'quarter', $1, p.id) AS quarter) AS n
WHERE p.known
$sql$, schema_name) USING seed, opens_at, time_zone;

    EXECUTE format($sql$
INSERT INTO %1$I.sale (id, client_id, sold_at)
SELECT DISTINCT ON (sale_id) sale_id, CASE WHEN person <= $1 THEN person END, sold_at
FROM demo_sold ORDER BY sale_id
$sql$, schema_name) USING clients;

    /* Prices have risen by 3 percent a quarter; who takes a dozen pays 5 percent less. */
    EXECUTE format($sql$
INSERT INTO %1$I.sale_line (id, sale_id, product_id, quantity, unit_price, unit_cost, refund_of)
SELECT s.line_id, s.sale_id, s.product, s.quantity,
       round(p.price * i.index * CASE WHEN abs(s.quantity) >= 12 THEN 0.95 ELSE 1 END / i.step) * i.step,
       round(p.unit_cost * i.index), o.line_id
FROM demo_sold AS s
JOIN demo_product AS p ON p.id = s.product
LEFT JOIN demo_sold AS o ON s.refund AND o.id = s.id AND NOT o.refund
CROSS JOIN LATERAL (SELECT 1 - 0.03 * (($1 - 1 - coalesce(o.day, s.day)) / 91) AS index,
                           CASE WHEN p.price < 1000 THEN 10 ELSE 50 END AS step) AS i
ORDER BY s.line_id
$sql$, schema_name) USING days;

    /* Opinions: how good it is, how kind the client, how well the brand and the goods suit. */
    EXECUTE format($sql$
INSERT INTO %1$I.rating (client_id, product_id, stars, rated_at)
SELECT b.person, b.product,
       greatest(least(round(3.6 + e.generosity + p.quality
                            + 1.05 * (p.tier * e.tier + p.origin * e.origin)
                            + 0.40 * reco.demo_normal('opinion', $1, b.person, b.product)), 5), 1),
       ($2 + make_interval(days => b.rated_day, hours => 8)
           + make_interval(mins => floor(600 * reco.demo_uniform('rated at', $1, b.person, b.product))::integer))
           AT TIME ZONE $3
FROM (SELECT person, product,
             min(day) + 1 + floor(20 * reco.demo_uniform('rated', $1, person, product))::integer AS rated_day
      FROM demo_sold WHERE NOT refund GROUP BY person, product) AS b
JOIN demo_person AS e ON e.id = b.person AND e.known
JOIN demo_product AS p ON p.id = b.product
WHERE b.rated_day < $4
  AND reco.demo_uniform('rates', $1, b.person) < 0.55
  AND reco.demo_uniform('rates this', $1, b.person, b.product)
      < 0.6 + 0.4 * reco.demo_uniform('rates all', $1, b.person)
$sql$, schema_name) USING seed, opens_at, time_zone, days;

    /* Half of what could not be served is noted down. */
    EXECUTE format($sql$
INSERT INTO %1$I.unmet_demand (product_id, client_id, quantity, asked_at)
SELECT w.product, CASE WHEN w.person <= $1 THEN w.person END, w.quantity,
       ($3 + make_interval(days => w.day, mins => w.minute::integer)) AT TIME ZONE $4
FROM demo_wish AS w
JOIN demo_event AS e ON e.demand_id = w.id
WHERE reco.demo_uniform('noted', $2, w.id) < 0.5
ORDER BY w.id
$sql$, schema_name) USING clients, seed, opens_at, time_zone;

    /* One order a supplier and day, delivered as a whole. */
    CREATE TEMP TABLE demo_order ON COMMIT DROP AS
    SELECT dense_rank() OVER (ORDER BY e.day, e.supplier) AS id, e.supplier, e.day, e.due, e.product, e.quantity
    FROM demo_event AS e WHERE e.kind = 'order';

    EXECUTE format($sql$
INSERT INTO %1$I.purchase_order (id, supplier_id, status, created_at, ordered_at, expected_on)
SELECT DISTINCT o.id, s.id, CASE WHEN o.due < $1 THEN 'received' ELSE 'ordered' END, t.ordered_at, t.ordered_at,
       ($2 + make_interval(days => o.day + s.lead_days))::date
FROM demo_order AS o
JOIN reco.demo_supplier() AS s ON s.code = o.supplier
CROSS JOIN LATERAL (SELECT ($2 + make_interval(days => o.day, hours => 19)) AT TIME ZONE $3 AS ordered_at) AS t
ORDER BY o.id;

INSERT INTO %1$I.purchase_order_line (purchase_order_id, product_id, ordered, received, unit_cost)
SELECT o.id, o.product, o.quantity, CASE WHEN o.due < $1 THEN o.quantity ELSE 0 END, p.unit_cost
FROM demo_order AS o JOIN demo_product AS p ON p.id = o.product
ORDER BY o.id, o.product;
$sql$, schema_name) USING days, opens_at, time_zone;

    /* The ledger, in the order of events of a day: deliveries at dawn, sales, the count after closing. */
    EXECUTE format($sql$
INSERT INTO %1$I.stock_move (id, product_id, quantity, kind, moved_at, recorded_at, source, source_ref, line, note)
SELECT row_number() OVER (ORDER BY m.moved_at, m.kind, m.product, m.line), m.product, m.quantity, m.kind,
       m.moved_at, m.moved_at, m.source, m.source_ref, m.line, m.note
FROM (SELECT p.id AS product, y.opening AS quantity, CASE p.arrives WHEN 0 THEN 'opening' ELSE 'receipt' END AS kind,
             ($2 + make_interval(days => p.arrives, hours => 6)) AT TIME ZONE $3 AS moved_at,
             NULL AS source, NULL AS source_ref, NULL::bigint AS line, 'premier stock' AS note
      FROM demo_product AS p JOIN demo_policy AS y ON y.product = p.id
      UNION ALL
      SELECT o.product, o.quantity, 'receipt', ($2 + make_interval(days => o.due, mins => 390)) AT TIME ZONE $3,
             'purchase_order', o.id::text, o.product, NULL
      FROM demo_order AS o WHERE o.due < $1
      UNION ALL
      SELECT e.product, CASE e.kind WHEN 'writeoff' THEN -e.quantity ELSE e.quantity END, e.kind,
             ($2 + make_interval(days => e.day, mins => CASE e.kind WHEN 'writeoff' THEN 400 ELSE 1140 END)) AT TIME ZONE $3,
             NULL, NULL, NULL, CASE e.kind WHEN 'writeoff' THEN 'abîmé à la livraison' ELSE 'inventaire' END
      FROM demo_event AS e WHERE e.kind IN ('writeoff', 'count')
      UNION ALL
      SELECT s.product, -s.quantity, CASE WHEN s.refund THEN 'refund' ELSE 'sale' END, s.sold_at,
             'sale', s.sale_id::text, s.line_id, NULL
      FROM demo_sold AS s) AS m;
$sql$, schema_name) USING days, opens_at, time_zone;

    /*
     * The alerts as they would have come and gone, instead of those that the
     * triggers have just opened for the trade of all these days at once.
     */
    EXECUTE format($sql$
DELETE FROM %1$I.stock_alert;

INSERT INTO %1$I.stock_alert (product_id, kind, opened_at, closed_at, close_reason, quantity, threshold, purchase_order_id)
WITH event AS (
    SELECT product_id, moved_at AS at, id AS place, quantity AS available,
           CASE source WHEN 'purchase_order' THEN 0 ELSE quantity END AS position, NULL::bigint AS purchase_order_id
    FROM %1$I.stock_move
    UNION ALL
    SELECT l.product_id, o.ordered_at, 0, 0, l.ordered, o.id
    FROM %1$I.purchase_order_line AS l JOIN %1$I.purchase_order AS o ON o.id = l.purchase_order_id
), state AS (
    SELECT e.product_id, e.at, e.place, e.purchase_order_id, p.threshold,
           sum(e.available) OVER sofar AS available, sum(e.position) OVER sofar AS position
    FROM event AS e JOIN %1$I.product AS p ON p.id = e.product_id AND p.active
    WINDOW sofar AS (PARTITION BY e.product_id ORDER BY e.at, e.place)
), side AS (
    SELECT s.*, k.kind, k.quantity, k.compared, k.opens, lag(k.opens) OVER sofar AS before
    FROM state AS s
    CROSS JOIN LATERAL (VALUES
        ('out', s.available, 0, s.available <= 0),
        ('low', s.position, s.threshold,
         CASE WHEN s.position <= s.threshold THEN true
              WHEN s.position > s.threshold + greatest(1, 0.1 * s.threshold) THEN false END))
        AS k (kind, quantity, compared, opens)
    WHERE k.opens IS NOT NULL
    WINDOW sofar AS (PARTITION BY s.product_id, k.kind ORDER BY s.at, s.place)
), change AS (
    SELECT product_id, kind, at, quantity, compared, opens,
           lead(at) OVER later AS closed_at, lead(purchase_order_id) OVER later AS purchase_order_id
    FROM side WHERE opens IS DISTINCT FROM before
    WINDOW later AS (PARTITION BY product_id, kind ORDER BY at, place)
)
SELECT product_id, kind, at, closed_at,
       CASE WHEN purchase_order_id IS NOT NULL THEN 'ordered' WHEN closed_at IS NOT NULL THEN 'recovered' END,
       quantity, compared, purchase_order_id
FROM change WHERE opens ORDER BY at, product_id, kind;
$sql$, schema_name);

    /* Those of late orders are opened by the day, not by a move. */
    PERFORM reco.refresh_alerts(schema_name);
    EXECUTE format($sql$
UPDATE %1$I.stock_alert AS a SET opened_at = (o.expected_on + 1)::timestamp AT TIME ZONE $1
FROM (SELECT l.product_id, min(o.expected_on) AS expected_on
      FROM %1$I.purchase_order_line AS l JOIN %1$I.purchase_order AS o ON o.id = l.purchase_order_id
      WHERE o.status = 'ordered' AND o.expected_on < current_date GROUP BY l.product_id) AS o
WHERE a.product_id = o.product_id AND a.kind = 'late'
$sql$, schema_name) USING time_zone;

    EXECUTE format($sql$
INSERT INTO %1$I.exchange_rate (currency, valid_from, rate)
SELECT c.currency, ($2 + make_interval(days => d.day))::date, round(r.rate::numeric * c.worth, c.digits)
FROM (SELECT n AS day, sum(reco.demo_normal('rate', $3, n)) OVER (ORDER BY n) AS walk
      FROM generate_series(0, $1) AS n) AS d
CROSS JOIN LATERAL (SELECT 2600 * exp(0.0001 * d.day + 0.04 * sin(d.day / 90.0) + 0.0015 * d.walk) AS rate) AS r
CROSS JOIN (VALUES ('USD', 1, 0), ('UGX', 0.00027, 4)) AS c (currency, worth, digits)
ORDER BY d.day, c.currency
$sql$, schema_name) USING days, opens_at, seed;

    /* New rows are numbered from where the demo ends. */
    FOREACH filled_table IN ARRAY ARRAY['client', 'category', 'supplier', 'product', 'sale', 'sale_line',
                                        'stock_move', 'purchase_order'] LOOP
        EXECUTE format('SELECT setval(pg_get_serial_sequence(%1$L, ''id''), max(id))'
                       ' FROM %1$s HAVING max(id) IS NOT NULL',
                       format('%I.%I', schema_name, filled_table));
    END LOOP;

    FOREACH filled_table IN ARRAY ARRAY['client', 'category', 'supplier', 'product', 'rating', 'sale', 'sale_line',
                                        'stock_move', 'stock_level', 'stock_alert', 'unmet_demand', 'purchase_order',
                                        'purchase_order_line', 'exchange_rate'] LOOP
        EXECUTE format('ANALYZE %I.%I', schema_name, filled_table);
    END LOOP;

    DROP TABLE demo_product, demo_person, demo_shelf, demo_visit, demo_habit, demo_wish,
               demo_policy, demo_event, demo_sold, demo_order;
END
$function$;

COMMENT ON FUNCTION reco.demo_shop(name, integer, integer, integer, bigint, date) IS
    'Fills an empty shop with months of believable trade: the same arguments, the same data';
