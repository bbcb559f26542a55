-- Purchases are learnt by whichever method suits them, found by trials; and each serves all that a model serves.
BEGIN;
\ir setup/tastes.sql
SELECT plan(61);

-- Three logs of a kind of their own. Things of 240 series, three each: who has some of them wants the rest.
CREATE TABLE taste.series AS
SELECT c AS client, p AS product FROM generate_series(1, 400) c, generate_series(0, 719) p
WHERE taste.chance('series', c, p / 3) < 0.03 AND taste.chance('thing', c, p) < 0.75;
-- Broad tastes, of which each client shows little: one of two halves of a hundred things.
CREATE TABLE taste.broad AS
SELECT c AS client, p AS product FROM generate_series(1, 900) c, generate_series(1, 100) p
WHERE taste.chance('broad', c, p) < CASE WHEN c % 2 = p % 2 THEN 0.1 ELSE 0.01 END;
-- Tastes that drift: after half a year another sixth of all things, and what came before is no more.
CREATE TABLE taste.drift AS
SELECT c AS client, p AS product, timestamptz '2024-01-01' + d * interval '45 days' AS at
FROM generate_series(1, 300) c, generate_series(1, 180) p, generate_series(0, 7) d
WHERE p % 6 = floor(6 * taste.chance('turn', c, d / 4)) AND taste.chance('drift', c, p * 8 + d) < 0.15;
CREATE INDEX ON taste.series (client);
CREATE INDEX ON taste.broad (client);
CREATE INDEX ON taste.drift (client);
ANALYZE taste.series, taste.broad, taste.drift;

SELECT reco.create_model(m, purchases => format('SELECT client, product, 1 %s FROM taste.%s', CASE m WHEN 'drift' THEN ', at' ELSE '' END, m))
FROM unnest('{series,broad,drift}'::text[]) m \g /dev/null
SELECT reco.create_model('series by ' || m, purchases => 'SELECT client, product, 1 FROM taste.series',
                         options => format('{"purchases": {"method": "%s"}}', m)::jsonb)
FROM unnest('{als,ease,items,blend}'::text[]) m \g /dev/null
CREATE TABLE taste.trained AS
SELECT t.* FROM unnest('{series,broad,drift,series by als,series by ease,series by items,series by blend}'::text[]) m, reco.train(m) t;

SELECT ok(active, 'goes live: ' || model) FROM taste.trained ORDER BY model;
SELECT cmp_ok(ndcg_at_10, '>', 1.3 * popular_ndcg_at_10, 'is better than the most popular products: ' || model) FROM taste.trained ORDER BY model;

-- what suits which

SELECT is(purchase_method, 'ease', 'weights from product to product where there are more series than factors') FROM taste.trained WHERE model = 'series';
SELECT cmp_ok(a.ndcg_at_10, '>', 1.1 * b.ndcg_at_10, 'they find a tenth more than factors do')
FROM taste.trained a, taste.trained b WHERE a.model = 'series by ease' AND b.model = 'series by als';
SELECT ok(purchase_method IN ('als', 'blend'), 'factors, at least beside them, where tastes are broad and little is shown of them') FROM taste.trained WHERE model = 'broad';
SELECT cmp_ok((SELECT max(ndcg_at_20) FROM reco.model_trial WHERE model = 'broad' AND method = 'als'), '>',
              1.05 * (SELECT max(ndcg_at_20) FROM reco.model_trial WHERE model = 'broad' AND method = 'ease'), 'there they find more than weights from product to product do');
SELECT ok(purchase_factors IS NOT NULL = (purchase_method IN ('als', 'blend')), 'factors are counted where there are any: ' || model) FROM taste.trained ORDER BY model;
SELECT cmp_ok((SELECT half_life FROM reco.model_trial WHERE model = 'drift' AND trial = 1), '<=', interval '60 days', 'purchases age where tastes drift');
SELECT cmp_ok((SELECT ndcg_at_20 FROM reco.model_trial WHERE model = 'drift' AND trial = 1), '>',
              1.5 * (SELECT max(ndcg_at_20) FROM reco.model_trial WHERE model = 'drift' AND half_life IS NULL), 'and much more is found so');
SELECT is((SELECT count(*) FROM reco.model_trial WHERE model <> 'drift' AND half_life IS NOT NULL), 0::bigint, 'and are not said to where the query does not tell when');
SELECT is(m.purchase_method, t.method, 'the first trial is what the version is: ' || m.model)
FROM taste.trained m JOIN reco.model_trial t USING (model, version) WHERE t.trial = 1 ORDER BY 1;
SELECT ok(bool_and((factor_weight > 0) IS NOT DISTINCT FROM CASE WHEN method = 'blend' THEN true END AND (factor_penalty > 0) IS NOT DISTINCT FROM (factor_weight > 0)),
          'a blend alone has a weight of its factors') FROM reco.model_trial;
SELECT is((SELECT array_agg(DISTINCT (penalty, popularity, factor_penalty, unobserved_weight, factors)::text) FROM reco.model_trial WHERE model = 'series by blend' AND method = 'blend'),
          (SELECT ARRAY[(e.penalty, e.popularity, a.penalty, a.unobserved_weight, a.factors)::text]
           FROM (SELECT * FROM reco.model_trial WHERE model = 'series by blend' AND method = 'ease' ORDER BY ndcg_at_20 DESC LIMIT 1) e,
                (SELECT * FROM reco.model_trial WHERE model = 'series by blend' AND method = 'als' AND iterations > 3 ORDER BY ndcg_at_20 DESC LIMIT 1) a),
          'it is made of what was best of both');

-- what each serves

CREATE FUNCTION taste.by_score(model text, source regclass, client bigint, n integer) RETURNS TABLE (product integer, score double precision)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT p, s FROM (SELECT DISTINCT product AS p FROM %1$s) p, reco.score($1, p, $2) s
         WHERE p NOT IN (SELECT product FROM %1$s WHERE client = $1) ORDER BY s DESC, p LIMIT $3', source) USING client, model, n;
END $$;
CREATE TABLE taste.served (model text, source regclass);
INSERT INTO taste.served VALUES ('series by ease', 'taste.series'), ('series by items', 'taste.series'), ('series by blend', 'taste.series'), ('drift', 'taste.drift');

SELECT is((SELECT array_agg((r.product_id, r.score)::text ORDER BY c, r.rank) FROM generate_series(1, 5) c, reco.recommend(c, 20, model) r),
          (SELECT array_agg((b.product::bigint, b.score)::text ORDER BY c, b.score DESC, b.product) FROM generate_series(1, 5) c, taste.by_score(model, source, c, 20) b),
          'a list is the best by score, exactly: ' || model) FROM taste.served ORDER BY 1;
SELECT is((SELECT count(*) FROM reco.recommend_all(5, model) a FULL JOIN (SELECT c, r.* FROM (SELECT DISTINCT client_id AS c FROM reco.recommend_all(1, model)) c, reco.recommend(c, 5, model) r) r
           ON (a.client_id, a.rank, a.product_id, a.score) = (r.c, r.rank, r.product_id, r.score) WHERE a.rank IS NULL OR r.rank IS NULL), 0::bigint,
          'as are the lists of all at once: ' || model) FROM taste.served ORDER BY 1;
SELECT cmp_ok((SELECT max(abs(e.total - r.score) / (abs(r.score) + e.size)) FROM generate_series(1, 10) c, reco.recommend(c, 5, model) r,
               LATERAL (SELECT sum(contribution) AS total, sum(abs(contribution)) AS size FROM reco.explain(c, r.product_id, 1000, model)) e), '<', 1e-5::double precision,
              'what explains a score adds up to it: ' || model) FROM taste.served ORDER BY 1;
SELECT is((SELECT array_agg((a.client_id, a.score)::text ORDER BY a.rank) FROM reco.audience(7, 10, model) a),
          (SELECT array_agg((c, s)::text ORDER BY s DESC, c) FROM (
              SELECT c, s FROM (SELECT DISTINCT client_id AS c FROM reco.recommend_all(1, model)) c, reco.score(c, 7, model) s
              WHERE NOT EXISTS (SELECT FROM reco.recommend(c, 1, model) WHERE method = 'popular')
                AND c NOT IN (SELECT client FROM taste.series WHERE product = 7 AND source = 'taste.series'::regclass
                              UNION ALL SELECT client FROM taste.drift WHERE product = 7 AND source = 'taste.drift'::regclass)
              ORDER BY s DESC, c LIMIT 10) x), 'those who would like a product most, by score: ' || model) FROM taste.served ORDER BY 1;
SELECT is((SELECT array_agg(product_id ORDER BY product_id) FROM reco.similar_products(30, 2, 'series by ease')), '{31,32}', 'things of one series are alike');
SELECT ok((SELECT count(*) = 10 AND min(score) > 0 AND max(score) <= 1 AND bool_and(client_id <> 1) FROM reco.similar_clients(1, 10, 'series by ease')),
          'clients who bought the same are alike');

-- what the caller's own transaction adds

INSERT INTO taste.drift VALUES (9001, 6, '2024-01-01'), (9002, 6, '2024-12-01');
SELECT cmp_ok(reco.score(9001, 12, 'drift'), '>', 0::double precision, 'a new client''s purchase counts at once');
SELECT cmp_ok(reco.score(9002, 12, 'drift'), '>', 2 * reco.score(9001, 12, 'drift'), 'the more the younger it is');

-- out, in again, and damaged

SELECT reco.import_model('copy', reco.export_model('series by ease')), reco.import_model('blended', reco.export_model('series by blend')) \g /dev/null
SELECT is((SELECT array_agg(r::text ORDER BY rank) FROM reco.recommend(3, 50, copy) r), (SELECT array_agg(r::text ORDER BY rank) FROM reco.recommend(3, 50, original) r),
          'exported and imported it serves the same: ' || original) FROM (VALUES ('copy', 'series by ease'), ('blended', 'series by blend')) m (copy, original);
UPDATE reco.model_array a SET data = set_byte(data, 100, 255 - get_byte(data, 100))
FROM reco.model_version v WHERE v.uuid = a.version AND v.model = 'copy' AND name = 'neighbour_product' AND block = 1;
SELECT throws_ok($$SELECT reco.export_model('copy')$$, 'XX001', 'array "neighbour_product" of a model is damaged', 'a damaged neighbour is an error');
SET LOCAL reco.max_memory = '4MB';
SELECT throws_ok($$SELECT reco.train('series by items')$$, '53400', 'not enough memory allowed by reco.max_memory', 'neighbours beyond reco.max_memory are refused');

SELECT * FROM finish();
ROLLBACK;
