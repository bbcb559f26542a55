-- What make demo shows of the stock, after the night has forecast the demand: alerts, and what to order.
\set QUIET on
\pset footer off
\pset null ''
\set ON_ERROR_STOP 1

SELECT count(*) FILTER (WHERE kind = 'out') AS ruptures, count(*) FILTER (WHERE kind = 'low') AS bas,
       count(*) FILTER (WHERE kind = 'late') AS retards
FROM shop.open_alert \gset
\echo
\echo 'Alertes de stock ouvertes :' :ruptures 'ruptures,' :bas 'sous le seuil,' :retards 'livraisons en retard. Les plus attendues :'
SELECT CASE a.kind WHEN 'out' THEN 'rupture' WHEN 'low' THEN 'sous le seuil' WHEN 'late' THEN 'en retard' ELSE a.kind END AS alerte,
       a.product AS produit, round(a.on_hand) AS "en stock", round(coalesce(f.reorder_point, a.threshold)) AS seuil,
       a.likely_buyers AS "clients intéressés"
FROM shop.open_alert a LEFT JOIN shop.forecast f USING (product_id)
ORDER BY (a.kind = 'out') DESC, a.likely_buyers DESC, a.id LIMIT 8;

\echo 'À commander, par fournisseur'
SELECT supplier AS fournisseur, count(*) AS produits,
       translate(to_char(sum(cost), 'FM999,999,999,999'), ',', ' ') || ' CDF' AS montant
FROM shop.to_order GROUP BY supplier_id, supplier ORDER BY sum(cost) DESC LIMIT 5;

\echo 'et les premières lignes de la commande la plus chère'
WITH dearest AS (SELECT supplier_id FROM shop.to_order GROUP BY supplier_id ORDER BY sum(cost) DESC LIMIT 1)
SELECT product AS produit, round(position) AS "stock et commandes", round(reorder_point) AS seuil,
       round(packs) || ' x ' || round(pack_size) || ' ' || unit AS "à commander",
       translate(to_char(cost, 'FM999,999,999,999'), ',', ' ') || ' CDF' AS montant
FROM shop.to_order JOIN dearest USING (supplier_id) ORDER BY cost DESC LIMIT 5;
