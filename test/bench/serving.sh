#!/bin/bash
# Serving: lists of a warm session and of a new one, scores in SQL, the lists of all clients
#
# The data is generated: products bought by a power law, by clients who buy in three of a hundred groups, each
# product by somebody; the same at every run. What a model learnt from it does not matter here, only its size:
# one iteration, 64 factors. Times are milliseconds on the server; cpu is what the session itself has used.
#
#   SIZES='20000 100000' CLIENTS=10000 test/cluster.sh test/bench/run.sh test/bench/serving.sh
#
# By default a million products too, and 100,000 clients for recommend_all: a minute more, for their training.
set -euo pipefail
sizes=${SIZES:-20000 100000 1000000}

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# generate PRODUCTS CLIENTS PAIRS: tables product and purchase, and a model of them.
generate()
{
	sql -v products="$1" -v clients="$2" -v pairs="$3" <<-'SQL'
		SET client_min_messages = warning;
		DROP VIEW IF EXISTS seldom, seldom_by_index;
		DROP TABLE IF EXISTS product, purchase;
		SELECT reco.drop_model(name) FROM reco.model \g /dev/null
		CREATE TABLE product AS
		SELECT p AS id, (hashint8extended(p, 1) & 1023) % 100 AS category, (hashint8extended(p, 2) & 1023) % 100 < 85 AS for_sale
		FROM generate_series(1, :products) p;
		ALTER TABLE product ADD PRIMARY KEY (id), ADD sort bigint;
		UPDATE product SET sort = category;
		CREATE INDEX ON product (sort);
		CREATE VIEW seldom AS SELECT id AS product_id FROM product WHERE category = 7;
		CREATE VIEW seldom_by_index AS SELECT id AS product_id FROM product WHERE sort = 7;
		CREATE TABLE purchase AS
		SELECT DISTINCT client, product FROM (
		    SELECT (hashint8extended(p, 3) & 2147483647) % :clients AS client, p AS product FROM generate_series(1, :products) p
		    UNION ALL
		    SELECT client, (1 + (hashint8extended(client, 4 + (i & 1)) & 2147483647) % 100
		                    + 100 * floor(power((hashint8extended(i, 7) & 1048575) / 1048576.0::float8, 2.5) * (:products / 100 - 1)))::integer
		    FROM (SELECT i, (hashint8extended(i, 5) & 2147483647) % :clients AS client FROM generate_series(1, :pairs) i) x) y;
		CREATE INDEX ON purchase (client);
		VACUUM ANALYZE product, purchase;
		SELECT reco.create_model(m, purchases => 'SELECT client, product, 1 FROM purchase',
		    candidates => CASE m WHEN 'sold' THEN 'SELECT id FROM product WHERE for_sale' END,
		    options => format('{"purchases": {"method": "als", "factors": 64, "iterations": 1, "regularization": %s, "unobserved_weight": 0.1}}',
		                      1.0 / :products)::jsonb)
		FROM unnest('{plain,sold}'::text[]) m \g /dev/null
		SELECT version FROM reco.train('plain') \g /dev/null
		SELECT reco.activate('plain', 1) WHERE NOT EXISTS (SELECT FROM reco.model_version WHERE model = 'plain' AND active) \g /dev/null
		-- the same version, with candidates
		SELECT reco.import_model('sold', reco.export_model('plain')) WHERE :products <= 100000 \g /dev/null
		SELECT reco.activate('sold', version) FROM reco.model_version WHERE model = 'sold' AND NOT active \g /dev/null
		CREATE OR REPLACE FUNCTION latency(query text, times integer, OUT p50 numeric, OUT p95 numeric) LANGUAGE plpgsql AS $$
		DECLARE
		    t timestamptz;
		    ms double precision[] := '{}';
		BEGIN
		    FOR i IN -20 .. times LOOP
		        t := clock_timestamp();
		        EXECUTE query USING 1 + (i + 21) * 7919 % 20000;
		        IF i > 0 THEN
		            ms := ms || extract(epoch FROM clock_timestamp() - t)::double precision * 1000;
		        END IF;
		    END LOOP;
		    SELECT round(percentile_disc(0.5) WITHIN GROUP (ORDER BY x)::numeric, 3), round(percentile_disc(0.95) WITHIN GROUP (ORDER BY x)::numeric, 3)
		    INTO p50, p95 FROM unnest(ms) x;
		END $$;
	SQL
}

# row WHAT PRODUCTS MUST AIM P50 P95
row()
{
	printf '%-52s %9s  must %5s  aim %5s  p50 %8s  p95 %8s ms\n' "$@"
	[ "$3" = - ] || figure "$1, $2 products: p50" "$5" '<=' "$3" ms
}

# figure WHAT FIGURE RELATION BOUND UNIT: a line of the table of all figures
figure()
{
	sql -v what="$1" -v figure="$2" -v relation="$3" -v bound="$4" -v unit="$5" <<-'SQL'
		SELECT bench.figure(:'what', :figure, :'relation', :bound, :'unit', CASE :'what'
		    WHEN 'recommend(client, 10), folded in, warm session, 100000 products: p50'
		        THEN 'pgvector 0.8.6: exact 17.1; HNSW 1.4, of which half are missed'
		    END) \g /dev/null
	SQL
}

# warm WHAT PRODUCTS MUST AIM QUERY TIMES
warm()
{
	IFS='|' read -r p50 p95 < <(sql -v query="$5" -v times="$6" <<<"SELECT p50, p95 FROM latency(:'query', :times)")
	row "$1" "$2" "$3" "$4" "$p50" "$p95"
}

# The first call of a new session, over SELECT 1 in it.
first()
{
	local i times=40

	for i in $(seq $times); do
		sql <<-SQL | sed -n 's/^Time: \([0-9.]*\) ms.*/\1/p' | paste -sd ' '
			\timing on
			SELECT 1;
			SELECT count(*) FROM reco.recommend($i * 77, 10, 'plain');
		SQL
	done | awk '{ print $2 - $1 }' | sort -n |
		awk '{ v[NR] = $1 } END { printf "%.3f %.3f\n", v[int((NR + 1) / 2)], v[int(NR * 0.95)] }'
}

for products in $sizes; do
	generate "$products" 20000 $((products * 3))
	case $products in
	20000) must=0.2 aim=0.06 ;;
	100000) must=0.4 aim=0.12 ;;
	*) must=4 aim=2 ;;
	esac
	warm "recommend(client, 10), folded in, warm session" "$products" $must $aim \
		"SELECT count(*) FROM reco.recommend(\$1, 10, 'plain')" 1000
	if [ "$products" = 100000 ]; then
		warm "... with candidates, 85 % pass" "$products" 2 0.5 \
			"SELECT count(*) FROM reco.recommend(\$1, 10, 'sold')" 200
		warm "... with candidates, among a view of 1 %" "$products" 5 2 \
			"SELECT count(*) FROM reco.recommend(\$1, 10, 'sold', among => 'seldom')" 100
		warm "... and that view has an index" "$products" 5 2 \
			"SELECT count(*) FROM reco.recommend(\$1, 10, 'sold', among => 'seldom_by_index')" 200
		read -r p50 p95 < <(first)
		row "first of a new session, over SELECT 1" "$products" 3 1 "$p50" "$p95"
		IFS='|' read -r p50 p95 < <(sql <<-'SQL'
			SELECT round((s.p50 - e.p50) * 10, 0), round((s.p95 - e.p95) * 10, 0)
			FROM latency('SELECT sum(reco.score($1, id, ''plain'')) FROM product', 20) s,
			     latency('SELECT sum(hashint8extended(id, 1)) FROM product WHERE $1 > 0', 20) e
		SQL
		)
		printf '%-52s %9s  must   150  aim     -  p50 %8s  p95 %8s ns\n' \
			"score(client, product) a call, over hashint8extended" "$products" "$p50" "$p95"
		figure "score(client, product) a call, over hashint8extended, $products products: p50" "$p50" '<=' 150 ns
		warm "... WHERE for_sale ORDER BY score(client, id) LIMIT 10" "$products" - - \
			"SELECT count(*) FROM (SELECT id FROM product WHERE for_sale ORDER BY reco.score(\$1, id, 'plain') DESC LIMIT 10) x" 20
	fi
done

# GFlop/s of OpenBLAS, a thread on each core: what scoring by matrix products could come to at most.
peak()
{
	local folder

	folder=$(mktemp -d)
	cat >"$folder/peak.c" <<-'C'
		#include <cblas.h>
		#include <stdio.h>
		#include <stdlib.h>
		#include <time.h>

		int
		main(void)
		{
			int			n = 2048;
			float	   *a = calloc(3 * (size_t) n * n, sizeof(float));
			double		best = 0;

			for (int i = 0; i < 8; i++)
			{
				struct timespec from;
				struct timespec to;
				double		seconds;

				clock_gettime(CLOCK_MONOTONIC, &from);
				cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, n, n, n, 1, a, n, a + n * n, n, 0, a + 2 * n * n, n);
				clock_gettime(CLOCK_MONOTONIC, &to);
				seconds = to.tv_sec - from.tv_sec + (to.tv_nsec - from.tv_nsec) / 1e9;
				if (2.0 * n * n * n / seconds > best)
					best = 2.0 * n * n * n / seconds;
			}
			printf("%.0f\n", best / 1e9);
			return 0;
		}
	C
	${CC:-gcc} -O2 -o "$folder/peak" "$folder/peak.c" -lopenblas && "$folder/peak"
	rm -rf "$folder"
}

clients=${CLIENTS:-100000}
generate 20000 "$clients" $((clients * 15))
sql -v peak="$(peak)" <<-'SQL' | tail -n 1
	SELECT count(*) FROM reco.recommend(1, 10, 'plain') \g /dev/null
	CREATE TEMP TABLE timing AS SELECT clock_timestamp() AS started;
	SELECT count(*) AS rows, count(DISTINCT client_id) AS clients FROM reco.recommend_all(10, 'plain') \gset
	SELECT extract(epoch FROM clock_timestamp() - started) AS seconds FROM timing \gset
	SELECT round(100 * :clients * 20000.0 * 64 * 2 / :seconds / 1e9 / :peak) AS share \gset
	SELECT bench.figure(format('recommend_all, %s clients, 20000 products, top 10: of the speed of sgemm', :clients), :share, '>=', 40, '%',
	                    'a matrix product alone, without its lists: 100') \g /dev/null
	SELECT format('recommend_all, %s clients x 20000 products, top 10, all included: %s s, as fast as %s %% of sgemm''s %s GFlop/s (must 40, aim 60)',
	              :clients, round(:seconds, 2), :share, :peak);
SQL
