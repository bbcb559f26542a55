-- How models are measured on real data: one split, one way to count, for tests and benchmarks alike.
--
--   protocol.split(client, product)   0 .. 9; rows of 0 are held out, the others are trained on
--   protocol.ranking(...)             recall@20 and NDCG@100 of lists of 100, means over clients
--   protocol.popular(...)             such lists of the most popular products, to compare with

CREATE SCHEMA protocol;

-- A tenth for each pair. Ids as in the file; the arithmetic is that of unsigned 32-bit numbers. The second and
-- third line mix, so that the held-out products of a client are no class of residues, which a model could learn.
CREATE FUNCTION protocol.split(client bigint, product bigint) RETURNS integer
LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
    x bigint := (client * 2654435761 + product * 40503) % 4294967296;
BEGIN
    x := (x # (x >> 16)) * 73244475 % 4294967296;
    x := (x # (x >> 16)) * 73244475 % 4294967296;
    RETURN (x # (x >> 16)) % 10;
END
$$;

-- Of lists (client_id, rank, product_id), given what was trained on and what was held out, both as tables or
-- views (client, product). Held-out products nobody bought in training are left out; a client counts who has
-- a row in both. The best possible list has all held-out products of the client at its top.
CREATE FUNCTION protocol.ranking(lists regclass, seen regclass, held_out regclass,
                                 OUT clients bigint, OUT recall_at_20 double precision, OUT ndcg_at_100 double precision)
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format($sql$
        WITH wanted AS MATERIALIZED (
            SELECT DISTINCT h.client, h.product FROM %3$s h
            WHERE h.client IN (SELECT client FROM %2$s) AND h.product IN (SELECT product FROM %2$s)),
        gain AS MATERIALIZED (
            SELECT rank, 1 / ln(rank + 1.0::float8) AS gain, sum(1 / ln(rank + 1.0::float8)) OVER (ORDER BY rank) AS best
            FROM generate_series(1, 100) rank),
        hit AS (
            SELECT w.client, count(*) FILTER (WHERE l.rank <= 20) AS hits, sum(g.gain) AS gain
            FROM wanted w
            JOIN %1$s l ON l.client_id = w.client AND l.product_id = w.product
            JOIN gain g ON g.rank = l.rank
            GROUP BY w.client),
        client AS (SELECT client, count(*) AS wanted FROM wanted GROUP BY client)
        SELECT count(*), avg(coalesce(h.hits, 0) / least(20, c.wanted)::float8), avg(coalesce(h.gain, 0) / b.best)
        FROM client c
        JOIN gain b ON b.rank = least(100, c.wanted)
        LEFT JOIN hit h USING (client)
    $sql$, lists, seen, held_out) INTO clients, recall_at_20, ndcg_at_100;
END
$$;

-- For each client of seen (client, product) the hundred products that most clients have, less the client's own.
CREATE FUNCTION protocol.popular(seen regclass)
RETURNS TABLE (client_id bigint, rank bigint, product_id bigint)
LANGUAGE plpgsql AS $$
BEGIN
    CREATE TEMP TABLE had AS SELECT 0::bigint AS client, 0::bigint AS product WITH NO DATA;
    EXECUTE format('INSERT INTO had SELECT DISTINCT client, product FROM %s', seen);
    CREATE UNIQUE INDEX ON had (client, product);
    ANALYZE had;
    CREATE TEMP TABLE popularity AS SELECT product, count(*) AS clients FROM had GROUP BY product;
    CREATE INDEX ON popularity (clients DESC, product);
    ANALYZE popularity;
    RETURN QUERY
        SELECT c.client, row_number() OVER (PARTITION BY c.client ORDER BY p.clients DESC, p.product), p.product
        FROM (SELECT DISTINCT client FROM had) c
        CROSS JOIN LATERAL (
            SELECT t.clients, t.product FROM popularity t
            WHERE NOT EXISTS (SELECT FROM had h WHERE h.client = c.client AND h.product = t.product)
            ORDER BY t.clients DESC, t.product LIMIT 100) p;
    DROP TABLE had, popularity;
END
$$;
