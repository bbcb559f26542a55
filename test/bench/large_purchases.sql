-- Training on 20 million purchases of 138,493 clients and 26,744 products (generated): reading, fitting, memory
\ir setup/measure.sql
\timing on
\ir setup/large_shop.sql
\timing off
SELECT count(*) AS pairs, count(DISTINCT client) AS clients, count(DISTINCT product) AS products FROM big;
LOAD 'reco';
ALTER DATABASE :"DBNAME" SET reco.max_memory = '8GB';
SET reco.max_memory = '8GB';

-- Exact implicit iterations with 64 factors. What one of them takes is told by trainings with one and with five: these
-- are four times nine tenths of the pairs, and then two times all, as the second fit goes on from the first.
CREATE FUNCTION bench.iterations(n integer) RETURNS void LANGUAGE sql AS $$
    SELECT reco.create_model('big_' || n, purchases => 'SELECT client, product, 1 FROM big',
        options => jsonb_build_object('purchases', jsonb_build_object('method', 'als', 'factors', 64, 'iterations', n,
                                                                      'regularization', 0.003, 'unobserved_weight', 0.1)))
$$;
SELECT bench.iterations(1), bench.iterations(5) \g /dev/null
CREATE TABLE trained AS SELECT 1 AS iterations, bench.memory() AS memory, t.* FROM bench.train('big_1') t;
INSERT INTO trained SELECT 5, NULL, t.* FROM bench.train('big_5') t;
\connect -
SET max_parallel_workers_per_gather = 0;
SELECT bench.train('big_1') \g /dev/null
UPDATE trained SET memory = bench.memory() WHERE iterations = 1;

-- The same rows again: they are read, their ids mapped, the entries sorted by client and product, and that is all.
\connect -
SET max_parallel_workers_per_gather = 0;
CALL reco.retrain('big_1');
SELECT bench.cpu() AS cpu, clock_timestamp() AS wall \gset
CALL reco.retrain('big_1');
CREATE TABLE reading AS SELECT bench.cpu() - :cpu AS cpu, extract(epoch FROM clock_timestamp() - :'wall') AS wall;
SELECT outcome, message FROM reco.job_run WHERE model = 'big_1' ORDER BY started DESC LIMIT 1;

-- On paper: 16 bytes a pair (client, product, quantity), its column in the rows of either side, and the factors.
CREATE TABLE shape AS
SELECT (version).purchases AS pairs, (version).clients AS clients, (version).products AS products FROM trained LIMIT 1;
SELECT bench.figure('20 M rows: read, ids mapped, sorted', cpu, '<=', 4.5, 'CPU s', NULL) FROM reading \g /dev/null
SELECT bench.figure('the same by the clock', wall, NULL, NULL, 's', NULL) FROM reading \g /dev/null
SELECT bench.figure('20 M pairs, 64 factors: one exact implicit iteration, two cores', (b.wall - a.wall) / 5.6, '<=', 2.2, 's',
                    'implicit, 3 steps of CG, half the pairs, 8 cores: 0.84 (its benchmarks/README)')
FROM trained a, trained b WHERE a.iterations = 1 AND b.iterations = 5 \g /dev/null
SELECT bench.figure('the same', (b.cpu - a.cpu) / 5.6, NULL, NULL, 'CPU s',
                    'implicit, as above: 6.7 core-seconds; Spark: 12.3 s by the clock')
FROM trained a, trained b WHERE a.iterations = 1 AND b.iterations = 5 \g /dev/null
SELECT bench.figure('20 M pairs: memory at the peak, times what the arrays take on paper',
                    memory / (24.0 * pairs + (clients + products) * 64 * 4.0), '<=', 1.5, '', NULL)
FROM trained, shape WHERE iterations = 1 \g /dev/null
SELECT bench.figure('while reading: what reco.max_memory counts, times the peak',
                    (SELECT max(memory) FROM reco.job_run WHERE model = 'big_1') / memory::float8, NULL, NULL, '', NULL)
FROM trained WHERE iterations = 1 \g /dev/null
SELECT what, round(figure::numeric, 2) AS figure, unit FROM bench.figures ORDER BY place;
SELECT iterations, round(cpu::numeric, 1) AS "CPU s", round(wall::numeric, 1) AS "wall s", pg_size_pretty(memory) AS memory,
       round((version).ndcg_at_10::numeric, 4) AS "NDCG@10", round((version).popular_ndcg_at_10::numeric, 4) AS "of the most popular"
FROM trained ORDER BY 1;
