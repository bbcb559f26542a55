-- A version whose arrays are not whole is an error, never a wrong list.
BEGIN;
\ir setup/tastes.sql
\ir setup/crc32c.sql
SELECT plan(70);

SELECT reco.create_model('bought', purchases => 'SELECT client, product, quantity FROM taste.purchase',
                         options => '{"purchases": {"factors": 64}}') \gset
SELECT reco.create_model('rated', ratings => 'SELECT client, product, stars FROM taste.rating',
                         options => '{"ratings": {"factors": 64}}') \gset
SELECT reco.create_model('svd', ratings => 'SELECT client, product, stars FROM taste.rating',
                         options => '{"ratings": {"method": "svd", "factors": 64}}') \gset
-- version 1 stays whole, version 2 is damaged
SELECT (reco.train(m)).version FROM unnest(ARRAY['bought', 'rated', 'svd', 'bought', 'rated', 'svd']) m \g /dev/null

CREATE FUNCTION taste.array_of(model_name text, array_name text, block_number integer) RETURNS tid
STABLE
RETURN (SELECT a.ctid FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version
        WHERE v.model = model_name AND v.version = 2 AND a.name = array_name AND a.block = block_number);

-- The error, in full, with which a question ends when version 2 is loaded anew after some damage; the damage is undone.
CREATE FUNCTION taste.damaged(model_name text, damage text, question text) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    answer text := 'no error';
    detail text;
    hint text;
BEGIN
    BEGIN
        -- another version first, so that this one is read from the tables
        PERFORM reco.activate(model_name, 1);
        PERFORM reco.score(1, 1, model_name);
        PERFORM reco.activate(model_name, 2);
        EXECUTE damage;
        -- nor from the copy that sessions share
        COPY (SELECT WHERE false) TO PROGRAM 'rm -f pg_stat_tmp/reco.*';
        BEGIN
            EXECUTE question;
        EXCEPTION
            WHEN OTHERS THEN
                GET STACKED DIAGNOSTICS detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
                answer := concat_ws(' ', SQLSTATE, SQLERRM, nullif(detail, ''), nullif(hint, ''));
        END;
        RAISE EXCEPTION 'undo' USING ERRCODE = 'UN000';
    EXCEPTION
        WHEN SQLSTATE 'UN000' THEN NULL;
    END;
    RETURN answer;
END
$$;

CREATE TABLE taste.damage (what text, change text);
INSERT INTO taste.damage VALUES
    ('one bit', 'UPDATE reco.model_array SET data = set_bit(data, 77, 1 - get_bit(data, 77)) WHERE ctid = %L'),
    ('a byte less', 'UPDATE reco.model_array SET data = substr(data, 1, length(data) - 1) WHERE ctid = %L'),
    ('nothing but a header', 'UPDATE reco.model_array SET data = '''' WHERE ctid = %L'),
    ('a missing block', 'DELETE FROM reco.model_array WHERE ctid = %L'),
    ('a wrong checksum', 'UPDATE reco.model_array SET checksum = checksum # 1 WHERE ctid = %L');

SELECT is(
    taste.damaged(m, format(change, taste.array_of(m, a, b)), format('SELECT * FROM reco.%s(1, 5, %L)', question, m)),
    format('XX001 array "%s" of a model is damaged Train the model again, or activate another version.', a),
    format('%s in block %s of %s is noticed', what, b, a))
FROM taste.damage,
     (VALUES ('bought', 'header', 0, 'recommend'), ('bought', 'product_id', 0, 'recommend'),
             ('bought', 'popularity', 0, 'recommend'), ('bought', 'purchase_products', 1, 'recommend'),
             ('bought', 'purchase_gram', 2, 'recommend'), ('bought', 'purchase_clients', 3, 'similar_clients'),
             ('bought', 'client_id', 0, 'similar_clients'),
             ('rated', 'rating_products', 0, 'recommend'), ('rated', 'rating_clients', 1, 'similar_clients'),
             ('rated', 'rating_features', 0, 'recommend'), ('rated', 'rating_prior', 0, 'recommend'),
             ('rated', 'rating_spread', 0, 'recommend'), ('svd', 'rating_products', 0, 'recommend')) v (m, a, b, question);

SELECT is(
    taste.damaged('bought', format('UPDATE reco.model_array a SET data = b.data, checksum = b.checksum FROM reco.model_array b WHERE a.ctid = %L AND b.ctid = %L',
                                   taste.array_of('bought', 'purchase_products', 0), taste.array_of('bought', 'purchase_clients', 0)),
                  $$SELECT * FROM reco.recommend(1, 5, 'bought')$$),
    'XX001 array "purchase_products" of a model is damaged Train the model again, or activate another version.', 'a whole block in the wrong place is noticed');

CREATE TEMP TABLE header AS
SELECT a.ctid AS row, a.* FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version
WHERE v.model = 'bought' AND v.version = 2 AND a.name = 'header';
SELECT is(checksum, taste.crc32c(uuid_send(version) || 'header'::bytea || '\x00000000' || data),
          'a checksum is the CRC-32C of the place and the bytes')
FROM header;
SELECT is(
    taste.damaged('bought',
        (SELECT format('UPDATE reco.model_array SET data = %L, checksum = %s WHERE ctid = %L', later,
                       taste.crc32c(uuid_send(version) || 'header'::bytea || '\x00000000' || later), row)
         FROM (SELECT *, set_byte(data, 0, 99) AS later FROM header) h),
        $$SELECT * FROM reco.recommend(1, 5, 'bought')$$),
    format('0A000 version 2 of model "bought" has format 99 This library reads format %s. Train the model again.',
           (SELECT get_byte(data, 0) FROM header)), 'a version in the format of a later library is refused');

SELECT is(
    taste.damaged('bought',
        (SELECT format('UPDATE reco.model_array SET data = %L, checksum = %s WHERE ctid = %L', earlier,
                       taste.crc32c(uuid_send(version) || 'header'::bytea || '\x00000000' || earlier), row)
         FROM (SELECT *, substr(set_byte(data, 0, 0), 1, 80) AS earlier FROM header) h),
        $$SELECT * FROM reco.recommend(1, 5, 'bought')$$),
    format('0A000 a version of the model has format 0 This library reads format %s. Train the model again.',
           (SELECT get_byte(data, 0) FROM header)), 'and so is one of an earlier library, whose header is shorter');

SELECT is((SELECT count(*) FROM reco.recommend(1, 5, 'bought')), 5::bigint, 'undamaged, the version serves');

SELECT * FROM finish();
ROLLBACK;
