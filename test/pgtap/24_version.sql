-- The versions of a model: which one serves, activate(), and how long what they learnt is kept.
BEGIN;
\ir setup/tastes.sql
SELECT plan(27);

CREATE FUNCTION taste.list(client_number bigint) RETURNS bigint[]
STABLE
RETURN (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(client_number, 10, 'bought'));
CREATE FUNCTION taste.active() RETURNS integer[]
STABLE
RETURN (SELECT array_agg(version) FROM reco.model_version WHERE model = 'bought' AND active);

-- two thirds of the clients, then all: two versions that differ
CREATE TABLE taste.known AS SELECT c AS client FROM generate_series(1, 80) c;
CREATE TABLE taste.whim (client bigint, product integer);
SELECT reco.create_model('bought', purchases =>
    'SELECT client, product, quantity FROM taste.purchase WHERE client IN (SELECT client FROM taste.known)
     UNION ALL SELECT client, product, 1 FROM taste.whim') \gset
SELECT version FROM reco.train('bought') \gset
SELECT taste.list(1) AS list_1, reco.score(999, 44, 'bought') AS popular_1 \gset
INSERT INTO taste.known SELECT generate_series(81, 120);
SELECT version FROM reco.train('bought') \gset
SELECT is(:version, 2, 'a second training makes version 2');
SELECT taste.list(1) AS list_2, reco.score(999, 44, 'bought') AS popular_2 \gset
SELECT is(taste.active(), ARRAY[2], 'which is the active one');
SELECT ok(:popular_2 > :popular_1, 'and serves');

SELECT reco.activate('bought', 1) \gset
SELECT is(taste.active(), ARRAY[1], 'activate() makes another version the active one');
SELECT is(taste.list(1), :'list_1'::bigint[], 'which serves what it served before');
SELECT is(reco.score(999, 44, 'bought'), :popular_1::double precision, 'to clients unknown as well');
SELECT reco.activate('bought', 1) \gset
SELECT is(taste.active(), ARRAY[1], 'once more changes nothing');
SELECT reco.activate('bought', 2) \gset
SELECT is(taste.list(1), :'list_2'::bigint[], 'and back');
SAVEPOINT s;
SELECT reco.activate('bought', 1) \gset
ROLLBACK TO s;
SELECT is(taste.active(), ARRAY[2], 'activate() is rolled back with its transaction');
SELECT is(taste.list(1), :'list_2'::bigint[], 'and so is what is served');
SELECT reco.activate('bought', 1), taste.list(1) AS list \gset
SELECT is(:'list', :'list_2'::text, 'a statement that activates serves by its snapshot');
SELECT is(taste.list(1), :'list_1'::bigint[], 'the next one by the version activated');

SELECT throws_ok($$SELECT reco.activate('bought', 3)$$, '42704', 'model "bought" has no version 3', 'there is no version 3 to activate');
SELECT throws_ok($$SELECT reco.activate('bought', 0)$$, '42704', 'model "bought" has no version 0', 'nor 0');
SELECT throws_ok($$UPDATE reco.model_version SET active = true WHERE model = 'bought'$$, '23505', NULL, 'never are two versions active');

-- whatever its metrics

TRUNCATE taste.known;
INSERT INTO taste.known VALUES (1);
SELECT version FROM reco.train('bought') \gset
SELECT is(taste.active(), ARRAY[1], 'a version that learnt from one client is kept, inactive');
SELECT reco.activate('bought', 3) \gset
SELECT is(taste.active(), ARRAY[3], 'but may be made the active one');
SELECT is((SELECT array_agg(DISTINCT method) FROM reco.recommend(1, 3, 'bought', bought => true)), ARRAY['personal'],
          'and is served then');
SELECT reco.activate('bought', 1) \gset

-- what is kept

TRUNCATE taste.known;
INSERT INTO taste.known SELECT generate_series(1, 120);
CREATE FUNCTION taste.kept() RETURNS integer[]
STABLE
RETURN (SELECT array_agg(DISTINCT v.version) FROM reco.model_version v JOIN reco.model_array a ON a.version = v.uuid
        WHERE v.model = 'bought');
INSERT INTO taste.whim
SELECT c, p FROM generate_series(1, 120) c, generate_series(1, 60) p WHERE taste.chance('whim', c, p) < 0.2;
SELECT version FROM reco.train('bought') \gset
SELECT is((SELECT active FROM reco.model_version WHERE model = 'bought' AND version = 4), false, 'a version that is worse stays inactive');
SELECT version FROM reco.train('bought') \gset
SELECT version FROM reco.train('bought') \gset
SELECT is(taste.active(), ARRAY[1], 'however many follow');
SELECT is(taste.kept(), ARRAY[1, 3, 4, 5, 6],
          'the last three keep what they learnt, the active one, and the one that was active before');
SELECT is((SELECT array_agg(version ORDER BY version) FROM reco.model_version WHERE model = 'bought'), ARRAY[1, 2, 3, 4, 5, 6],
          'all of them their row');
SELECT throws_ok($$SELECT reco.activate('bought', 2)$$, '42704', 'version 2 of model "bought" is no longer kept', 'what is gone cannot be activated');
SELECT is(taste.active(), ARRAY[1], 'and nothing has changed then');
TRUNCATE taste.whim;
SELECT is(taste.list(1), :'list_1'::bigint[], 'the active version serves as ever');
SELECT version FROM reco.train('bought') \gset
SELECT is(taste.active(), ARRAY[7], 'a better version takes its place');
SELECT version FROM reco.train('bought') \gset
SELECT is(taste.kept(), ARRAY[6, 7, 8], 'and then what it learnt goes as well');

SELECT * FROM finish();
ROLLBACK;
