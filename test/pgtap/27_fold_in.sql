-- A client whose ratings were all hidden from training is predicted about as well as by one that saw them.
BEGIN;
\ir setup/tastes.sql
SELECT plan(10);

-- 600 clients, 90 products, three tastes on a scale of their own; a tenth of the rows is asked about
CREATE TABLE taste.opinion AS
SELECT c AS client, p AS product,
       greatest(0, least(10, round(5 + 2 * taste.chance('likes', c, 0) - 2 * taste.chance('good', p, 0)
           + 3 * cos(2 * pi() * (taste.chance('angle', c, 0) - taste.chance('angle', 0, p)))
           + 1.5 * (taste.chance('a', c, p) + taste.chance('b', c, p) - 1)))) AS grade,
       taste.chance('asked', c, p) < 0.1 AS asked
FROM generate_series(1, 600) c, generate_series(1, 90) p WHERE taste.chance('opinion', c, p) < 0.3;
CREATE TABLE taste.seen AS SELECT client, product, grade FROM taste.opinion WHERE NOT asked;
CREATE INDEX ON taste.seen (client);

SELECT reco.create_model(kind || ' ' || method, ratings => 'SELECT client, product, grade FROM taste.seen',
                         options => format('{"ratings": {"method": "%s"}}', method)::jsonb)
FROM unnest(ARRAY['svd', 'bayes']) method, unnest(ARRAY['retrained', 'folded in']) kind \g /dev/null
SELECT reco.train('retrained ' || method) FROM unnest(ARRAY['svd', 'bayes']) method \g /dev/null
CREATE TABLE taste.hidden AS SELECT * FROM taste.seen WHERE client % 10 = 3;
DELETE FROM taste.seen WHERE client % 10 = 3;
SELECT reco.train('folded in ' || method) FROM unnest(ARRAY['svd', 'bayes']) method \g /dev/null

CREATE FUNCTION taste.error(of_model text) RETURNS double precision STABLE
BEGIN ATOMIC
    SELECT sqrt(avg((reco.predict(client, product, of_model) - grade) ^ 2)) FROM taste.opinion WHERE asked AND client % 10 = 3;
END;
CREATE TEMP TABLE unknown AS SELECT method, taste.error('folded in ' || method) AS rmse FROM unnest(ARRAY['svd', 'bayes']) method;
INSERT INTO taste.seen SELECT * FROM taste.hidden;
CREATE TEMP TABLE answer AS
SELECT method, rmse AS unknown, taste.error('retrained ' || method) AS retrained, taste.error('folded in ' || method) AS folded_in
FROM unknown;

SELECT cmp_ok(folded_in, '<', retrained * 1.01, format('folded in it is as good as retrained: %s, %s beside %s', method, folded_in, retrained))
FROM answer ORDER BY method;
SELECT cmp_ok(folded_in, '<', 0.7 * unknown, 'and far better than knowing nothing of the client: ' || method) FROM answer ORDER BY method;

-- the same ratings, the same predictions, whoever has them and whenever they came
INSERT INTO taste.seen SELECT client + 10000, product, grade FROM taste.seen WHERE client % 10 = 4;
SELECT taste.none(
    format($$SELECT * FROM generate_series(4, 600, 10) c, generate_series(1, 90, 7) p
             WHERE reco.predict(c, p, 'folded in %1$s') <> reco.predict(c + 10000, p, 'folded in %1$s')$$, method),
    'a newcomer with the ratings of a known client gets the same stars: ' || method)
FROM unnest(ARRAY['svd', 'bayes']) method;

-- which products somebody rated says something, too: here the lovers of a kind rate all of it, and nobody else
INSERT INTO taste.seen SELECT 20000 + g, p, 5 FROM generate_series(0, 1) g, generate_series(1, 90) p
WHERE (taste.chance('angle', 0, p) < 0.5) = (g = 0);
SELECT isnt(reco.predict(20000, 1, 'folded in ' || method), reco.predict(20001, 1, 'folded in ' || method),
            'two who rated other products, all the same, differ: ' || method)
FROM unnest(ARRAY['svd', 'bayes']) method;
SELECT ok(reco.predict(30000, 1, 'folded in ' || method) BETWEEN 0 AND 10, 'somebody without any rating gets a prediction: ' || method)
FROM unnest(ARRAY['svd', 'bayes']) method;

SELECT * FROM finish();
ROLLBACK;
