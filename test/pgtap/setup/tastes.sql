-- Clients with tastes, the same on every machine: 120 clients and 60 products fall into three groups, by
-- their number modulo 3, and clients buy and like mostly what is of their own group.
--
--   taste.purchase   client, product, quantity, bought_at   about 10 rows a client
--   taste.rating     client, product, stars, rated_at       about 20 rows a client
--   taste.product    id, stock                              1 .. 60, and 61 .. 65, which nobody has bought yet

CREATE SCHEMA taste;

-- A number from 0 up to 1 that depends on nothing but its arguments.
CREATE FUNCTION taste.chance(what text, a bigint, b bigint) RETURNS double precision
IMMUTABLE PARALLEL SAFE
RETURN (hashint8extended(b, hashint8extended(a, hashtextextended(what, 0))) & 1048575) / 1048576.0;

CREATE TABLE taste.product (id integer PRIMARY KEY, stock integer NOT NULL);
INSERT INTO taste.product SELECT p, 10 FROM generate_series(1, 65) p;

CREATE TABLE taste.purchase (
    client bigint, product integer, quantity numeric, bought_at timestamptz);
INSERT INTO taste.purchase
SELECT c, p, 1 + (c + p) % 3, timestamptz '2024-01-01' + (c * 60 + p) * interval '1 minute'
FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE taste.chance('buys', c, p) < CASE WHEN c % 3 = p % 3 THEN 0.45 ELSE 0.03 END;
CREATE INDEX ON taste.purchase (client);

CREATE TABLE taste.rating (
    client bigint, product integer, stars integer, rated_at timestamptz);
INSERT INTO taste.rating
SELECT c, p,
       greatest(1, least(5, round(CASE WHEN c % 3 = p % 3 THEN 4.2 ELSE 2.2 END
                                  + 1.6 * (taste.chance('stars', c, p) - 0.5)))),
       timestamptz '2024-01-01' + (c * 60 + p) * interval '1 minute'
FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE taste.chance('rates', c, p) < 0.35;
CREATE INDEX ON taste.rating (client);

ANALYZE taste.product, taste.purchase, taste.rating;

-- What a version learnt, in one word: equal for equal bits.
CREATE FUNCTION taste.bits(model_name text, version_number integer DEFAULT NULL) RETURNS text
STABLE
RETURN (SELECT md5(string_agg(a.name || a.block || md5(a.data), ' ' ORDER BY a.name, a.block))
        FROM reco.model_array a
        JOIN reco.model_version v ON v.uuid = a.version
        WHERE v.model = model_name
          AND v.version = coalesce(version_number,
                                   (SELECT last_version FROM reco.model WHERE name = model_name)));

-- Runs a statement as another role; its first value.
CREATE FUNCTION taste.run_as(who name, statement text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    answer text;
BEGIN
    PERFORM set_config('role', who, true);
    EXECUTE statement INTO answer;
    PERFORM set_config('role', 'none', true);
    RETURN answer;
END
$$;

-- The seconds after which a statement was cancelled; NULL if it was not.
CREATE FUNCTION taste.cancelled_after(statement text) RETURNS double precision
LANGUAGE plpgsql
AS $$
DECLARE
    started CONSTANT timestamptz := clock_timestamp();
BEGIN
    EXECUTE statement;
    RETURN NULL;
EXCEPTION
    WHEN query_canceled THEN
        RETURN extract(epoch FROM clock_timestamp() - started);
END
$$;

-- Asserts that a query returns nothing: each row would be a case against the claim. Shows three of them.
CREATE FUNCTION taste.none(query text, claim text) RETURNS SETOF text
LANGUAGE sql
AS $$
    SELECT is_empty('SELECT * FROM (' || query || E'\n) against LIMIT 3', claim)
$$;
