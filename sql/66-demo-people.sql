/*
 * The pieces of reco.demo_shop(): numbers that look random, the goods, the
 * people, and the supply of one product. Each is a function of its arguments
 * alone and can be looked at by itself:
 *
 *   SELECT name, price, unit_cost FROM reco.demo_goods(350, 400, 1);
 *
 * Nothing is drawn from random(): every number is a hash of what it stands for
 * and the seed, so that the same arguments make the same shop.
 */

/* A number between 0 and 1, the same for the same arguments. */
CREATE FUNCTION reco.demo_uniform(what text, seed bigint, a bigint, b bigint DEFAULT 0)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ((hashint8extended(b, hashint8extended(a, hashtextextended(what, seed)))
         & 4503599627370495) + 0.5::double precision) / 4503599627370496;

COMMENT ON FUNCTION reco.demo_uniform(text, bigint, bigint, bigint) IS
    'A reproducible number strictly between 0 and 1 for something named by what, a and b';

/* The logistic law, scaled to a standard deviation of 1: one hash, no rejection. */
CREATE FUNCTION reco.demo_normal(what text, seed bigint, a bigint, b bigint DEFAULT 0)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN ln(1 / reco.demo_uniform(what, seed, a, b) - 1) * 0.5513;

COMMENT ON FUNCTION reco.demo_normal(text, bigint, bigint, bigint) IS
    'A reproducible bell-shaped number of mean 0 and standard deviation 1';

/* The noise that turns "take the best of these" into a choice by weights. */
CREATE FUNCTION reco.demo_gumbel(what text, seed bigint, a bigint, b bigint DEFAULT 0)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN -ln(-ln(reco.demo_uniform(what, seed, a, b)));

COMMENT ON FUNCTION reco.demo_gumbel(text, bigint, bigint, bigint) IS
    'A reproducible Gumbel number: adding it to log weights and taking the largest chooses by weight';

/* One of several, by chance. */
CREATE FUNCTION reco.demo_choice(options text[], what text, seed bigint, a bigint)
RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN options[1 + floor(cardinality(options) * reco.demo_uniform(what, seed, a))::integer];

COMMENT ON FUNCTION reco.demo_choice(text[], text, bigint, bigint) IS
    'A reproducible choice among options';

/* Rainy months in Butembo are March to May and August to November. */
CREATE FUNCTION reco.demo_season(season text, month integer)
RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE season
    WHEN 'school'   THEN (ARRAY[.45, .25, .20, .40, .20, .15, .15, .70, 1.0, .50, .25, .20])[month]
    WHEN 'feast'    THEN (ARRAY[.35, .25, .25, .40, .25, .40, .25, .25, .22, .25, .35, 1.0])[month]
    WHEN 'planting' THEN (ARRAY[.20, .80, 1.0, .50, .15, .12, .20, .90, 1.0, .40, .15, .12])[month]
    WHEN 'rain'     THEN (ARRAY[.30, .40, .80, 1.0, .90, .30, .25, .60, .90, 1.0, 1.0, .50])[month]
    WHEN 'dry'      THEN (ARRAY[.90, 1.0, .55, .35, .40, .90, 1.0, .80, .45, .35, .40, .70])[month]
    ELSE .60
END;

COMMENT ON FUNCTION reco.demo_season(text, integer) IS
    'Share of those who want goods of a season that buy them in a month';

CREATE FUNCTION reco.demo_goods(products integer, days integer, seed bigint)
RETURNS TABLE (id bigint, line bigint, category text, name text, supplier text, unit text,
               divisible boolean, weight_kg numeric, price numeric, unit_cost numeric,
               pack_size numeric, every double precision, dozen double precision, season text,
               tier double precision, origin double precision, bulk double precision,
               quality double precision, shelf double precision, arrives integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH variant AS (
        SELECT l.*, b.tier, b.origin, t.label, t.factor,
               replace(replace(l.name, '{m}', coalesce(v.brand, '')), '{t}', t.label) AS full_name,
               ln(t.factor) - avg(ln(t.factor)) OVER (PARTITION BY l.id) AS size_step,
               row_number() OVER (PARTITION BY l.id ORDER BY coalesce(v.n, 1) + t.n, t.n) AS depth
        FROM reco.demo_line() AS l
        LEFT JOIN LATERAL unnest(string_to_array(l.brands, '|')) WITH ORDINALITY AS v (brand, n) ON true
        LEFT JOIN reco.demo_brand() AS b ON b.brand = v.brand
        CROSS JOIN LATERAL (
            SELECT split_part(s.item, ':', 1) AS label,
                   coalesce(nullif(split_part(s.item, ':', 2), '')::double precision, 1) AS factor, s.n
            FROM unnest(string_to_array(l.sizes, '|') || CASE WHEN l.sizes = '' THEN ARRAY[''] END)
                 WITH ORDINALITY AS s (item, n)) AS t
    ), stocked AS (
        SELECT v.*, v.id AS line, row_number() OVER (ORDER BY v.id, v.depth) AS product
        FROM (SELECT * FROM variant
              /* what many want comes in more brands and sizes */
              ORDER BY depth / power(appeal, 0.4), reco.demo_uniform('line', seed, id)
              LIMIT products) AS v
    ), priced AS (
        SELECT s.*, p.raw,
               s.margin::double precision * (0.85 + 0.3 * reco.demo_uniform('margin', seed, s.product)) AS keeps,
               CASE WHEN p.raw < 400 THEN 10 WHEN p.raw < 1000 THEN 50 WHEN p.raw < 10000 THEN 100
                    WHEN p.raw < 100000 THEN 500 ELSE 1000 END AS step
        FROM stocked AS s
        CROSS JOIN LATERAL (SELECT s.price::double precision * s.factor * (1 + 0.22 * coalesce(s.tier, 0))
                                   * (0.97 + 0.06 * reco.demo_uniform('price', seed, s.product)) AS raw) AS p
    )
    SELECT p.product, p.line, p.category,
           btrim(regexp_replace(p.full_name, '\s+', ' ', 'g')), p.supplier, p.unit,
           p.unit IN ('kg', 'litre', 'mètre'),
           CASE WHEN p.unit = 'kg' THEN 1 ELSE round(replace(w.match[1], ',', '.')::numeric * w.kg, 3) END,
           greatest(round(p.raw / p.step)::integer * p.step, 50)::numeric,
           greatest(round(p.raw * (1 - p.keeps) / 10)::integer * 10, 10)::numeric,
           CASE WHEN p.unit = 'kg' THEN 25 WHEN p.unit = 'litre' THEN 20 WHEN p.raw < 1000 THEN 24
                WHEN p.raw < 4000 THEN 12 WHEN p.raw < 12000 THEN 6 WHEN p.raw < 40000 THEN 2 ELSE 1 END,
           /* a larger pack lasts longer */
           p.every * power(p.factor, 0.6),
           /* how many are taken at once by those who take several */
           CASE WHEN p.category = 'Matériaux de construction'
                     AND p.unit IN ('sac', 'barre', 'feuille', 'carton', 'kg') THEN 4
                WHEN p.raw < 1500 THEN 2 WHEN p.raw < 6000 THEN 0.8 ELSE 0.1 END,
           p.season, coalesce(p.tier, 0), coalesce(p.origin, 0),
           greatest(least(p.size_step, 1), -1),
           0.40 * reco.demo_normal('quality', seed, p.product) + 0.15 * coalesce(p.tier, 0),
           -0.30 * (p.depth - 1),
           CASE WHEN reco.demo_uniform('new', seed, p.product) < 0.12
                THEN floor(days * (0.1 + 0.85 * reco.demo_uniform('arrival', seed, p.product)))::integer ELSE 0 END
    FROM priced AS p
    /* "5 kg", "1,5 L", "25 cl": a litre weighs about a kilogram, but a can of 10 L is sold empty */
    CROSS JOIN LATERAL (
        SELECT m.match, CASE m.match[2] WHEN 'kg' THEN 1 WHEN 'g' THEN 0.001
                                        ELSE CASE WHEN p.unit <> 'pièce' THEN
                                             CASE m.match[2] WHEN 'L' THEN 1 WHEN 'cl' THEN 0.01 ELSE 0.001 END END
                        END AS kg
        FROM regexp_match(p.label, '(\d+(?:,\d+)?) (kg|g|L|cl|ml)\M') AS m (match)) AS w;
END;

COMMENT ON FUNCTION reco.demo_goods(integer, integer, bigint) IS
    'The goods of a demo shop: lines of the catalogue, in more brands and sizes the more products are asked for';

CREATE FUNCTION reco.demo_people(clients integer, days integer, seed bigint)
RETURNS TABLE (id bigint, known boolean, first_day integer, last_day integer, rhythm double precision,
               interests integer[], bounds double precision[], business text,
               tier double precision, origin double precision, bulk double precision,
               generosity double precision, habits integer, appetite double precision)
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    WITH kinds AS (
        SELECT array_agg(i.id ORDER BY i.id) AS ids, array_agg(i.bound ORDER BY i.id) AS bounds
        FROM (SELECT k.id, sum(k.share) OVER (ORDER BY k.id) / sum(k.share) OVER () AS bound
              FROM reco.demo_interest() AS k WHERE k.interest <> 'home') AS i
    ), person AS (
        /* as many passers-by, never asked their name, as clients */
        SELECT p.id, p.id <= clients AS known,
               kinds.ids[least(1 + width_bucket(reco.demo_uniform('main interest', seed, p.id), kinds.bounds),
                               cardinality(kinds.ids))] AS main,
               kinds.ids[least(1 + width_bucket(reco.demo_uniform('side interest', seed, p.id), kinds.bounds),
                               cardinality(kinds.ids))] AS side,
               reco.demo_uniform('main weight', seed, p.id) AS main_weight,
               reco.demo_uniform('side weight', seed, p.id) AS side_weight,
               CASE WHEN reco.demo_uniform('joins later', seed, p.id) < 0.40
                    THEN floor(days * 0.97 * reco.demo_uniform('joins', seed, p.id))::integer ELSE 0 END AS first_day
        FROM kinds, generate_series(1, 2 * clients::bigint) AS p (id)
    )
    SELECT p.id, p.known, p.first_day,
           CASE WHEN reco.demo_uniform('leaves early', seed, p.id) < 0.12
                THEN p.first_day + floor((days - 1 - p.first_day) * reco.demo_uniform('leaves', seed, p.id))::integer
                ELSE days - 1 END,
           CASE WHEN NOT p.known THEN 0.026
                ELSE 0.066 * exp(0.55 * reco.demo_normal('rhythm', seed, p.id))
                     * CASE WHEN b.business IS NULL THEN 1 ELSE 1.6 END END,
           /* everybody's third interest is the home */
           ARRAY[p.main, p.side, 1],
           ARRAY[w.main, w.main + (1 - w.main) * (0.2 + 0.4 * p.side_weight)],
           b.business, lean.tier, lean.origin, lean.bulk,
           0.35 * reco.demo_normal('generosity', seed, p.id),
           CASE WHEN p.known THEN 4 + floor(6 * reco.demo_uniform('habits', seed, p.id))::integer ELSE 0 END,
           CASE WHEN b.business IS NULL THEN 1 ELSE 3 END
    FROM person AS p
    CROSS JOIN LATERAL (
        SELECT max(i.business) AS business FROM reco.demo_interest() AS i
        WHERE i.id = p.main AND p.main_weight > 0.6) AS b
    CROSS JOIN LATERAL (
        SELECT CASE WHEN b.business IS NULL THEN 0.35 + 0.35 * p.main_weight ELSE 0.8 END AS main) AS w
    /* opinions are rarely lukewarm: away from 0, on one side or the other */
    CROSS JOIN LATERAL (
        SELECT tanh(1.5 * reco.demo_normal('tier', seed, p.id)) AS tier,
               tanh(1.5 * reco.demo_normal('origin', seed, p.id)) AS origin,
               CASE WHEN b.business IS NOT NULL THEN 1
                    ELSE tanh(reco.demo_normal('bulk', seed, p.id) - 0.4) END AS bulk) AS lean;
END;

COMMENT ON FUNCTION reco.demo_people(integer, integer, bigint) IS
    'The people of a demo shop: what they are interested in, what they think of brands, how often they come';

/*
 * The supply of one product: the merchant orders by a fixed threshold on the
 * days the supplier takes orders, goods arrive when they arrive, and what is
 * asked for while the shelf is too empty is lost. Yields, besides the orders,
 * what must be known of the rest: demand not served, breakages, miscounts.
 * Everything else was sold.
 */
CREATE FUNCTION reco.demo_supply(
    product bigint, seed bigint, first_day integer, last_day integer, last_order integer,
    opening double precision, threshold double precision, target double precision, pack double precision,
    leads integer[],                       -- days to delivery by day of order, null: no orders that day
    demand bigint[], demand_days integer[], demand_units double precision[])
RETURNS TABLE (kind text, day integer, quantity double precision, due integer, demand_id bigint)
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    on_hand double precision := opening;
    on_order double precision := 0;
    orders double precision[] := '{}';
    dues integer[] := '{}';
    oldest integer := 1;                   -- orders before this one have all arrived
    next integer := 1;                     -- first demand not yet looked at
BEGIN
    FOR today IN first_day .. last_day LOOP
        FOR o IN oldest .. cardinality(orders) LOOP
            IF dues[o] = today THEN
                on_hand := on_hand + orders[o];
                on_order := on_order - orders[o];
                IF reco.demo_uniform('breakage', seed, product, today) < 0.05 THEN
                    kind := 'writeoff'; day := today; due := NULL; demand_id := NULL;
                    quantity := ceil(0.02 * orders[o]);
                    on_hand := on_hand - quantity;
                    RETURN NEXT;
                END IF;
            END IF;
        END LOOP;
        WHILE oldest <= cardinality(orders) AND dues[oldest] <= today LOOP
            oldest := oldest + 1;
        END LOOP;

        WHILE next <= cardinality(demand) AND demand_days[next] = today LOOP
            IF demand_units[next] <= on_hand THEN
                on_hand := on_hand - demand_units[next];
            ELSE
                kind := 'lost'; day := today; due := NULL; demand_id := demand[next];
                quantity := demand_units[next];
                RETURN NEXT;
            END IF;
            next := next + 1;
        END LOOP;

        IF today % 91 = 90 AND on_hand >= 1 AND reco.demo_uniform('count', seed, product, today) < 0.10 THEN
            kind := 'count'; day := today; due := NULL; demand_id := NULL; quantity := -1;
            on_hand := on_hand - 1;
            RETURN NEXT;
        END IF;

        IF on_hand + on_order <= threshold AND leads[today + 1] IS NOT NULL AND today <= last_order THEN
            kind := 'order'; day := today; due := today + leads[today + 1]; demand_id := NULL;
            quantity := pack * ceil((target - on_hand - on_order) / pack);
            orders := orders || quantity;
            dues := dues || due;
            on_order := on_order + quantity;
            RETURN NEXT;
        END IF;
    END LOOP;
END
$function$;

COMMENT ON FUNCTION reco.demo_supply(bigint, bigint, integer, integer, integer, double precision, double precision,
        double precision, double precision, integer[], bigint[], integer[], double precision[]) IS
    'Orders, lost demand, breakages and miscounts of one product in a demo shop';
