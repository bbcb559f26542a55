-- Makes a table of so many :pairs of :clients and :products as the caller has set; by default of 20 million pairs of
-- 138,493 clients and 26,744 products, the size of MovieLens 20M.
--
--   :name (client bigint, product bigint, stars real, at timestamptz), in the order of at
--
-- Both sides follow power laws. A client is of one of 48 kinds, each of which likes the products in an order of its
-- own: their general popularity, and how four hidden properties of a product suit the kind. So there is something of
-- low rank to be learnt. The j-th of a client's d pairs is at place 3 j + (0, 1 or 2) + (n - 3 d) ((j + u) / d) ^ 4 of
-- that order, u uniform: no pair comes twice. All is hashed from the seed, so it is the same table everywhere.
\if :{?pairs}
\else
	\set clients 138493
	\set products 26744
	\set pairs 20000000
\endif
\if :{?name}
\else
	\set name big
\endif
\set seed 1
SET work_mem = '256MB';
SET max_parallel_workers_per_gather = 2;

CREATE OR REPLACE FUNCTION bench.uniform(key bigint, stream bigint) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(key, stream) & 4503599627370495) / 4503599627370496.0::double precision;

-- The kind's orders of all products; suits is about normal.
CREATE UNLOGGED TABLE liking AS
SELECT kind, product, suits::real,
       (row_number() OVER (PARTITION BY kind ORDER BY suits - 1.2 * ln(20 + popularity) DESC, product) - 1)::integer AS place
FROM (SELECT kind, product, floor(:products * bench.uniform(product, :seed)) AS popularity,
             (SELECT sum((bench.uniform(kind * 4 + f, :seed + 1) - 0.5) * (bench.uniform(product * 4 + f, :seed + 2) - 0.5)) * 6
              FROM generate_series(0, 3) f) AS suits
      FROM generate_series(0, 47) kind, generate_series(1, :products) product) scored;

CREATE UNLOGGED TABLE buyer AS
SELECT client, floor(48 * bench.uniform(client, :seed + 3))::integer AS kind,
       (floor(:pairs * running / total) - floor(:pairs * (running - part) / total))::integer AS pairs
FROM (SELECT client, part, sum(part) OVER (ORDER BY client) AS running, sum(part) OVER () AS total
      FROM (SELECT client, least(10 + 75 * (power(bench.uniform(client, :seed + 4) + 1e-9, -0.7) - 1), :products / 9) AS part
            FROM generate_series(1, :clients) client) c) d;
ALTER TABLE buyer SET (parallel_workers = 2);
ANALYZE liking, buyer;

CREATE UNLOGGED TABLE :name AS
SELECT client::bigint, product::bigint,
       greatest(1, least(5, round(3.5 + 1.2 * suits + 1.5 * (bench.uniform(pair, :seed + 5) - 0.5))))::real AS stars,
       '2024-01-01'::timestamptz + interval '1 second' * floor(31536000 * bench.uniform(pair, :seed + 6)) AS at
FROM (SELECT client, kind, client * 8192::bigint + j AS pair,
             3 * j + floor(3 * bench.uniform(client * 8192::bigint + j, :seed + 7))::integer
             + floor((:products - 3 * pairs)
                     * power((j + bench.uniform(client * 8192::bigint + j, :seed + 8)) / pairs, 4))::integer AS place
      FROM buyer, generate_series(0, pairs - 1) j) chosen
JOIN liking USING (kind, place)
ORDER BY at, pair;
DROP TABLE liking, buyer;
RESET work_mem;
SET max_parallel_workers_per_gather = 0;
VACUUM ANALYZE :name;
