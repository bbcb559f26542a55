-- Lists of one model of purchases, and of one of purchases and stars, by what was bought and by what was liked.
--
-- Wants the table ticket (client, product, stars or NULL), and the variable liked: from so many stars on a product was.
\ir ../../data/setup/protocol.sql
CREATE TABLE seen AS SELECT client, product, stars FROM ticket WHERE protocol.split(client, product) <> 0;
CREATE TABLE held_out AS SELECT client, product, stars FROM ticket WHERE protocol.split(client, product) = 0;
CREATE INDEX ON seen (client);
VACUUM ANALYZE seen, held_out;
SELECT reco.create_model('purchases', purchases => 'SELECT client, product, 1 FROM seen') \g /dev/null
SELECT reco.create_model('both', purchases => 'SELECT client, product, 1 FROM seen',
                         ratings => 'SELECT client, product, stars FROM seen WHERE stars IS NOT NULL') \g /dev/null
SELECT version FROM unnest('{purchases,both}'::text[]) model, reco.train(model) \g /dev/null
SELECT reco.activate(model, 1) FROM unnest('{purchases,both}'::text[]) model \g /dev/null
CREATE TABLE list_purchases AS SELECT * FROM reco.recommend_all(100, 'purchases');
CREATE TABLE list_both AS SELECT * FROM reco.recommend_all(100, 'both');
CREATE VIEW held_out_liked AS SELECT client, product FROM held_out WHERE stars >= :liked;
CREATE VIEW list AS SELECT 'purchases' AS system, * FROM list_purchases UNION ALL SELECT 'purchases and stars', * FROM list_both;
ANALYZE list_purchases, list_both;

CREATE FUNCTION by_client(lists regclass) RETURNS TABLE (client bigint, ndcg double precision)
LANGUAGE plpgsql AS $$
BEGIN
    RETURN QUERY EXECUTE format(
        'SELECT h.client::bigint, sum(coalesce(1 / ln(l.rank + 1.0), 0))::float8 / sum(1 / ln(h.place + 1.0))::float8
         FROM (SELECT client, product, row_number() OVER (PARTITION BY client) AS place FROM held_out
               WHERE client IN (SELECT client FROM seen) AND product IN (SELECT product FROM seen)) h
         LEFT JOIN %s l ON l.client_id = h.client AND l.product_id = h.product GROUP BY h.client', lists);
END $$;

SELECT system AS "ranked by", round(bought.recall_at_20::numeric, 4) AS "bought: recall@20", round(bought.ndcg_at_100::numeric, 4) AS "NDCG@100",
       round(liked.recall_at_20::numeric, 4) AS "liked: recall@20", round(liked.ndcg_at_100::numeric, 4) AS "NDCG@100 ",
       (SELECT round(avg(h.stars), 3) FROM held_out h JOIN list l ON l.client_id = h.client AND l.product_id = h.product
        WHERE l.rank <= 10 AND l.system = v.system) AS "stars of what was found in 10"
FROM (VALUES ('purchases', 'list_purchases'::regclass), ('purchases and stars', 'list_both')) v (system, lists),
     protocol.ranking(lists, 'seen', 'held_out') bought, protocol.ranking(lists, 'seen', 'held_out_liked') liked;
SELECT round((avg(b.ndcg - p.ndcg))::numeric, 5) AS "NDCG@100 of all bought, gained by stars",
       round((stddev_samp(p.ndcg) / sqrt(count(*)))::numeric, 5) AS "standard error of NDCG@100"
FROM by_client('list_purchases') p JOIN by_client('list_both') b USING (client);
