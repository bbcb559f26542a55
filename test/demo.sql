-- What "make demo" shows: a shop, its model, and what the merchant gets from it.
--
-- Run by test/demo.sh in an empty database; each section stands on its own once the shop is trained.

\set ON_ERROR_STOP on
\encoding UTF8
SET client_min_messages = warning;
\pset pager off
\pset footer off
\pset null ''

CREATE EXTENSION reco;
SET lc_numeric = 'C';

-- A number as it is read: 12,500 for the developer, 12 500 for the merchant.
CREATE FUNCTION pg_temp.number(n numeric) RETURNS text RETURN to_char(n, 'FM999,999,999,990');
CREATE FUNCTION pg_temp.figure(x double precision) RETURNS text RETURN coalesce(round(x::numeric, 2)::text, '-');
CREATE FUNCTION pg_temp.francs(n numeric) RETURNS text RETURN replace(pg_temp.number(n), ',', ' ') || ' CDF';

---- the shop ----

\pset format unaligned
\pset tuples_only on
\echo
\echo Making a shop: a general store in Butembo, with generated clients and sales.
SELECT reco.create_shop(), reco.demo_shop() \g /dev/null
SELECT format('  %s products, %s clients, %s sales with %s lines, %s ratings, from %s to %s',
              pg_temp.number((SELECT count(*) FROM shop.product)),
              pg_temp.number((SELECT count(*) FROM shop.client)),
              pg_temp.number(count(*)),
              pg_temp.number((SELECT count(*) FROM shop.sale_line)),
              pg_temp.number((SELECT count(*) FROM shop.rating)),
              min(sold_at)::date, max(sold_at)::date)
FROM shop.sale;

---- the model ----

\echo
\echo Training, and measuring on rows that the model does not see:
SELECT model, version FROM reco.train() \gset
SELECT format(E'  RMSE: %s   (%s for averages of client and product)\n'
               '  MAE:  %s   (%s)\n'
               '  Recall@10: %s   (%s for the most popular products)\n'
               '  NDCG@10:   %s   (%s)\n'
               '  Model saved: %s version %s, %s, in %s s%s',
              pg_temp.figure(rmse), pg_temp.figure(baseline_rmse),
              pg_temp.figure(mae), pg_temp.figure(baseline_mae),
              pg_temp.figure(recall_at_10), pg_temp.figure(popular_recall_at_10),
              pg_temp.figure(ndcg_at_10), pg_temp.figure(popular_ndcg_at_10),
              model, version,
              (SELECT pg_size_pretty(sum(length(data))) FROM reco.model_array a WHERE a.version = v.uuid),
              round(seconds::numeric, 1), '; ' || note)
FROM reco.model_version v
WHERE (model, version) = (:'model', :version);

---- what it recommends ----

-- Somebody typical: of the clients who bought, and rated if anybody did, the one with a middling number of
-- different products.
WITH had AS (
    SELECT s.client_id, count(DISTINCT l.product_id) AS products,
           s.client_id IN (SELECT client_id FROM shop.rating) AS rated
    FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id AND l.quantity > 0
    WHERE s.client_id IS NOT NULL
    GROUP BY s.client_id)
SELECT c.id AS client, format('%s (client %s, %s produits achetés)', c.name, c.id, h.products) AS client_words
FROM shop.client c JOIN had h ON h.client_id = c.id
ORDER BY h.rated DESC,
         abs(h.products - (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY products) FROM had WHERE had.rated = h.rated)),
         c.id
LIMIT 1 \gset

\pset format aligned
\pset tuples_only off
\echo
\echo Recommandations pour :client_words
SELECT r.rank AS "n°",
       p.name AS "produit",
       lpad(pg_temp.francs(p.price), 11) AS "prix",
       round(r.stars::numeric, 1) AS "étoiles prévues",
       b.name AS "parce que vous avez acheté"
FROM reco.recommend(:client, 10) r
JOIN shop.product p ON p.id = r.product_id
LEFT JOIN LATERAL (SELECT product_id FROM reco.explain(:client, r.product_id, 1)) e ON true
LEFT JOIN shop.product b ON b.id = e.product_id
ORDER BY r.rank;

\echo Ce que ce client a acheté le plus souvent
SELECT p.name AS "produit",
       c.name AS "rayon",
       count(*) AS "fois",
       max(s.sold_at)::date AS "dernier achat",
       repeat('★', n.stars) AS "sa note"
FROM shop.sale s
JOIN shop.sale_line l ON l.sale_id = s.id AND l.quantity > 0
JOIN shop.product p ON p.id = l.product_id
JOIN shop.category c ON c.id = p.category_id
LEFT JOIN shop.rating n ON n.client_id = s.client_id AND n.product_id = p.id
WHERE s.client_id = :client
GROUP BY p.id, p.name, c.name, n.stars
ORDER BY count(*) DESC, p.id
LIMIT 10;
