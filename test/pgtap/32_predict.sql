-- The stars that predict() gives.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(20);

SELECT taste.none(
    $$SELECT c, p FROM generate_series(1, 130) c, generate_series(1, 70) p
      WHERE reco.predict(c, p, 'rated') BETWEEN 1 AND 5 IS NOT TRUE$$,
    'stars are inside the scale, for clients and products known and unknown');
SELECT taste.none(
    $$SELECT c, p FROM generate_series(1, 130) c, generate_series(1, 70) p
      WHERE reco.predict(c, p, 'rated') < greatest(1, least(5, reco.score(c, p, 'rated')))
        AND EXISTS (SELECT FROM taste.rating WHERE client = c)$$,
    'they are the mean of what is believed, the score its lower bound');
SELECT taste.none(
    $$SELECT c, p FROM generate_series(1, 130) c, generate_series(1, 70) p
      WHERE reco.predict(c, p, 'svd') <> greatest(1, least(5, reco.score(c, p, 'svd')))
        AND EXISTS (SELECT FROM taste.rating WHERE client = c)$$,
    'those of a model without a spread are the score, cut off at the ends of the scale');
SELECT ok(
    (SELECT sqrt(avg((stars - reco.predict(client, product, m)) ^ 2)) < 0.6 FROM taste.rating),
    'they are close to the ratings given: ' || m)
FROM unnest(ARRAY['rated', 'svd']) m;
SELECT ok(
    (SELECT avg(reco.predict(c, p, 'rated')) FILTER (WHERE c % 3 = p % 3)
          - avg(reco.predict(c, p, 'rated')) FILTER (WHERE c % 3 <> p % 3) > 1.5
     FROM generate_series(1, 120) c, generate_series(1, 60) p),
    'they follow the tastes');
SELECT ok(
    abs(reco.predict(999, 999, 'rated') - (SELECT avg(stars) FROM taste.rating)) < 0.1,
    'of an unknown client and product little is known but the mean');
SELECT taste.none(
    $$SELECT p FROM generate_series(1, 60) p WHERE reco.predict(999, p, 'rated') = reco.predict(999, 999, 'rated')$$,
    'of an unknown client and a known product, what others think of it');
SELECT is(reco.predict(1, 999, 'rated'), reco.predict(1, 1000, 'rated'),
          'of a known client and an unknown product, how kind the client is');
SELECT is(reco.predict(NULL, 1, 'rated'), NULL, 'NULL for a client that is NULL');
SELECT is(reco.predict(1, NULL, 'rated'), NULL, 'NULL for a product that is NULL');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 20) c, generate_series(1, 60) p
      WHERE reco.predict(c, p, 'both') <> reco.predict(c, p, 'rated')$$,
    'a model of both predicts what one of ratings alone does');

-- other scales

SELECT reco.create_model(name, ratings => format('SELECT client, product, (%s)::%s FROM taste.rating', value, type))
FROM (VALUES ('percent', 'stars * 25 - 25', 'smallint'), ('plus_minus', 'stars - 3.0', 'numeric'),
             ('huge', 'stars * 1e300', 'float8'), ('tiny', 'stars * 1e-300', 'float8')) v (name, value, type) \g /dev/null
SELECT taste.none(
    format($$SELECT active, rmse, baseline_rmse, note FROM reco.train(%1$L)
             WHERE (active AND rmse < 0.75 * baseline_rmse) IS NOT TRUE$$, m),
    'a model of another scale is as good: ' || m)
FROM unnest(ARRAY['percent', 'plus_minus', 'huge', 'tiny']) m;
SELECT taste.none(
    format($$SELECT c, p, reco.predict(c, p, 'rated') FROM generate_series(1, 130) c, generate_series(1, 65) p
             WHERE (abs(reco.predict(c, p, %L) / %s - %s - reco.predict(c, p, 'rated')) < 0.001) IS NOT TRUE
             LIMIT 3$$, m, divisor, shift),
    'and predicts the same on it: ' || m)
FROM (VALUES ('percent', '25', '-1'), ('plus_minus', '1', '-3'), ('huge', '1e300', '0'), ('tiny', '1e-300', '0'))
     v (m, divisor, shift);

SELECT * FROM finish();
ROLLBACK;
