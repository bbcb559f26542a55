-- recommend_all(): the lists of all clients at once.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(16);

SELECT set_eq(
    format($$SELECT * FROM reco.recommend_all(10, %L)$$, m),
    format($$SELECT c::bigint, r.rank, r.product_id, r.score
             FROM generate_series(1, 130) c, reco.recommend(c, 10, %1$L) r
             WHERE EXISTS (SELECT FROM %2$s t WHERE t.client = c)$$,
           m, CASE WHEN m IN ('rated', 'svd') THEN 'taste.rating' ELSE 'taste.purchase' END),
    'it gives every client with rows the list that recommend() gives: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;
SELECT set_config('reco.max_parallel_workers', '0', true) AS alone \gset
CREATE TEMP TABLE alone AS SELECT m, r.* FROM unnest('{bought,rated,both}'::text[]) m, reco.recommend_all(10, m) r;
SELECT set_config('reco.max_parallel_workers', '8', true) AS threads \gset
SELECT results_eq(format($$SELECT * FROM reco.recommend_all(10, %L)$$, m),
                  format($$SELECT client_id, rank, product_id, score FROM alone WHERE m = %L$$, m),
                  'the same, in the same order, by threads and by the backend alone: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'both']) m;
SELECT is((SELECT count(*) FROM pg_ls_dir('/proc/' || pg_backend_pid() || '/task')), 1::bigint, 'no thread is left of it');
SELECT is(
    (SELECT count(*) FROM reco.recommend_all(1000, 'bought')),
    (SELECT 120 * 65 - count(*) FROM (SELECT DISTINCT client, product FROM taste.purchase) b),
    'with a great n, everything eligible');
SELECT taste.none($$SELECT * FROM reco.recommend_all(0, 'bought')$$, 'with n = 0, nothing');
SELECT is((SELECT count(*) FROM reco.recommend_all(model => 'bought')), 1200::bigint, 'ten products a client where n is not given');

INSERT INTO taste.purchase VALUES (700, 2, 1, now()), (700, 5, 1, now()), (701, 1000, 1, now()), (702, 2, 0, now()), (NULL, 2, 1, now());
SELECT is(
    (SELECT array_agg(DISTINCT client_id ORDER BY client_id) FROM reco.recommend_all(1, 'bought') WHERE client_id > 120),
    ARRAY[700, 701, 702]::bigint[],
    'clients that came since the training are in it');
SELECT results_eq(
    $$SELECT rank, product_id, score FROM reco.recommend_all(20, 'bought') WHERE client_id = 700$$,
    $$SELECT rank, product_id, score FROM reco.recommend(700, 20, 'bought')$$,
    'with lists folded in from their rows');
SELECT results_eq(
    $$SELECT rank, product_id, score FROM reco.recommend_all(20, 'bought') WHERE client_id = 701$$,
    $$SELECT rank, product_id, score FROM reco.recommend(701, 20, 'bought')$$,
    'or popular ones, if they have nothing that the model knows');
DELETE FROM taste.purchase;
SELECT taste.none($$SELECT * FROM reco.recommend_all(10, 'bought')$$, 'without any client it is empty');
SELECT set_eq(
    $$SELECT client_id FROM reco.recommend_all(10, 'rated')$$,
    $$SELECT DISTINCT client FROM taste.rating$$,
    'which says nothing of another model');

SELECT * FROM finish();
ROLLBACK;
