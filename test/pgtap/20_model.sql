-- Models: what create_model() keeps, and drop_model() takes.
BEGIN;
\ir setup/tastes.sql
SELECT plan(24);

SET LOCAL search_path = taste, public;
SELECT reco.create_model('here',
    ratings => 'SELECT client, product, stars FROM rating',
    purchases => 'SELECT client, product, quantity FROM purchase WHERE chance(''any'', product, product) >= 0',
    candidates => 'SELECT id FROM product WHERE stock > 0 ORDER BY 1',
    options => '{"seed": 3}') \gset
SET LOCAL search_path = public;

SELECT results_eq(
    $$SELECT name, owner, options, has_surplus, last_version FROM reco.model$$,
    $$VALUES ('here', current_user::regrole, '{"seed": 3}'::jsonb, false, 0)$$,
    'a model has its name, owner and options, and no version yet');
SELECT ok(ratings ~ 'taste\.rating' AND purchases ~ 'taste\.purchase' AND purchases ~ 'taste\.chance'
          AND candidates ~ 'taste\.product', 'its queries are kept with every name qualified')
FROM reco.model;
SELECT lives_ok($$SELECT reco.train('here')$$, 'and so run wherever the search_path leads');
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'here')), 10::bigint, 'and are served from there');

ALTER TABLE taste.purchase RENAME TO bought;
SELECT throws_ok($$SELECT reco.train('here')$$, '42P01', 'relation "taste.purchase" does not exist', 'a table renamed is missed by name');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'here')$$, '42P01', 'relation "taste.purchase" does not exist', 'by lists as well');
ALTER TABLE taste.bought RENAME TO purchase;
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'here')), 10::bigint, 'and found when it is back');
ALTER TABLE taste.purchase ADD extra text, ALTER client TYPE integer, ALTER product TYPE bigint;
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'here')), 10::bigint, 'ids may change their integer type under a model');
SELECT lives_ok($$SELECT reco.train('here')$$, 'and it is trained as before');
ALTER TABLE taste.purchase ALTER client TYPE text;
SELECT throws_ok($$SELECT reco.train('here')$$, '42804', 'column client_id has type text', 'but not become text');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'here')$$, NULL, 'nor for lists');
ALTER TABLE taste.purchase ALTER client TYPE bigint USING client::bigint;
ALTER TABLE taste.product RENAME id TO number;
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'here')$$, '42703', NULL, 'a column renamed is missed by name');
SELECT lives_ok($$SELECT reco.similar_products(1, 10, 'here')$$, 'by what needs it');
ALTER TABLE taste.product RENAME number TO id;

-- names

SELECT lives_ok(format('SELECT reco.create_model(%L, purchases => %L)', n, 'SELECT client, product, quantity FROM taste.purchase'),
                'a name may be ' || n)
FROM unnest(ARRAY[' ', '; DROP TABLE', 'it''s "quoted" \', 'Ünïcode ✓']) n;
SELECT reco.train('it''s "quoted" \') \g /dev/null
SELECT is((SELECT count(*) FROM reco.recommend(1, 10, 'it''s "quoted" \')), 10::bigint, 'and is used as it is');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'It''s "quoted" \')$$, '42704', NULL, 'to the letter');

-- dropping

SELECT uuid AS gone FROM reco.model_version WHERE model = 'here' LIMIT 1 \gset
SELECT reco.drop_model('here') \gset
SELECT is((SELECT count(*) FROM reco.model_version WHERE model = 'here'), 0::bigint, 'a dropped model takes its versions');
SELECT is((SELECT count(*) FROM reco.model_array WHERE version = :'gone'), 0::bigint, 'and what they learnt');
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'here')$$, '42704', NULL, 'and answers no more');
SELECT reco.create_model('here', purchases => 'SELECT client, product, quantity FROM taste.purchase WHERE client <= 60') \gset
SELECT throws_ok($$SELECT * FROM reco.recommend(1, 10, 'here')$$, '55000', NULL, 'another one of the same name starts untrained');
SELECT is((SELECT version || ' ' || clients FROM reco.train('here')), '1 60', 'with a first version of its own rows');

SELECT * FROM finish();
ROLLBACK;
