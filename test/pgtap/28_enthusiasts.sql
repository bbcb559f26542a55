-- In a model of ratings alone, products that one enthusiast rated each do not take the lists over.
BEGIN;
\ir setup/tastes.sql
SELECT plan(10);

-- 80 products that a quarter of 150 clients rated, some better than others, and 5, 20 or 40 that one client loves
CREATE TABLE taste.opinion AS
SELECT loved, c AS client, p AS product, p > 80 AS once,
       CASE WHEN p > 80 THEN 5
            ELSE greatest(1, least(5, round(1.2 + 3.1 * taste.chance('worth', loved, p) + 2 * (taste.chance('mood', c, p + 1000 * loved) - 0.5)))) END AS stars
FROM unnest(ARRAY[5, 20, 40]) loved, generate_series(1, 150) c, generate_series(1, 80 + loved) p
WHERE CASE WHEN p > 80 THEN c = p ELSE taste.chance('knows', c, p + 1000 * loved) < 0.25 END;
SELECT reco.create_model(loved || ' loved', ratings => 'SELECT client, product, stars FROM taste.opinion WHERE loved = ' || loved)
FROM unnest(ARRAY[5, 20, 40]) loved \g /dev/null
SELECT reco.activate(t.model, t.version) FROM unnest(ARRAY[5, 20, 40]) loved, reco.train(loved || ' loved') t \g /dev/null
CREATE TABLE taste.list AS
SELECT loved, c AS client, r.rank, r.product_id > 80 AS once, r.method
FROM unnest(ARRAY[5, 20, 40]) loved, generate_series(1, 150) c, reco.recommend(c, 10, loved || ' loved') r;

SELECT ok(bool_and(method = 'personal') AND count(*) = 1500, 'lists are personal: ' || loved) FROM taste.list GROUP BY loved ORDER BY loved;
SELECT cmp_ok(avg(once::integer), '<', 0.1, 'they take few places of the lists: ' || loved) FROM taste.list GROUP BY loved ORDER BY loved;
SELECT cmp_ok(avg(once::integer), '<', 0.1, 'and lead few of them: ' || loved) FROM taste.list WHERE rank = 1 GROUP BY loved ORDER BY loved;
SELECT cmp_ok(max(reco.score(1000, product, '20 loved')) FILTER (WHERE once), '<', max(reco.score(1000, product, '20 loved')) FILTER (WHERE NOT once),
              'somebody new is better served with the best of what many know')
FROM (SELECT DISTINCT product, once FROM taste.opinion WHERE loved = 20) p;

SELECT * FROM finish();
ROLLBACK;
