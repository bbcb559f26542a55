-- Whatever is in the tables: an answer of plain numbers or a plain error, never NaN, infinity or a crash.
-- Tables, queries and options are made by chance, the same ones each time.
BEGIN;
SELECT plan(4);
CREATE SCHEMA chance;
CREATE TABLE chance.trade (client bigint, product bigint, value double precision, at timestamptz);
CREATE TABLE chance.finding (round integer, what text, of text);
CREATE TABLE chance.done (round integer, active boolean);

CREATE FUNCTION chance.one_of(VARIADIC choices text[]) RETURNS text
RETURN choices[1 + floor(random() * cardinality(choices))::integer];

-- Some clients, some products, and values of one kind.
CREATE PROCEDURE chance.trade_of(clients integer, products integer, density double precision, kind text)
LANGUAGE sql
AS $$
    TRUNCATE chance.trade;
    INSERT INTO chance.trade
    SELECT CASE WHEN random() < 0.98 THEN CASE kind WHEN 'great' THEN -c * 100000000000 ELSE c END END,
           CASE WHEN random() < 0.98 THEN p END,
           CASE kind WHEN 'stars' THEN 1 + floor(random() * 5) WHEN 'equal' THEN 3 WHEN 'zero' THEN 0
                     WHEN 'negative' THEN -random() WHEN 'tiny' THEN random() * 1e-310
                     WHEN 'great' THEN CASE WHEN random() < 0.8 THEN 1.7e308 ELSE -1.7e308 END
                     ELSE CASE WHEN random() < 0.1 THEN 1e300 ELSE random() END END,
           CASE WHEN random() < 0.3 THEN NULL WHEN random() < 0.1 THEN 'infinity' WHEN random() < 0.1 THEN '-infinity'
                ELSE now() - random() * interval '1 year' END
    FROM generate_series(1, clients) c, generate_series(1, products) p WHERE random() < density;
    INSERT INTO chance.trade
    SELECT client, product, -value, at FROM chance.trade WHERE random() < chance.one_of('0', '0.3')::double precision;
$$;

-- Is this no number to show to anybody?
CREATE FUNCTION chance.odd(number double precision) RETURNS boolean IMMUTABLE
RETURN number IN ('NaN', 'Infinity', '-Infinity');

CREATE FUNCTION chance.findings(model text) RETURNS SETOF text
LANGUAGE sql STABLE
AS $$
    WITH client AS (SELECT DISTINCT client AS id FROM chance.trade UNION SELECT 777777),
         product AS (SELECT DISTINCT product AS id FROM chance.trade UNION SELECT 777777)
    SELECT 'recommend ' || r FROM client, reco.recommend(id, 1000000000, model, bought => id % 2 = 0) r
        WHERE chance.odd(score) OR chance.odd(stars)
    UNION ALL SELECT 'recommend_all ' || r FROM reco.recommend_all(3, model) r WHERE chance.odd(score)
    UNION ALL SELECT 'score ' || c.id || ' ' || p.id FROM client c, product p WHERE chance.odd(reco.score(c.id, p.id, model))
    UNION ALL SELECT 'similar_products ' || s FROM product, reco.similar_products(id, 5, model) s WHERE score NOT BETWEEN -1.0001 AND 1.0001
    UNION ALL SELECT 'similar_clients ' || s FROM client, reco.similar_clients(id, 5, model) s WHERE score NOT BETWEEN -1.0001 AND 1.0001
    UNION ALL SELECT 'audience ' || a FROM product, reco.audience(id, 5, model) a WHERE chance.odd(score)
    UNION ALL SELECT 'explain ' || e FROM client c, product p, reco.explain(c.id, p.id, 5, model) e WHERE chance.odd(contribution) OR chance.odd(share)
    UNION ALL SELECT 'version ' || v FROM reco.model_version v, unnest(ARRAY[rmse, mae, baseline_rmse, baseline_mae,
        ndcg_at_10, recall_at_10, popular_ndcg_at_10, popular_recall_at_10]) metric WHERE chance.odd(metric)
$$;

CREATE PROCEDURE chance.play(rounds integer)
LANGUAGE plpgsql
AS $$
DECLARE
    query CONSTANT text := 'SELECT client, product, value, at FROM chance.trade';
    kind text;
    options jsonb;
    trained reco.model_version;
BEGIN
    FOR round IN 1 .. rounds LOOP
        kind := chance.one_of('stars', 'equal', 'zero', 'negative', 'tiny', 'great', 'mixed', 'mixed');
        options := chance.one_of(
            '{}', '{"ratings": {"method": "svd"}}', '{"ratings": {"factors": 1}, "purchases": {"factors": 1}}',
            '{"ratings": {"iterations": 1}, "purchases": {"iterations": 1}}',
            '{"ratings": {"method": "svd", "factors": 40, "regularization": 1e-6, "bias_regularization": 1e-6},
              "purchases": {"factors": 40, "regularization": 1e-6, "unobserved_weight": 1e-6}}',
            '{"ratings": {"method": "svd", "factors": 3, "regularization": 1e6, "bias_regularization": 1e6},
              "purchases": {"factors": 3, "regularization": 1e6, "unobserved_weight": 1000}}');
        CALL chance.trade_of(chance.one_of('1', '2', '3', '9', '17', '40')::integer, chance.one_of('1', '2', '5', '16', '33')::integer,
                             chance.one_of('0.05', '0.3', '0.9')::double precision, kind);
        PERFORM reco.create_model('chance', options => options,
            ratings => CASE WHEN round % 3 <> 0 THEN query END, purchases => CASE WHEN round % 3 <> 1 THEN query END,
            candidates => chance.one_of(NULL, 'SELECT product, random() FROM chance.trade UNION ALL SELECT 1000 + g, NULL FROM generate_series(1, 3) g'));
        BEGIN
            trained := reco.train('chance');
            INSERT INTO chance.done VALUES (round, trained.active);
            INSERT INTO chance.finding SELECT round, f, kind || options FROM chance.findings('chance') f;
            PERFORM reco.activate('chance', 1);
            INSERT INTO chance.finding SELECT round, 'activated ' || f, kind || options FROM chance.findings('chance') f;
        EXCEPTION
            WHEN no_data_found THEN NULL;
            WHEN OTHERS THEN INSERT INTO chance.finding VALUES (round, SQLSTATE || ' ' || SQLERRM, kind || options);
        END;
        PERFORM reco.drop_model('chance');
    END LOOP;
END
$$;

SELECT setseed(0.5) \g /dev/null
CALL chance.play(60);
SELECT is_empty($$SELECT round, min(of), count(*), min(what) FROM chance.finding GROUP BY round ORDER BY round LIMIT 5$$,
                'no answer is NaN or infinite, and nothing fails but for want of rows');
SELECT cmp_ok((SELECT count(*) FROM chance.done), '>', 30::bigint, 'most inputs are enough to learn something from');
SELECT cmp_ok((SELECT count(*) FROM chance.done WHERE NOT active), '>', 20::bigint, 'if not to serve by');
SELECT is((SELECT count(*) FROM reco.model_array), 0::bigint, 'and nothing is left of the models');

SELECT * FROM finish();
ROLLBACK;
