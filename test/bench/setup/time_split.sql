-- Lists of 20 made from the first four fifths of the days of a log, judged by what was bought in the last fifth.
--
-- Wants the table line (client bigint, product bigint, quantity numeric, at timestamp), and the variable methods:
-- an array of what purchases.method can be, each trained beside on one row a pair without its time, its settings found
-- by trials on these rows, so that what was bought is ranked by that method's score.
-- Clients count who bought something in both parts; products, those of the first part.
-- Three tasks: all that is bought; of it, what the client had bought before, from their own products alone; and
-- what is new to them, from all others. recall@20 = hits / min(20, bought then), ndcg@20 binary; means over clients.

\if :{?last_part}
\else
\set last_part 0.2
\endif
CREATE TABLE line_before AS
SELECT client, product, quantity, at FROM line, (SELECT min(at)::date AS first, max(at)::date + 1 AS after FROM line) t
WHERE at < first + floor((after - first) * (1 - :last_part))::integer;
CREATE INDEX ON line_before (client);
CREATE TABLE had AS
SELECT client, product, count(*) FILTER (WHERE quantity > 0) AS times,
       sum(exp(-ln(2) * extract(epoch FROM (SELECT max(at) FROM line_before) - at) / 86400 / 120)) FILTER (WHERE quantity > 0) AS weight
FROM line_before GROUP BY client, product HAVING sum(quantity) > 0;
CREATE INDEX ON had (client, product);
CREATE TABLE goods AS
SELECT product, count(*) AS buyers, sum(weight) AS weight FROM had GROUP BY product;
CREATE TABLE wanted AS
SELECT client, product, h.client IS NOT NULL AS again
FROM (SELECT client, product FROM line WHERE at >= (SELECT max(at)::date + 1 FROM line_before)
      GROUP BY client, product HAVING sum(quantity) > 0) w
LEFT JOIN had h USING (client, product)
WHERE client IN (SELECT client FROM had) AND product IN (SELECT product FROM goods);
CREATE TABLE judged AS SELECT DISTINCT client FROM wanted;
CREATE VIEW pair AS SELECT client, product, 1 AS quantity FROM had;
CREATE TABLE list (system text, task text, client bigint, product bigint, rank bigint);
VACUUM ANALYZE line_before, had, goods, wanted, judged;

-- The products of one client, for the argument among.
CREATE VIEW own AS SELECT product AS product_id FROM had WHERE client = current_setting('bench.client')::bigint;

-- What recommend() of a model makes of the three tasks.
CREATE FUNCTION make_lists(system text, model text) RETURNS void
BEGIN ATOMIC
    INSERT INTO list
    SELECT make_lists.system, task, client, product_id, rank
    FROM (SELECT client, set_config('bench.client', client::text, true) FROM judged ORDER BY client OFFSET 0) c,
    LATERAL (SELECT 'all', r.* FROM reco.recommend(client, 20, make_lists.model, bought => true) r
             UNION ALL
             SELECT 'again', r.* FROM reco.recommend(client, 20, make_lists.model, among => 'own', bought => true) r
             UNION ALL
             SELECT 'new', r.* FROM reco.recommend(client, 20, make_lists.model) r) l (task, rank, product_id, score);
END;

-- And what scores for a client's own products make of them, where the others follow by a score for all.
CREATE FUNCTION make_lists_by(system text, own_score text, score text) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
    EXECUTE format(
        'INSERT INTO list
         WITH owned AS MATERIALIZED (
             SELECT h.client, h.product, row_number() OVER (PARTITION BY h.client ORDER BY %2$s DESC, g.%3$s DESC, h.product) AS rank
             FROM had h JOIN goods g USING (product) JOIN judged USING (client)),
         best AS MATERIALIZED (
             SELECT product, row_number() OVER (ORDER BY %3$s DESC, product) AS rank FROM goods),
         other AS (
             SELECT client, product, row_number() OVER (PARTITION BY client ORDER BY b.rank) AS rank
             FROM judged j, LATERAL (
                 SELECT product, rank FROM best b
                 WHERE NOT EXISTS (SELECT FROM had h WHERE h.client = j.client AND h.product = b.product)
                 ORDER BY b.rank LIMIT 20) b)
         SELECT %1$L, ''again'', client, product, rank FROM owned WHERE rank <= 20
         UNION ALL
         SELECT %1$L, ''new'', client, product, rank FROM other
         UNION ALL
         SELECT %1$L, ''all'', client, product, rank
         FROM (SELECT client, product, row_number() OVER (PARTITION BY client ORDER BY place, rank) AS rank
               FROM (SELECT 1 AS place, * FROM owned UNION ALL SELECT 2, * FROM other) u) a
         WHERE rank <= 20', system, own_score, score);
END $$;

SELECT make_lists_by('personal frequency', 'h.times', 'buyers'),
       make_lists_by('frequency, half gone in 120 days', 'h.weight', 'weight'),
       make_lists_by('that times log of popularity', 'h.weight * ln(1 + g.weight)', 'weight') \g /dev/null
-- the most popular, be they the client's or not
SELECT make_lists_by('most popular', 'g.buyers', 'buyers') \g /dev/null
DELETE FROM list WHERE system = 'most popular' AND task = 'all';
INSERT INTO list SELECT 'most popular', 'all', client, product, rank
FROM judged, (SELECT product, row_number() OVER (ORDER BY buyers DESC, product) AS rank FROM goods ORDER BY 2 LIMIT 20) p;

SELECT reco.create_model('log', purchases => 'SELECT client, product, quantity, at FROM line_before') \g /dev/null
SELECT version, note FROM reco.train('log') \g /dev/null
SELECT make_lists('reco', 'log') \g /dev/null
SELECT reco.create_model('only_' || method, purchases => 'SELECT client, product, quantity FROM pair',
                         options => jsonb_build_object('purchases', jsonb_build_object('method', method)))
FROM unnest(:'methods'::text[]) method \g /dev/null
SELECT version FROM unnest(:'methods'::text[]) method, reco.train('only_' || method) \g /dev/null
SELECT reco.activate('only_' || method, 1) FROM unnest(:'methods'::text[]) method \g /dev/null
SELECT make_lists('only ' || method, 'only_' || method) FROM unnest(:'methods'::text[]) method \g /dev/null
ANALYZE list;

CREATE VIEW measured AS
WITH task (task, place) AS (VALUES ('all', 1), ('again', 2), ('new', 3)),
ideal AS (
    SELECT task, client, count(*) AS bought, sum(CASE WHEN place <= 20 THEN 1 / log(2, place + 1) END) AS gain
    FROM (SELECT task, client, row_number() OVER (PARTITION BY task, client) AS place
          FROM task JOIN wanted w ON task = 'all' OR again = (task = 'again')) w
    GROUP BY task, client),
found AS (
    SELECT system, l.task, l.client, count(*) AS hits, sum(1 / log(2, rank + 1)) AS gain
    FROM list l JOIN wanted w USING (client, product) WHERE l.task = 'all' OR again = (l.task = 'again')
    GROUP BY system, l.task, l.client)
SELECT s.system, i.task, count(*) AS clients,
       avg(coalesce(f.hits, 0) / least(20, i.bought)::float8) AS recall_at_20,
       avg(coalesce(f.gain, 0) / i.gain) AS ndcg_at_20,
       stddev_samp(coalesce(f.gain, 0) / i.gain) / sqrt(count(*)) AS ndcg_error
FROM (SELECT DISTINCT system FROM list) s CROSS JOIN ideal i LEFT JOIN found f USING (system, task, client)
GROUP BY s.system, i.task;

SELECT system AS "ranked by",
       max(round(recall_at_20::numeric, 4)) FILTER (WHERE task = 'all') AS "all: recall@20",
       max(round(ndcg_at_20::numeric, 4)) FILTER (WHERE task = 'all') AS "NDCG@20",
       max(round(recall_at_20::numeric, 4)) FILTER (WHERE task = 'again') AS "again: recall@20",
       max(round(ndcg_at_20::numeric, 4)) FILTER (WHERE task = 'again') AS "NDCG@20 ",
       max(round(recall_at_20::numeric, 4)) FILTER (WHERE task = 'new') AS "new: recall@20",
       max(round(ndcg_at_20::numeric, 4)) FILTER (WHERE task = 'new') AS "NDCG@20  ",
       max(round(ndcg_error::numeric, 4)) FILTER (WHERE task = 'all') AS "+-, of all"
FROM measured GROUP BY system ORDER BY system <> 'reco', system NOT LIKE 'only %', system;
SELECT max(clients) FILTER (WHERE task = 'all') AS "clients who bought", max(clients) FILTER (WHERE task = 'again') AS "again",
       max(clients) FILTER (WHERE task = 'new') AS "something new" FROM measured;
-- Each figure of ours is to be at least the best of the others.
SELECT bench.figure(format('%s, %s: NDCG@20 of what is bought in the last fifth of the days', :'log',
                           CASE r.task WHEN 'all' THEN 'bought before or new' WHEN 'again' THEN 'bought before' ELSE 'new to the client' END),
                    r.ndcg_at_20, '>=', round(o.ndcg_at_20::numeric, 4)::float8, '', format('the best of those beside it, %s: %s', o.system, round(o.ndcg_at_20::numeric, 4)))
FROM measured r, LATERAL (SELECT system, ndcg_at_20 FROM measured WHERE task = r.task AND system <> 'reco' ORDER BY 2 DESC LIMIT 1) o
WHERE r.system = 'reco' ORDER BY r.task \g /dev/null
