-- A client who is to be forgotten is in no version any more, and everybody else as before.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(42);

-- version 1 is whatever serves, version 2 is kept beside it
SELECT (reco.train(m)).version FROM unnest('{bought,rated,both,svd}'::text[]) m \g /dev/null
SELECT reco.activate(m, 1) FROM unnest('{bought,rated,both,svd}'::text[]) m \g /dev/null

-- Arrays as a whole, their blocks one after the other.
CREATE VIEW taste.whole AS
SELECT v.model, v.version, v.clients, a.name, string_agg(a.data, '' ORDER BY a.block) AS bytes
FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version GROUP BY 1, 2, 3, 4;

-- An array of so many rows without one of them.
CREATE FUNCTION taste.without(bytes bytea, clients bigint, number integer) RETURNS bytea
IMMUTABLE
RETURN overlay(bytes PLACING '' FROM (number * (length(bytes) / clients) + 1)::integer FOR (length(bytes) / clients)::integer);

CREATE TABLE taste.before AS SELECT * FROM taste.whole;
CREATE TABLE taste.versions AS SELECT * FROM reco.model_version;
CREATE FUNCTION taste.answers(model text) RETURNS text
STABLE
RETURN (SELECT md5(string_agg(a, ' ' ORDER BY a)) FROM (
    SELECT 'list ' || c || r::text AS a FROM generate_series(1, 120) c, reco.recommend(c, 5, model) r
    UNION ALL SELECT 'similar ' || s::text FROM reco.similar_products(1, 20, model) s
    UNION ALL SELECT 'clients ' || c || s.client_id || ' ' || s.score FROM generate_series(1, 20) c, reco.similar_clients(c, 200, model) s
    WHERE s.client_id <> 7) x);
CREATE TABLE taste.answer AS SELECT m AS model, taste.answers(m) AS said FROM unnest('{bought,rated,both,svd}'::text[]) m;
SELECT ok(EXISTS (SELECT FROM reco.similar_clients(10, 200, m) WHERE client_id = 7), 'a client is known to ' || m)
FROM unnest('{bought,rated,both,svd}'::text[]) m;

SELECT is(reco.forget_client(7, m), 2, 'and is forgotten by two versions of ' || m) FROM unnest('{bought,rated,both,svd}'::text[]) m;

SELECT ok(NOT EXISTS (SELECT FROM reco.similar_clients(10, 200, m) WHERE client_id = 7), 'is known to ' || m || ' no more')
FROM unnest('{bought,rated,both,svd}'::text[]) m;
SELECT is(taste.answers(model), said, 'while ' || model || ' says the same of everybody else, and of what the client''s own rows tell')
FROM taste.answer;
SELECT taste.none(
    $$SELECT model, version, name FROM taste.whole w JOIN taste.before b USING (model, version, name)
      WHERE w.bytes <> CASE WHEN name IN ('client_id', 'rating_clients', 'purchase_clients') THEN taste.without(b.bytes, b.clients, 6)
                            WHEN name = 'header' THEN w.bytes ELSE b.bytes END$$,
    'of arrays of clients one row is gone, the others are what they were');
SELECT is((SELECT count(*) FROM taste.whole), (SELECT count(*) FROM taste.before), 'and all are there');
SELECT taste.none(
    $$SELECT v.model, v.version FROM reco.model_version v JOIN taste.versions b USING (model, version)
      WHERE v.clients <> b.clients - 1 OR v.uuid = b.uuid OR v.bytes >= b.bytes
      OR (to_jsonb(v) - '{clients,uuid,bytes}'::text[]) <> (to_jsonb(b) - '{clients,uuid,bytes}'::text[])$$,
    'a version has another uuid, so that no copy of it in memory is asked, a client less, and else what it had');
SELECT taste.none($$SELECT a.version FROM reco.model_array a LEFT JOIN reco.model_version v ON v.uuid = a.version WHERE v.uuid IS NULL$$,
                  'nothing is left under the old one');
SELECT taste.none(
    $$SELECT v.model, v.version, v.bytes, sum(length(a.data)) FROM reco.model_version v JOIN reco.model_array a ON a.version = v.uuid
      GROUP BY 1, 2, 3 HAVING v.bytes <> sum(length(a.data))$$, 'bytes are counted');

-- the first, the last, all in one statement, and whoever is unknown

SELECT is(reco.forget_client(7, 'both'), 0, 'nobody is forgotten twice');
SELECT is(reco.forget_client(c, 'both'), 0, 'nor anybody who is unknown: ' || c)
FROM unnest('{0,121,-9223372036854775808,9223372036854775807}'::bigint[]) c;
SELECT is((SELECT sum(reco.forget_client(c, 'both')) FROM unnest('{1,120,64}'::bigint[]) c), 6::bigint, 'several are in one statement');
SELECT is((SELECT clients FROM reco.model_version WHERE model = 'both' AND version = 1), 116::bigint, 'each of them');
SELECT is((SELECT array_agg(client_id ORDER BY client_id) FROM reco.similar_clients(2, 200, 'both')),
          (SELECT array_agg(c) FROM generate_series(1::bigint, 120) c WHERE c NOT IN (1, 2, 7, 64, 120)), 'the others are still found');
SELECT is((SELECT count(reco.forget_client(c, 'svd')) FROM generate_series(1, 120) c), 120::bigint, 'all can be forgotten');
SELECT is((SELECT count(*) FROM reco.similar_clients(1, 10, 'svd')), 0::bigint, 'then nobody is similar');
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'svd')), 10::bigint, 'and products are recommended, by what clients did');

-- elsewhere

SELECT is((SELECT clients FROM reco.import_model('copy', reco.export_model('both'))), 116::bigint, 'an export has nobody who was forgotten');
SELECT lives_ok($$SELECT reco.activate('both', 2)$$, 'another version serves');
SELECT ok(NOT EXISTS (SELECT FROM reco.similar_clients(2, 200, 'both') WHERE client_id IN (1, 7, 64, 120)), 'which has forgotten, too');
DELETE FROM taste.purchase WHERE client IN (1, 7, 64, 120);
DELETE FROM taste.rating WHERE client IN (1, 7, 64, 120);
SELECT is((SELECT method FROM reco.recommend(7, 1, 'both')), 'popular', 'once the rows are deleted, a client is like one who never came');
SELECT is((SELECT clients FROM reco.train('both')), 116::bigint, 'and the next version does not know them');

-- who, and what is not done

SELECT throws_ok($$SELECT reco.forget_client(NULL, 'both')$$, '22004', 'client_id must not be null', 'nobody is an error');
SELECT throws_ok($$SELECT reco.forget_client(2, 'nothing')$$, '42704', NULL, 'and so is no model');
CREATE ROLE taste_stranger;
SELECT throws_ok($$SELECT taste.run_as('taste_stranger', 'SELECT reco.forget_client(2, ''both'')')$$,
                 '42501', 'must be owner of model "both"', 'it takes the model''s owner');
SAVEPOINT before;
SELECT reco.forget_client(2, 'bought') \gset
ROLLBACK TO before;
SELECT ok(EXISTS (SELECT FROM reco.similar_clients(10, 200, 'bought') WHERE client_id = 2), 'rolled back, nothing was forgotten');
SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT is(reco.forget_client(2, 'new'), 0, 'a model that was never trained knows nobody');

SELECT * FROM finish();
ROLLBACK;
