-- Stock replay, Online Retail: 2,819 gift articles, daily, half a year of warm-up; and the list of surplus goods
-- needs online-retail/transactions.tsv.gz
\ir setup/stock_replay.sql

CREATE TABLE invoice_line (customer integer, code text, pieces integer, unit_price numeric, invoiced timestamp, label text);
\copy invoice_line FROM PROGRAM 'gzip -dc "$RECO_DATA/online-retail/transactions.tsv.gz"'
ALTER TABLE invoice_line ADD id bigint GENERATED ALWAYS AS IDENTITY, ADD day integer;
UPDATE invoice_line SET code = upper(code), day = invoiced::date - date '2010-12-01';
CREATE INDEX ON invoice_line (customer, code, pieces);
ANALYZE invoice_line;

-- Goods have a code of five digits and a price. What was given back within a day, as a whole, was a mistake: each
-- refund takes one sale with it, the latest that is left.
CREATE TABLE mistake (sale bigint PRIMARY KEY);
DO $$
DECLARE
    refund record;
BEGIN
    FOR refund IN SELECT * FROM invoice_line WHERE pieces < 0 AND customer IS NOT NULL AND code ~ '^\d{5}' ORDER BY invoiced, id LOOP
        INSERT INTO mistake
        SELECT l.id FROM invoice_line l
        WHERE l.customer = refund.customer AND l.code = refund.code AND l.pieces = - refund.pieces
          AND l.day BETWEEN refund.day - 1 AND refund.day AND NOT EXISTS (SELECT FROM mistake m WHERE m.sale = l.id)
        ORDER BY l.invoiced DESC, l.id DESC LIMIT 1;
    END LOOP;
END
$$;
CREATE VIEW wanted AS
SELECT dense_rank() OVER (ORDER BY l.code COLLATE "C") AS item, l.day, l.pieces, l.unit_price
FROM invoice_line l
WHERE l.pieces > 0 AND l.unit_price > 0 AND l.code ~ '^\d{5}' AND NOT EXISTS (SELECT FROM mistake m WHERE m.sale = l.id);
INSERT INTO replay.demand SELECT item, day, sum(pieces) FROM wanted GROUP BY item, day;
INSERT INTO replay.price
SELECT item, percentile_cont(0.5) WITHIN GROUP (ORDER BY unit_price) FROM wanted WHERE day < 182 GROUP BY item;
INSERT INTO replay.closed
SELECT d FROM generate_series(0, 373) d WHERE NOT EXISTS (SELECT FROM invoice_line l WHERE l.day = d);
INSERT INTO replay.setting VALUES (374, 7, 182, 28, 4, 7, 28);
SELECT replay.prepare() \g /dev/null

\ir setup/stock_replay_curve.sql
SELECT 850000 AS stock, round(replay.lost_at('fixed', 850000)) AS "lost by fixed", round(replay.lost_at('forecast', 850000)) AS "by forecast",
       round(replay.lost_at('guarded', 850000, 1)) AS "guarded beside k = 1", round(replay.lost_at('guarded', 850000, 2)) AS "k = 2",
       round(replay.lost_at('guarded', 850000, 3)) AS "k = 3", 7600 AS "at most";
SELECT bench.at_most('lost item-days', replay.lost_at('forecast', 850000), 7600) \g /dev/null

\echo
\echo 'What the fixed rule with k = 4 has too much of, 90 days ahead, at the beginning of the last seven weeks of which the'
\echo '90 days after are known. Surplus is what is on hand and not asked for in these days. precision: share of the value of'
\echo 'the listed surplus that was one; recall: share of the value of the true surplus that was listed.'
CALL replay.run('fixed', 4, keep => true);
CREATE TABLE sold AS
SELECT s.item, o.first_period AS day, s.week, s.units, s.days_out FROM replay.seen s JOIN replay.opening o USING (week);
CREATE TABLE truth AS
SELECT k.week, k.item, k.on_hand, i.price,
       greatest(k.on_hand - coalesce((SELECT sum(d.units) FROM replay.demand d
                                      WHERE d.item = k.item AND d.period >= o.first_period AND d.period < o.first_period + 90), 0), 0) AS surplus
FROM replay.kept k JOIN replay.opening o USING (week) JOIN replay.item i USING (item)
WHERE o.first_period + 90 <= 374 AND o.first_period + 90 > 374 - 7 * 7;
CREATE TABLE listed (list text, level double precision, week integer, item bigint, enough double precision);
SELECT format($$INSERT INTO listed
    SELECT 'reco, surplus_level ' || %2$s, %2$s, %1$s, f.item_id, f.surplus_above
    FROM reco.forecast_demand('SELECT item, replay.day(week), units, days_out FROM sold WHERE week < %1$s',
                              as_of => replay.day(%1$s), surplus_level => %2$s) f$$, week, level)
FROM (SELECT DISTINCT week FROM truth) w, unnest(ARRAY[0.5, 0.7, 0.8, 0.9, 0.95, 0.98]) level
UNION ALL
SELECT format($$INSERT INTO listed
    SELECT 'negative binomial of TSB with gain 0.2, quantile ' || %2$s, NULL, %1$s, f.item_id,
           reco.demand_quantile(%2$s, f.weekly_mean * 90 / 7, f.weekly_variance * 90 / 7)
    FROM reco.forecast_demand('SELECT item, replay.day(week), units, days_out FROM sold WHERE week < %1$s',
                              as_of => replay.day(%1$s), gain => 0.2) f$$, week, level)
FROM (SELECT DISTINCT week FROM truth) w, unnest(ARRAY[0.5, 0.8]) level \gexec
INSERT INTO listed
SELECT 'no sale for 90 days', NULL::double precision, t.week, t.item, CASE WHEN s.units > 0 THEN 'infinity'::double precision ELSE 0 END
FROM truth t CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.units), 0) AS units FROM sold s WHERE s.item = t.item AND s.week BETWEEN t.week - 13 AND t.week - 1) s
UNION ALL
SELECT 'more than 90 days of the mean of 13 weeks', NULL::double precision, t.week, t.item, s.units * 90 / 91
FROM truth t CROSS JOIN LATERAL (
    SELECT coalesce(sum(s.units), 0) AS units FROM sold s WHERE s.item = t.item AND s.week BETWEEN t.week - 13 AND t.week - 1) s;
CREATE TABLE measured AS
SELECT l.list, CASE WHEN l.list ^@ 'reco' THEN 'reco' WHEN l.list ^@ 'negative' THEN 'negative binomial' END AS list_of, l.level,
       sum(least(t.surplus, c.units) * t.price) / sum(c.units * t.price) AS precision,
       sum(least(t.surplus, c.units) * t.price) / (SELECT sum(surplus * price) FROM truth) AS recall
FROM listed l JOIN truth t USING (week, item)
CROSS JOIN LATERAL (SELECT greatest(t.on_hand - l.enough, 0) AS units) c
GROUP BY l.list, l.level;
SELECT list, round(precision::numeric, 3) AS precision, round(recall::numeric, 3) AS recall FROM measured ORDER BY level NULLS LAST, list;
CREATE VIEW even AS
SELECT v.list, (SELECT a.precision + (b.precision - a.precision) * (0.42 - a.recall) / (b.recall - a.recall)
              FROM measured a JOIN measured b USING (list_of)
              WHERE list_of = v.list AND a.recall <= 0.42 AND b.recall > 0.42 ORDER BY b.recall - a.recall LIMIT 1) AS precision
FROM (VALUES ('reco'), ('negative binomial')) v (list);
SELECT list, round(precision::numeric, 3) AS "precision where recall is 0.42" FROM even;
SELECT bench.at_most('precision of the negative binomial less that of reco', (SELECT precision FROM even WHERE list <> 'reco')
       - (SELECT precision FROM even WHERE list = 'reco'), 0) \g /dev/null
