-- A generated shop: what is bought, and the stars of it; a tenth held out
\set ON_ERROR_STOP on
\set liked 4
SELECT reco.create_shop(), reco.demo_shop('shop', ends => '2025-01-01') \g /dev/null
CREATE TABLE ticket AS
SELECT s.client_id AS client, l.product_id AS product, min(r.stars) AS stars
FROM shop.sale s JOIN shop.sale_line l ON l.sale_id = s.id
LEFT JOIN shop.rating r ON r.client_id = s.client_id AND r.product_id = l.product_id
WHERE s.client_id IS NOT NULL GROUP BY 1, 2 HAVING sum(l.quantity) > 0;
\ir setup/both.sql
