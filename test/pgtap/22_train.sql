-- train(): the row it returns, what it does with too little, and which version it lets serve.
BEGIN;
\ir setup/tastes.sql
SELECT plan(54);

SELECT reco.create_model('bought',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase') \gset
SELECT reco.create_model('rated',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating') \gset
SELECT reco.create_model('both',
    ratings => 'SELECT client, product, stars, rated_at FROM taste.rating',
    purchases => 'SELECT client, product, quantity, bought_at FROM taste.purchase',
    options => '{"seed": 7, "ratings": {"factors": 3}, "purchases": {"factors": 5}}') \gset

CREATE TEMP TABLE trained AS SELECT * FROM reco.train('bought');

-- the row

SELECT results_eq('TABLE trained', $$SELECT * FROM reco.model_version WHERE model = 'bought'$$,
                  'train() returns the row of the new version');
SELECT is((SELECT version FROM trained), 1, 'versions are numbered from 1');
SELECT is((SELECT clients FROM trained), (SELECT count(DISTINCT client) FROM taste.purchase), 'its clients are counted');
SELECT is((SELECT products FROM trained), (SELECT count(DISTINCT product) FROM taste.purchase), 'and its products');
SELECT is((SELECT purchases FROM trained), (SELECT count(*) FROM (SELECT DISTINCT client, product FROM taste.purchase) p),
          'and its pairs of client and product');
SELECT is((SELECT rows_read FROM trained), (SELECT count(*) FROM taste.purchase), 'and the rows read');
SELECT is((SELECT ratings FROM trained), 0::bigint, 'of ratings there are none');
SELECT is((SELECT rating_factors FROM trained), NULL, 'nor factors of ratings');
SELECT ok((SELECT purchase_method IN ('als', 'ease', 'items', 'blend') AND (purchase_factors IS NOT NULL) = (purchase_method IN ('als', 'blend')) FROM trained),
          'purchases have the method that trials found, and factors where it has');
SELECT ok((SELECT trained_at BETWEEN now() AND clock_timestamp() FROM trained), 'it is trained now');
SELECT ok((SELECT seconds > 0 AND seconds < extract(epoch FROM clock_timestamp() - now()) FROM trained),
          'in no longer than has passed');
SELECT is((SELECT seed FROM trained), 1::bigint, 'with seed 1 where none is asked for');
SELECT ok((SELECT active AND note IS NULL FROM trained), 'a good version goes live, without a note');
SELECT ok((SELECT rmse IS NULL AND mae IS NULL AND baseline_rmse IS NULL AND baseline_mae IS NULL FROM trained),
          'purchases have no stars to be wrong about');
SELECT ok((SELECT ndcg_at_10 BETWEEN 0 AND 1 AND recall_at_10 BETWEEN 0 AND 1
                  AND popular_ndcg_at_10 BETWEEN 0 AND 1 AND popular_recall_at_10 BETWEEN 0 AND 1 FROM trained),
          'recall and ndcg are parts of 1');

TRUNCATE trained;
INSERT INTO trained SELECT * FROM reco.train('rated');
SELECT is((SELECT ratings FROM trained), (SELECT count(*) FROM taste.rating), 'ratings are counted by pairs');
SELECT is((SELECT purchases FROM trained), 0::bigint, 'of purchases there are none');
SELECT ok((SELECT ndcg_at_10 IS NULL AND recall_at_10 IS NULL AND popular_ndcg_at_10 IS NULL
                  AND popular_recall_at_10 IS NULL AND purchase_factors IS NULL FROM trained),
          'and nothing measured on them');
SELECT ok((SELECT active AND mae < rmse AND rmse < baseline_rmse AND mae < baseline_mae FROM trained),
          'a version better than the biases goes live');

TRUNCATE trained;
INSERT INTO trained SELECT * FROM reco.train('both');
SELECT ok((SELECT active AND rmse < baseline_rmse AND ndcg_at_10 > popular_ndcg_at_10 FROM trained), 'a model of both measures both');
SELECT is((SELECT ARRAY[rating_factors, purchase_factors, seed] FROM trained), ARRAY[3, 5, 7]::bigint[],
          'options are obeyed');
SELECT is((SELECT rows_read FROM trained), (SELECT count(*) FROM taste.rating) + (SELECT count(*) FROM taste.purchase),
          'and reads both');

-- the default model

SET LOCAL reco.default_model = 'rated';
SELECT is((SELECT model || ' ' || version FROM reco.train()), 'rated 2', 'train() alone trains the default model');
SELECT is((SELECT model || ' ' || version FROM reco.train(NULL)), 'rated 3', 'and so does train(NULL)');
RESET reco.default_model;

-- too little

CREATE TABLE taste.little (LIKE taste.rating);
SELECT reco.create_model('few_stars', ratings => 'SELECT client, product, stars FROM taste.little') \gset
SELECT reco.create_model('few_bought', purchases => 'SELECT client, product, stars FROM taste.little') \gset

SELECT throws_ok($$SELECT reco.train('few_bought')$$, 'P0002', 'model "few_bought" has nothing to learn from', 'nothing to learn from');
SELECT is((SELECT count(*) FROM reco.model_version WHERE model = 'few_bought'), 0::bigint, 'leaves no version');

CREATE FUNCTION taste.little_of(what text, models text[], rows_of text) RETURNS SETOF text
LANGUAGE plpgsql
AS $$
DECLARE
    trained reco.model_version;
    m text;
BEGIN
    EXECUTE 'TRUNCATE taste.little; INSERT INTO taste.little ' || rows_of;
    FOREACH m IN ARRAY models LOOP
        trained := reco.train(m);
        RETURN NEXT ok(NOT trained.active AND trained.note LIKE 'kept inactive: %', what || ': kept, inactive, with a note: ' || m);
        RETURN NEXT ok((SELECT bool_and(r.method = 'popular' AND r.score BETWEEN 0 AND 1000) FROM reco.recommend(2, 1000000000, m, bought => true) r),
                       what || ': lists are popular: ' || m);
        RETURN NEXT ok(reco.score(1, 1, m) BETWEEN 0 AND 1000 AND (m = 'few_bought' OR reco.predict(1, 1, m) BETWEEN 1 AND 5),
                       what || ': scores and stars are numbers: ' || m);
    END LOOP;
END
$$;
SELECT taste.little_of('one row', '{few_stars, few_bought}', 'VALUES (1, 1, 4)');
SELECT taste.little_of('one client', '{few_stars, few_bought}', 'SELECT 1, p, 1 + p % 5 FROM generate_series(1, 500) p');
SELECT taste.little_of('one product', '{few_stars, few_bought}', 'SELECT c, 1, 1 + c % 5 FROM generate_series(1, 500) c');
SELECT taste.little_of('all stars equal', '{few_stars}', 'SELECT c, p, 3 FROM generate_series(1, 40) c, generate_series(1, 40) p WHERE (c + p) % 2 = 0');

-- no better than the baseline

CREATE TABLE taste.noise (LIKE taste.rating);
INSERT INTO taste.noise
SELECT c, p, 1 + floor(5 * taste.chance('noise', c, p)) FROM generate_series(1, 200) c, generate_series(1, 50) p
WHERE taste.chance('there', c, p) < 0.3;
SELECT reco.create_model('noise_rated', ratings => 'SELECT client, product, stars FROM taste.noise') \gset
SELECT reco.create_model('noise_both', ratings => 'SELECT client, product, stars FROM taste.noise',
                         purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT matches(note, '^kept inactive: rmse [0-9.]+ is no better than [0-9.]+ of the biases alone$', 'stars at random are kept inactive')
FROM reco.train('noise_rated');
SELECT results_eq($$SELECT active, rating_factors, regexp_replace(note, '[0-9.]+', 'X', 'g') FROM reco.train('noise_both')$$,
                  $$VALUES (true, 0, 'stars are those of the biases: rmse X is no better than X of the biases alone')$$,
                  'beside good purchases, stars at random are those of the biases');

-- no worse than the active version

CREATE TEMP TABLE was AS SELECT * FROM reco.model_version WHERE model = 'bought';
INSERT INTO taste.purchase
SELECT c, p, 1, now() FROM generate_series(1, 120) c, generate_series(1, 60) p WHERE taste.chance('whim', c, p) < 0.12;
SELECT reco.create_model('bought anew', purchases => 'SELECT client, product, quantity FROM taste.purchase') \gset
SELECT ok(active, 'purchases with whims are good enough for a first version') FROM reco.train('bought anew');
SELECT ok(NOT t.active AND note ~ '^kept inactive: ndcg [0-9.]+ is worse than [0-9.]+ of active version 1$'
          AND t.ndcg_at_10 > t.popular_ndcg_at_10, 'but not to take the place of a better one')
FROM reco.train('bought') t;
SELECT is((SELECT array_agg(version) FROM reco.model_version WHERE model = 'bought' AND active), ARRAY[1],
          'which stays the active one');
SELECT is(
    (SELECT string_agg(note, ' ' ORDER BY version) FROM (SELECT note, version FROM reco.train('rated') UNION ALL SELECT note, version FROM reco.train('rated')) n),
    NULL, 'a version as good as the active one takes its place');
INSERT INTO taste.rating
SELECT c, p, 1 + floor(5 * taste.chance('whim', c, p)), now() FROM generate_series(1, 120) c, generate_series(1, 60) p WHERE taste.chance('whim', c, p) < 0.3;
SELECT ok(NOT active AND note ~ '^kept inactive: rmse [0-9.]+ is worse than [0-9.]+ of active version [0-9]+$' AND rmse < baseline_rmse,
          'a version of ratings that is worse than the active one does not')
FROM reco.train('rated');

SELECT * FROM finish();
ROLLBACK;
