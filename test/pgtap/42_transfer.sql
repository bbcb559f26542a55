-- rollback(), and models as bytes: what export_model() gives import_model() takes, and nothing else.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
SELECT plan(58);

CREATE FUNCTION taste.lists(model_name text) RETURNS text
STABLE
RETURN (SELECT md5(string_agg(format('%s %s %s %s %s', c, r.product_id, r.score, r.stars, r.method), ' ' ORDER BY c, r.rank))
        FROM generate_series(1, 130) c, reco.recommend(c, 10, model_name) r);
CREATE FUNCTION taste.active(model_name text) RETURNS integer
STABLE
RETURN (SELECT version FROM reco.model_version WHERE model = model_name AND active);
-- The error of importing bytes, or what the lists of the import are worth: it must never get that far with rubbish.
CREATE FUNCTION taste.try_import(data bytea) RETURNS text
LANGUAGE plpgsql
AS $$
DECLARE
    lists text;
BEGIN
    PERFORM reco.import_model('tried', data);
    lists := taste.lists('tried');
    RAISE EXCEPTION 'imported' USING ERRCODE = 'ZZZZZ';
EXCEPTION
    WHEN sqlstate 'ZZZZZ' THEN
        RETURN 'imported';
    WHEN OTHERS THEN
        RETURN SQLSTATE || ' ' || SQLERRM;
END
$$;
-- Bytes with a digest and a length that are right.
CREATE FUNCTION taste.sealed(data bytea) RETURNS bytea
IMMUTABLE
RETURN substr(data, 1, 16)
       || (SELECT string_agg(set_byte('\x00', 0, ((length(data)::bigint >> (8 * i)) & 255)::integer), '' ORDER BY i) FROM generate_series(0, 7) i)
       || sha256(substr(data, 57)) || substr(data, 57);
CREATE FUNCTION taste.patched(data bytea, at integer, bytes bytea) RETURNS bytea
IMMUTABLE
RETURN taste.sealed(overlay(data PLACING bytes FROM at + 1 FOR length(bytes)));

-- back to the version before

SELECT throws_ok($$SELECT reco.rollback('bought')$$, '55000', 'model "bought" has no version to roll back to', 'the first version has none before it');
SELECT taste.lists('bought') AS lists_1 \gset
INSERT INTO taste.purchase SELECT c, p, 1, now() FROM generate_series(1, 120) c, generate_series(1, 60) p
WHERE c % 3 = p % 3 AND taste.chance('more', c, p) < 0.2;
SELECT taste.lists('bought') AS lists_1_now \gset
SELECT version FROM reco.train('bought') \gset
SELECT version FROM reco.train('bought') \gset
SELECT is(taste.active('bought'), 3, 'three versions have served');
SELECT taste.lists('bought') AS lists_3 \gset
SELECT is(reco.rollback('bought'), 2, 'rollback() goes to the one before');
SELECT is(taste.active('bought'), 2, 'which serves');
SELECT matches((SELECT note FROM reco.model_version WHERE model = 'bought' AND version = 3), '^rolled back on ', 'the other one says so');
SELECT is(reco.rollback('bought'), 1, 'once more goes one further back');
SELECT is(taste.lists('bought'), :'lists_1_now', 'to lists as they were');
SELECT throws_ok($$SELECT reco.rollback('bought')$$, '55000', NULL, 'and then there is none');
SELECT reco.activate('bought', 3) \gset
SELECT is(taste.lists('bought'), :'lists_3', 'activate() goes forth again');
SELECT matches((SELECT note FROM reco.model_version WHERE model = 'bought' AND version = 3), '; activated by hand on ', 'and says so');
SELECT is(reco.rollback('bought'), 1, 'from there back is where it was');
SET LOCAL reco.default_model = 'bought';
SELECT throws_ok('SELECT reco.rollback()', '55000', NULL, 'without a name it is the default model');
CREATE ROLE reco_test_stranger;
SELECT throws_ok($$SELECT taste.run_as('reco_test_stranger', $x$SELECT reco.rollback('bought')$x$)$$, '42501', NULL, 'only its owner goes back');

-- there and back

SELECT version, taste.bits('bought', version) AS bits FROM reco.model_version WHERE model = 'bought' AND active \gset
SELECT reco.export_model('bought') AS data \gset
SELECT ok(length(:'data'::bytea) > 10000, 'export_model() gives bytes');
SELECT is(reco.export_model('bought'), :'data'::bytea, 'the same each time');
SELECT is((SELECT (version, active, ndcg_at_10) FROM reco.import_model('copy', :'data')),
          (SELECT (1, true, ndcg_at_10) FROM reco.model_version WHERE model = 'bought' AND version = :version), 'import_model() makes a model of them');
SELECT isnt(taste.lists('copy'), NULL, 'that serves');
SELECT is(taste.lists('copy'), taste.lists('bought'), 'the same lists');
SELECT is((SELECT md5(string_agg(a.name || a.block || md5(a.data), ' ' ORDER BY a.name, a.block)) FROM reco.model_array a
           JOIN reco.model_version v ON v.uuid = a.version WHERE v.model = 'copy'), :'bits', 'of the same bits');
SELECT isnt((SELECT uuid FROM reco.model_version WHERE model = 'copy'), (SELECT uuid FROM reco.model_version WHERE model = 'bought' AND active),
            'but is another version');
SELECT is((SELECT bytes FROM reco.model_version WHERE model = 'copy'), (SELECT bytes FROM reco.model_version WHERE model = 'bought' AND active), 'as large');
SELECT is((SELECT options FROM reco.model WHERE name = 'copy'), (SELECT options FROM reco.model WHERE name = 'bought'), 'with the same options');
SELECT is((SELECT active FROM reco.train('copy')), true, 'it can be trained as any other');
SELECT taste.lists(name) AS lists, reco.export_model(name) AS data_rated FROM (VALUES ('rated')) v(name) \gset
SELECT version FROM reco.import_model('rated copy', :'data_rated') \gset
SELECT is(taste.lists('rated copy'), :'lists', 'a model of ratings as well');
SELECT is(reco.predict(5, 7, 'rated copy'), reco.predict(5, 7, 'rated'), 'stars and all');
SELECT reco.export_model('both') AS data_both \gset
SELECT version FROM reco.import_model('both copy', :'data_both') \gset
SELECT is(taste.lists('both copy'), taste.lists('both'), 'and of both');
SELECT reco.create_model('few', ratings => 'SELECT client, product, stars FROM taste.rating WHERE client < 4',
                         options => '{"ratings": {"method": "svd"}}') \gset
SELECT version FROM reco.train('few') \gset
SELECT version, active FROM reco.import_model('few copy', reco.export_model('few')) \gset
SELECT is(:'active'::text, 'f', 'what did not serve there does not serve here');
SELECT is(reco.predict(2, 7, 'few copy'), reco.predict(2, 7, 'few'), 'but is the same');
SELECT reco.create_model('surplus', purchases => 'SELECT client, product, quantity FROM taste.purchase',
                         candidates => 'SELECT id, stock / 20.0 FROM taste.product') \gset
SELECT version FROM reco.train('surplus') \gset
SELECT version FROM reco.import_model('surplus copy', reco.export_model('surplus')) \gset
SELECT is(taste.lists('surplus copy'), taste.lists('surplus'), 'surplus and all');

-- a version for a model there is

SELECT is((SELECT (version, active) FROM reco.import_model('bought', :'data')), (4, false), 'a model there is gets a version more, not serving yet');
SELECT is(taste.active('bought'), 1, 'what serves goes on serving');
SELECT reco.activate('bought', 4) \gset
SELECT reco.activate('copy', 1) \gset
SELECT is(taste.lists('bought'), taste.lists('copy'), 'until it is activated');
SELECT throws_ok(format($$SELECT reco.import_model('bought', %L)$$, :'data_rated'), '22023',
                 'exported model learnt from ratings, model "bought" has no query for them', 'it must have learnt from what the model reads');
SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', 'reco_test_stranger', format('SELECT reco.import_model(%L, %L)', 'bought', :'data'::bytea)), '42501',
                 'must be owner of model "bought"', 'and the model be the importer''s');
SELECT throws_ok(format('SELECT taste.run_as(%L, %L)', 'reco_test_stranger', format('SELECT reco.import_model(%L, %L)', 'theirs', :'data'::bytea)), '42501',
                 NULL, 'who needs rights on what its queries read');
SELECT throws_ok($$SELECT taste.run_as('reco_test_stranger', 'SELECT reco.export_model(''bought'')')$$, '42501', NULL, 'only its owner exports a model');

-- anything else

SELECT throws_ok($$SELECT reco.import_model('x', NULL)$$, '22004', 'data must not be null', 'nothing is no model');
SELECT throws_ok(format($$SELECT reco.import_model(NULL, %L)$$, :'data'), '22004', 'model name must not be null', 'no name is none');
SELECT throws_ok(format($$SELECT reco.import_model('', %L)$$, :'data'), '42602', 'model name must not be empty', 'nor is an empty one');
SELECT is(taste.try_import(''), '22023 data is not an exported model', 'no bytes');
SELECT is(taste.try_import('\x89504e470d0a1a0a'), '22023 data is not an exported model', 'other bytes');
SELECT is(taste.try_import(:'data'), 'imported', 'the bytes themselves');
SELECT is(taste.try_import(taste.sealed(:'data')), 'imported', 'sealed by this test');
SELECT is((SELECT array_agg(DISTINCT taste.try_import(substr(:'data'::bytea, 1, n))) FROM generate_series(8, 3000, 17) n),
          ARRAY['XX001 exported model is damaged'], 'bytes that end too early');
SELECT is(taste.try_import(:'data'::bytea || '\x00'), 'XX001 exported model is damaged', 'that go on');
SELECT is((SELECT array_agg(DISTINCT taste.try_import(set_byte(:'data'::bytea, n, get_byte(:'data'::bytea, n) # (1 << (n % 8)))))
           FROM generate_series(16, 8000, 41) n), ARRAY['XX001 exported model is damaged'], 'with a bit that has turned');
SELECT is(taste.try_import(taste.patched(:'data', 12, '\x02')), '0A000 exported model has format 2', 'of a later format');
SELECT is(taste.try_import(taste.patched(:'data', 12, '\x00')), 'XX001 exported model is damaged', 'of none');
SELECT is(taste.try_import(taste.patched(:'data', 8, '\x01020304')), '0A000 exported model is of a machine with another byte order', 'of another machine');

-- bytes made with intent, digest and all

-- the first of its numbers, the format, is known from the array itself
SELECT position('\x7d'::bytea || substr(data, 1, 4) IN :'data'::bytea) AS header
FROM reco.model_array WHERE name = 'header' LIMIT 1 \gset
SELECT ok(:header > 60, 'the header follows the description');
SELECT is(taste.try_import(taste.patched(:'data', 56, '\xffffffff')), 'XX001 exported model is damaged', 'a description longer than all');
SELECT is(taste.try_import(taste.patched(:'data', 56, '\x00000000')), '22P02 invalid input syntax for type json', 'none');
SELECT is((SELECT array_agg(DISTINCT taste.try_import(taste.patched(:'data', :header + 4 * n, '\xffffff7f'))) FROM generate_series(0, 5) n),
          ARRAY['0A000 version in exported model has format 2147483647', 'XX001 exported model is damaged'], 'sizes that are not');
SELECT is(taste.try_import(taste.patched(:'data', :header + 20, '\x01')), 'XX001 exported model is damaged', '2^32 clients more');
SELECT is(taste.try_import(taste.patched(:'data', :header + 32, '\x000000000000f07f')), 'XX001 exported model is damaged', 'infinite parameters');
SELECT is(taste.try_import(taste.patched(:'data', length(:'data'::bytea) - 4, '\x0000c07f')), 'XX001 exported model is damaged', 'NaN among the numbers');
SELECT is(taste.try_import(taste.patched(:'data', :header + 96, '\xff')), 'XX001 exported model is damaged', 'ids out of order');
SELECT is((SELECT count(*) FROM (SELECT taste.try_import(taste.patched(:'data', 57 + (taste.chance('where', n, 1) * (length(:'data'::bytea) - 60))::integer,
                                                                      set_byte('\x00', 0, (taste.chance('what', n, 1) * 255)::integer))) AS result
                                 FROM generate_series(1, 200) n) t
           WHERE result <> 'imported' AND result !~ '^(XX001|22|23|42|0A000)'), 0::bigint, 'two hundred bytes at random do no harm');

SELECT * FROM finish();
ROLLBACK;
