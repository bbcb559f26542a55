-- explain(): which of the products that a client has speak for another one.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(21);

SELECT taste.none(
    $$SELECT * FROM generate_series(1, 30) c, generate_series(1, 60) p
      WHERE abs((SELECT sum(contribution) FROM reco.explain(c, p, 100, 'bought')) - reco.score(c, p, 'bought')) > 1e-5$$,
    'of purchases, the contributions add up to the score');
SELECT taste.none(
    format($$SELECT * FROM generate_series(1, 30) c, generate_series(1, 60) p
             WHERE abs((SELECT sum(contribution) FROM reco.explain(c, p, 100, %1$L))
                       - (reco.predict(c, p, %1$L) - reco.predict(999, p, %1$L))) > 1e-3
               AND reco.predict(999, p, %1$L) BETWEEN 1.001 AND 4.999
               AND reco.predict(c, p, %1$L) BETWEEN 1.001 AND 4.999$$, m),
    'of ratings, to the stars of this client less those of an unknown one: ' || m)
FROM unnest(ARRAY['rated', 'svd']) m;
SELECT set_eq(
    $$SELECT product_id FROM reco.explain(1, 4, 100, 'bought')$$,
    $$SELECT product::bigint FROM taste.purchase WHERE client = 1$$,
    'each product bought is named once');
SELECT set_eq(
    $$SELECT product_id FROM reco.explain(1, 4, 100, 'rated')$$,
    $$SELECT product::bigint FROM taste.rating WHERE client = 1$$,
    'each product rated is named once');
SELECT taste.none(
    format($$SELECT * FROM (SELECT contribution, lag(contribution) OVER (PARTITION BY c, p ORDER BY n) AS before
                          FROM generate_series(1, 5) c, generate_series(1, 60) p,
                               reco.explain(c, p, 100, %L) WITH ORDINALITY e (product_id, contribution, share, n)) e
             WHERE before < contribution$$, m),
    'what speaks most for the product comes first: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT taste.none(
    format($$SELECT * FROM generate_series(1, 5) c, generate_series(1, 60) p
             WHERE abs((SELECT sum(abs(share)) FROM reco.explain(c, p, 100, %1$L)) - 1) > 1e-9
                OR EXISTS (SELECT FROM reco.explain(c, p, 100, %1$L) WHERE sign(share) <> sign(contribution))$$, m),
    'shares are parts of the whole: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT results_eq(
    $$SELECT * FROM reco.explain(1, 4, 3, 'bought')$$,
    $$SELECT * FROM reco.explain(1, 4, 100, 'bought') LIMIT 3$$,
    'n takes the first ones, whose shares stay');
SELECT ok(
    (SELECT avg((e.product_id % 3 = r.product_id % 3)::integer) > 0.95
     FROM generate_series(1, 60) c, reco.recommend(c, 3, 'bought') r, reco.explain(c, r.product_id, 3, 'bought') e
     WHERE c % 3 = r.product_id % 3),
    'nearly all that speaks for a product is to the same taste');

INSERT INTO taste.purchase VALUES (800, 2, 1, now()), (800, 1000, 1, now());
SELECT results_eq($$SELECT product_id FROM reco.explain(800, 5, 5, 'bought')$$, $$VALUES (2::bigint)$$,
                  'purchases of this transaction explain, those unknown to the model do not');
SELECT taste.none($$SELECT * FROM reco.explain(999, 5, 5, 'bought')$$, 'nothing explains the list of a client without history');
SELECT taste.none($$SELECT * FROM reco.explain(1, 61, 5, 'bought')$$, 'nor a product that the model does not know');
SELECT taste.none($$SELECT * FROM reco.explain(NULL, 5, 5, 'bought')$$, 'nor NULL');
SELECT taste.none($$SELECT * FROM reco.explain(1, NULL, 5, 'bought')$$, 'nor NULL as a product');
SELECT taste.none($$SELECT * FROM reco.explain(1, 4, 0, 'bought')$$, 'with n = 0, nothing');

-- values as great as there can be

CREATE TABLE taste.extreme AS
SELECT c AS client, p AS product, CASE WHEN (c * 7 + p * 3) % 10 = 0 THEN -1.7e308 ELSE 1.7e308 END::double precision AS value
FROM generate_series(1, 10) c, generate_series(1, 10) p;
SELECT reco.create_model('extreme ' || m, ratings => 'SELECT client, product, value FROM taste.extreme',
                         options => format('{"ratings": {"method": "%s"}}', m)::jsonb) FROM unnest(ARRAY['bayes', 'svd']) m \g /dev/null
SELECT (reco.train('extreme ' || m)).version FROM unnest(ARRAY['bayes', 'svd']) m \g /dev/null
SELECT reco.activate('extreme ' || m, 1) FROM unnest(ARRAY['bayes', 'svd']) m \g /dev/null
SELECT taste.none(
    format($$SELECT c, p, e.* FROM generate_series(1, 10) c, generate_series(1, 10) p, reco.explain(c, p, 10, %1$L) e
             WHERE contribution IN ('NaN', 'Infinity', '-Infinity') OR share NOT BETWEEN -1 AND 1$$, 'extreme ' || m),
    'contributions and shares are numbers, however great the values: ' || m)
FROM unnest(ARRAY['bayes', 'svd']) m;

SELECT * FROM finish();
ROLLBACK;
