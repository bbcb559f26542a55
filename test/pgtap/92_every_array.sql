-- Whatever byte of whatever a version consists of is changed, cut off, lost or in another's place: that is noticed, when
-- it is served from the tables and when it comes as bytes. Walks all arrays that the versions of all methods have.
BEGIN;
\ir setup/tastes.sql
SELECT plan(11);

CREATE TABLE taste.often AS
SELECT client, product, quantity, bought_at + n * interval '20 days' AS at FROM taste.purchase, generate_series(0, (client + product)::integer % 4) n;
SELECT reco.create_model(m, ratings => CASE WHEN m IN ('bayes', 'svd') THEN 'SELECT client, product, stars, client % 3 AS client_group FROM taste.rating' END,
                         purchases => CASE WHEN m NOT IN ('bayes', 'svd') THEN 'SELECT client, product, quantity, at FROM taste.often' END,
                         options => format('{"%s": {"method": "%s"}}', CASE WHEN m IN ('bayes', 'svd') THEN 'ratings' ELSE 'purchases' END, m)::jsonb)
FROM unnest('{bayes,svd,als,ease,items}'::text[]) m \g /dev/null
SELECT (reco.train(m)).version FROM unnest('{bayes,svd,als,ease,items}'::text[]) m, generate_series(1, 2) \g /dev/null
SELECT reco.activate(m, 1) FROM unnest('{bayes,svd,als,ease,items}'::text[]) m \g /dev/null

-- the arrays that the library names
CREATE TABLE taste.array (name text);
\copy taste.array FROM PROGRAM 'sed -n ''s/^\t\[STORE_[A-Z_]*\] = "\(.*\)",$/\1/p'' extension/store.c'
SELECT is_empty('SELECT name FROM taste.array EXCEPT SELECT name FROM reco.model_array', 'all arrays there can be are in these versions');
SELECT is_empty('SELECT name FROM reco.model_array EXCEPT SELECT name FROM taste.array', 'and no other');

-- Everything that can be asked, so that all arrays are read; what is wrong with the answer.
CREATE FUNCTION taste.asked(m text) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    -- not from the copy that sessions share
    COPY (SELECT WHERE false) TO PROGRAM 'rm -f pg_stat_tmp/reco.*';
    PERFORM reco.recommend(1, 5, m, bought => true);
    PERFORM reco.similar_clients(1, 5, m);
    PERFORM reco.audience(1, 5, m);
    PERFORM reco.export_model(m);
    RETURN 'no error';
EXCEPTION
    WHEN OTHERS THEN RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
-- The same of version 2 after a change to one of its arrays, which is undone.
CREATE FUNCTION taste.harmed(m text, change text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    answer text;
BEGIN
    PERFORM reco.activate(m, 1);
    PERFORM reco.recommend(1, 1, m);
    PERFORM reco.activate(m, 2);
    EXECUTE change;
    answer := taste.asked(m);
    RAISE EXCEPTION 'undo' USING ERRCODE = 'UN000';
EXCEPTION
    WHEN SQLSTATE 'UN000' THEN RETURN answer;
    WHEN unique_violation THEN RETURN SQLSTATE;
END
$$;
CREATE TABLE taste.block AS
SELECT v.model, a.version, a.name, a.block, length(a.data) AS length, a.ctid AS place
FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version WHERE v.version = 2;
SELECT is((SELECT array_agg(taste.harmed(m, 'SELECT')) FROM unnest('{bayes,svd,als,ease,items}'::text[]) m), array_fill('no error'::text, '{5}'),
          'unharmed, all versions answer');

-- one block of each array of each version, and each harm
CREATE TABLE taste.harm (what text, change text);
INSERT INTO taste.harm VALUES
    ('a byte', 'UPDATE reco.model_array SET data = set_byte(data, %2$s, get_byte(data, %2$s) # %3$s) WHERE ctid = %1$L'),
    ('another byte', 'UPDATE reco.model_array SET data = set_byte(data, %4$s, get_byte(data, %4$s) # %5$s) WHERE ctid = %1$L'),
    ('the end', 'UPDATE reco.model_array SET data = substr(data, 1, %2$s) WHERE ctid = %1$L'),
    ('more than the end', 'UPDATE reco.model_array SET data = data || ''\x00'' WHERE ctid = %1$L'),
    ('the block', 'DELETE FROM reco.model_array WHERE ctid = %1$L'),
    ('its number', 'UPDATE reco.model_array SET block = block + 1000 WHERE ctid = %1$L'),
    ('its version', 'UPDATE reco.model_array SET version = gen_random_uuid() WHERE ctid = %1$L'),
    ('its checksum', 'UPDATE reco.model_array SET checksum = -checksum WHERE ctid = %1$L');
CREATE TABLE taste.harmed AS
SELECT b.model, b.name, h.what, taste.harmed(b.model, format(h.change, place, floor(length * taste.chance(model || name || what, 1, 1)),
           1 + floor(255 * taste.chance(model || name || what, 2, 1)), floor(length * taste.chance(model || name || what, 3, 1)),
           1 + floor(255 * taste.chance(model || name || what, 4, 1)))) AS answer
FROM (SELECT DISTINCT ON (model, name) * FROM taste.block ORDER BY model, name, taste.chance(model || name, block, 1)) b, taste.harm h;
SELECT cmp_ok((SELECT count(*) FROM taste.harmed), '>=', 8 * 30::bigint, 'each array is harmed in eight ways');
SELECT is_empty($$SELECT model, name, what, answer FROM taste.harmed WHERE answer <> format('XX001 array "%s" of a model is damaged', name)
      -- without any of it, it is the product side that a shard has
      AND NOT (name = 'client_id' AND what IN ('the block', 'its version') AND answer = '55000 what the model learnt of its clients is not on this server')$$,
    'each is noticed, and the array named');
SELECT throws_ok('INSERT INTO reco.model_array SELECT * FROM reco.model_array LIMIT 1', '23505', NULL, 'no block can be there twice');

-- a header that is whole, but cannot be
\ir setup/crc32c.sql
CREATE FUNCTION taste.with_header(m text, at integer, bytes bytea) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    h reco.model_array;
BEGIN
    SELECT a.* INTO h FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version WHERE v.model = m AND v.version = 2 AND a.name = 'header';
    h.data := overlay(h.data PLACING bytes FROM at + 1);
    RETURN taste.harmed(m, format('UPDATE reco.model_array SET data = %L, checksum = %s WHERE version = %L AND name = ''header''', h.data,
                                  taste.crc32c(uuid_send(h.version) || 'header'::bytea || '\x00000000' || h.data), h.version));
END
$$;
CREATE TABLE taste.size AS
SELECT m, at, bytes, taste.with_header(m, at, bytes) AS answer
FROM unnest('{bayes,svd,als,ease,items}'::text[]) m,
     (VALUES (4, '\xffffffff'::bytea), (4, '\xffffff7f'), (8, '\xffffffff'), (8, '\xffffff7f'), (12, '\x09000000'), (16, '\xffffffffffffffff'),
             (16, '\xffffffffffffff7f'), (24, '\xffffffffffffffff'), (24, '\xffffffffffffff7f'), (24, '\x0000000000000000'),
             (32, '\x000000000000f87f'), (40, '\x000000000000f07f')) v (at, bytes);
SELECT is_empty($$SELECT * FROM taste.size WHERE answer !~ '^(XX001|53400|54000|22023)'$$, 'sizes and numbers that cannot be are refused');

-- the same versions as bytes

CREATE FUNCTION taste.imported(m text, data bytea) RETURNS text
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM reco.import_model('x', data);
    PERFORM taste.asked('x');
    RAISE EXCEPTION 'undo' USING ERRCODE = 'UN000';
EXCEPTION
    WHEN SQLSTATE 'UN000' THEN RETURN 'imported';
    WHEN OTHERS THEN RETURN SQLSTATE;
END
$$;
CREATE TABLE taste.export AS SELECT m, reco.export_model(m) AS data FROM unnest('{bayes,svd,als,ease,items}'::text[]) m;
SELECT is((SELECT array_agg(taste.imported(m, data)) FROM taste.export), array_fill('imported'::text, '{5}'), 'whole, they are taken');
SELECT is((SELECT array_agg(DISTINCT taste.imported(m, set_byte(data, at, get_byte(data, at) # (1 + n % 255))))
           FROM taste.export, generate_series(1, 60) n, floor(16 + (length(data) - 16) * taste.chance(m, n, 1)) f, LATERAL (SELECT f::integer AS at) a), ARRAY['XX001'],
          'with any byte changed they are refused');
SELECT is((SELECT array_agg(DISTINCT taste.imported(m, substr(data, 1, 8 + floor((length(data) - 8) * taste.chance(m, n, 2))::integer)))
           FROM taste.export, generate_series(1, 20) n), ARRAY['XX001'], 'and with any part cut off');
-- sealed again: whoever makes bytes knows how
CREATE FUNCTION taste.sealed(data bytea) RETURNS bytea IMMUTABLE
RETURN overlay(data PLACING sha256(substr(data, 57)) FROM 25);
CREATE TABLE taste.forged AS
SELECT m, n, taste.imported(m, taste.sealed(set_byte(data, at, get_byte(data, at) # (1 + n % 255)))) AS answer
FROM taste.export, generate_series(1, 60) n,
     floor(CASE WHEN n % 2 = 0 THEN 1400 * taste.chance(m, n, 3) + 56 ELSE 56 + (length(data) - 56) * taste.chance(m, n, 3) END) f, LATERAL (SELECT f::integer AS at) a;
SELECT is_empty($$SELECT m, answer, count(*) FROM taste.forged WHERE answer !~ '^(imported|XX001|0A000|22|23|42)' GROUP BY m, answer$$, 'changed by who knows how, they do no harm');

SELECT * FROM finish();
ROLLBACK;
