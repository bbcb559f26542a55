-- What recommend() promises of its lists.
BEGIN;
\ir setup/tastes.sql
\ir setup/models.sql
\ir setup/svd.sql
SELECT plan(50);

-- What may be offered to a client: in stock, and not the client's already.
CREATE FUNCTION taste.eligible(client_number bigint, model_name text) RETURNS TABLE (product_id bigint)
STABLE
BEGIN ATOMIC
    SELECT p.id::bigint
    FROM taste.product p
    WHERE p.stock > 0
      AND CASE WHEN model_name IN ('rated', 'svd') THEN NOT EXISTS (SELECT FROM taste.rating r
                                        WHERE r.client = client_number AND r.product = p.id)
          ELSE NOT EXISTS (SELECT FROM taste.purchase b
                           WHERE b.client = client_number AND b.product = p.id)
          END;
END;

CREATE FUNCTION taste.list(client_number bigint, n integer, model_name text) RETURNS bigint[]
STABLE
RETURN (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(client_number, n, model_name));

-- The list by the slow way: score everything, sort.
CREATE FUNCTION taste.slow_list(client_number bigint, n integer, model_name text) RETURNS bigint[]
STABLE
RETURN (SELECT array_agg(product_id ORDER BY score DESC, product_id)
        FROM (SELECT product_id, reco.score(client_number, product_id, model_name)
              FROM taste.eligible(client_number, model_name)
              ORDER BY 2 DESC, 1
              LIMIT n) best);

SELECT taste.none(
    format($$
        SELECT c, n FROM (VALUES (1), (2), (3), (77), (999)) clients (c), generate_series(0, 70) n
        WHERE (SELECT count(*) FROM reco.recommend(c, n, %1$L))
              <> least(n, (SELECT count(*) FROM taste.eligible(c, %1$L)))$$, m),
    'exactly n rows whenever n eligible products exist: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;

SELECT taste.none(
    format($$
        SELECT c, n FROM generate_series(1, 12) c, unnest(ARRAY[1, 5, 10, 100]) n
        WHERE taste.list(c, n, %1$L) IS DISTINCT FROM taste.slow_list(c, n, %1$L)$$, m),
    'the list is the exact top n, ties by lower id: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;

SELECT taste.none(
    format($$
        SELECT c FROM generate_series(1, 12) c
        WHERE (SELECT array_agg(rank) FROM reco.recommend(c, 20, %1$L))
              <> (SELECT array_agg(i) FROM generate_series(1, 20) i)$$, m),
    'ranks run from 1 to n in the order of the rows: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;

SELECT taste.none(
    format($$
        SELECT c, r FROM generate_series(1, 12) c, reco.recommend(c, 100, %1$L) r
        WHERE r.score IS DISTINCT FROM reco.score(c, r.product_id, %1$L)$$, m),
    'the score of a row is that of reco.score: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd', 'both']) m;

SELECT taste.none(
    format($$
        SELECT c, r FROM generate_series(1, 12) c, reco.recommend(c, 100, %1$L) r
        WHERE r.stars IS DISTINCT FROM reco.predict(c, r.product_id, %1$L) OR r.stars NOT BETWEEN 1 AND 5$$, m),
    'the stars of a row are those of reco.predict, inside the scale: ' || m)
FROM unnest(ARRAY['rated', 'svd', 'both']) m;

SELECT taste.none(
    $$SELECT * FROM reco.recommend(1, 100, 'bought') WHERE stars IS NOT NULL$$,
    'a model without ratings gives no stars');

-- never what the client has

SELECT taste.none(
    $$SELECT * FROM generate_series(1, 120) c, reco.recommend(c, 100, 'bought') r, taste.purchase b
      WHERE b.client = c AND b.product = r.product_id$$,
    'nobody is offered what they bought');
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 120) c, reco.recommend(c, 100, 'rated') r, taste.rating b
      WHERE b.client = c AND b.product = r.product_id$$,
    'in a model of ratings alone nobody is offered what they rated');
SELECT is(
    (SELECT array_agg(product_id ORDER BY product_id) FROM reco.recommend(1, 100, 'bought', bought => true)),
    (SELECT array_agg(id::bigint ORDER BY id) FROM taste.product),
    'bought => true offers it again');
SELECT is(
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 20, 'bought', bought => true)),
    (SELECT array_agg(id ORDER BY score DESC, id)
     FROM (SELECT id::bigint, reco.score(1, id, 'bought') FROM taste.product ORDER BY 2 DESC, 1 LIMIT 20) best),
    'and the list is the exact top n then as well');
SELECT results_eq(
    $$SELECT * FROM reco.recommend(1, 20, 'bought', bought => NULL)$$,
    $$SELECT * FROM reco.recommend(1, 20, 'bought')$$,
    'bought => NULL is the default');

-- only what may be offered

UPDATE taste.product SET stock = 0 WHERE id % 2 = 0;
SELECT taste.none(
    $$SELECT * FROM generate_series(1, 20) c, reco.recommend(c, 100, 'bought') r WHERE r.product_id % 2 = 0$$,
    'what is not among the candidates is never offered');
UPDATE taste.product SET stock = 0;
SELECT taste.none($$SELECT * FROM reco.recommend(1, 10, 'bought')$$, 'without candidates the list is empty');
UPDATE taste.product SET stock = 10;

CREATE VIEW taste.promotion AS SELECT id::smallint AS product_id, 'new price' AS what
FROM taste.product WHERE id <= 30 OR id > 63 UNION ALL SELECT NULL, 'none' UNION ALL SELECT 7, 'twice' UNION ALL SELECT -1, 'unknown';
SELECT set_eq(
    $$SELECT product_id FROM reco.recommend(1, 100, 'bought', among => 'taste.promotion')$$,
    $$SELECT product_id FROM taste.eligible(1, 'bought') WHERE product_id <= 30 OR product_id > 63$$,
    'among: only products of this view that are candidates');
SELECT is(
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 5, 'bought', among => 'taste.promotion')),
    (SELECT (array_agg(product_id ORDER BY rank))[1:5] FROM reco.recommend(1, 100, 'bought')
     WHERE product_id <= 30 OR product_id > 63),
    'and in the order of the whole list');
SELECT set_eq(
    $$SELECT product_id FROM reco.recommend(1, 100, 'bought', among => 'taste.promotion', exclude => '{4,7,64}')$$,
    $$SELECT product_id FROM taste.eligible(1, 'bought')
      WHERE (product_id <= 30 OR product_id > 63) AND product_id NOT IN (4, 7, 64)$$,
    'among and exclude go together');
CREATE TABLE taste.nothing (product_id bigint);
SELECT taste.none(
    $$SELECT * FROM reco.recommend(1, 10, 'bought', among => 'taste.nothing')$$,
    'among an empty table there is nothing to offer');
SELECT is(
    (SELECT array_agg(r.among || ':' || r.product_id ORDER BY r.among, r.rank)
     FROM (SELECT 'nothing' AS among, * FROM reco.recommend(1, 3, 'bought', among => 'taste.nothing')
           UNION ALL SELECT 'promotion', * FROM reco.recommend(1, 3, 'bought', among => 'taste.promotion')) r),
    (SELECT array_agg('promotion:' || product_id ORDER BY rank)
     FROM reco.recommend(1, 3, 'bought', among => 'taste.promotion')),
    'two lists in one statement do not mix their relations');
SELECT is(
    (SELECT array_agg(n ORDER BY relation) FROM
        (SELECT relation, (SELECT count(*) FROM reco.recommend(1, 100, 'bought', among => relation::regclass)) n
         FROM unnest(ARRAY['taste.nothing', 'taste.promotion', 'taste.nothing']) relation) x),
    (SELECT ARRAY[0, 0, count(*)] FROM taste.eligible(1, 'bought') WHERE product_id <= 30 OR product_id > 63),
    'one call that changes its relation from row to row answers for each');

SELECT set_eq(
    $$SELECT product_id FROM reco.recommend(1, 100, 'bought', exclude => ARRAY[[4, 31], [NULL, 12345]])$$,
    $$SELECT product_id FROM taste.eligible(1, 'bought') WHERE product_id NOT IN (4, 31)$$,
    'exclude: never one of these, NULLs and strangers aside');
SELECT is(
    (SELECT array_agg(product_id ORDER BY rank)
     FROM reco.recommend(1, 10, 'bought', exclude => taste.list(1, 10, 'bought'))),
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 20, 'bought') WHERE rank > 10),
    'excluding the first page leads to the second');
SELECT results_eq(
    $$SELECT * FROM reco.recommend(1, 20, 'bought', exclude => '{}')$$,
    $$SELECT * FROM reco.recommend(1, 20, 'bought')$$,
    'an empty exclude excludes nothing');

-- products that the model does not know

SELECT set_has(
    $$SELECT product_id FROM reco.recommend(1, 100, 'bought')$$,
    $$VALUES (61::bigint), (62), (63), (64), (65)$$,
    'products unknown to the model are listed too');
SELECT is(
    (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(c, 100, m) WHERE product_id > 60),
    ARRAY[61, 62, 63, 64, 65]::bigint[],
    format('products nobody has touched tie, and stand in the order of their ids: client %s of %s', c, m))
FROM (VALUES (1, 'bought'), (1, 'rated'), (999, 'bought')) v (c, m);
SELECT is(reco.score(1, 61, 'bought'), 0::double precision, 'their score by purchases is zero');

-- known and unknown clients

SELECT results_eq(
    format($$SELECT DISTINCT method FROM generate_series(1, 120) c, reco.recommend(c, 10, %L)$$, m),
    $$VALUES ('personal')$$,
    'a client with history gets a personal list: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;
SELECT results_eq(
    $$SELECT rank, product_id, score, method FROM reco.recommend(999, 60, 'bought')$$,
    $$SELECT row_number() OVER (ORDER BY count(*) DESC, product)::integer, product::bigint,
             count(*)::double precision, 'popular'
      FROM (SELECT DISTINCT client, product FROM taste.purchase) b GROUP BY product ORDER BY 1$$,
    'a client without history gets the products that most clients bought');
SELECT results_eq(
    $$SELECT * FROM reco.recommend(NULL, 10, 'bought')$$,
    $$SELECT * FROM reco.recommend(999, 10, 'bought')$$,
    'NULL is a client of whom nothing is known');
SELECT results_eq(
    $$SELECT product_id, score, method FROM reco.recommend(999, 10, 'rated')$$,
    $$SELECT product::bigint, count(*)::double precision, 'popular'
      FROM taste.rating WHERE stars >= (SELECT avg(stars) FROM taste.rating)
      GROUP BY product ORDER BY count(*) DESC, product LIMIT 10$$,
    'in a model of ratings alone popular is what most clients rated above average');

SELECT ok(
    (SELECT count(*) FROM generate_series(1, 120) c, reco.recommend(c, 3, m) r WHERE c % 3 = r.product_id % 3) >= 324,
    'at least nine tenths of the first three are of the client''s own taste: ' || m)
FROM unnest(ARRAY['bought', 'rated', 'svd']) m;

SELECT * FROM finish();
ROLLBACK;
