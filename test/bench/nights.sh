#!/bin/bash
# Selling and recommending while models are retrained
#
# Eight clients of pgbench, 200 transactions a second together: alone, beside two sessions that do nothing but
# compute, and beside retrain() over and over, each time with new rows; with all the cores it can have, giving
# way (reco.nice), and with the forecasts and alerts of a shop. Latency is from when the statement is sent.
# Every list is checked: ten different products, by one method. Who waits 5 ms and more for a lock is logged
# by the server (deadlock_timeout), and counted here if it is one of retrain().
set -euo pipefail
seconds=${SECONDS_EACH:-20}
rate=200
log=$PGHOST/../log
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

sql <<-'SQL' >/dev/null
	SELECT reco.create_shop(), reco.demo_shop();
	INSERT INTO shop.stock_move (product_id, quantity, kind) SELECT id, 1000000, 'receipt' FROM shop.product;
	CALL reco.retrain();
	-- the same model once more, but not under the name of the shop: no forecasts
	SELECT version FROM reco.import_model('model', reco.export_model('shop'));
	CREATE FUNCTION check_list(client bigint) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
	    lists integer; products integer; methods integer;
	BEGIN
	    SELECT count(*), count(DISTINCT product_id), count(DISTINCT method) INTO lists, products, methods
	    FROM reco.recommend(client, 10);
	    IF (lists, products, methods) IS DISTINCT FROM (10, 10, 1) THEN
	        RAISE EXCEPTION 'half a list for client %', client;
	    END IF;
	END $$;
SQL
cat >"$work/recommend.sql" <<-'SQL'
	\set client random(1, 1200)
	SELECT check_list(:client);
SQL
cat >"$work/sell.sql" <<-'SQL'
	\set client random(1, 1200)
	\set product random(1, 300)
	SELECT shop.sell(:client, ARRAY[:product]::bigint[], ARRAY[1]::numeric[]);
SQL
sql -c "ALTER SYSTEM SET deadlock_timeout = '5ms'" -c 'ALTER SYSTEM SET log_lock_waits = on' -c 'SELECT pg_reload_conf()' >/dev/null

# load NAME: the clients, and what their latencies were.
load()
{
	local name=$1 before runs failed pids

	before=$(wc -l <"$log")
	runs=$(sql -c "SELECT count(*) FROM reco.job_run WHERE outcome IN ('activated', 'kept')")
	rm -f "$work"/latency.*
	(cd "$work" && pgbench -n -c 8 -j 2 -T "$seconds" -R $rate -f recommend.sql -f sell.sql \
		--log --log-prefix=latency >out 2>&1) || { cat "$work/out"; return 1; }
	failed=$(sed -n 's/^number of failed transactions: \([0-9]*\).*/\1/p' "$work/out")
	for script in 0 1; do
		cat "$work"/latency.* | awk -v script=$script '$4 == script { print ($3 - $7) / 1000 }' | sort -n |
			awk -v name="$name" -v what=$([ $script = 0 ] && echo recommend || echo sell) '
				{ ms[NR] = $1; if ($1 > 5) slow++ }
				END { printf "%-28s %-10s %6d %8.2f %8.2f %8.2f %8.2f %8d\n", name, what, NR,
					ms[int(NR * 0.5) + 1], ms[int(NR * 0.99) + 1], ms[int(NR * 0.999) + 1], ms[NR], slow }'
	done
	# retrain() is to blame for those that waited for its process, not for baskets that waited for each other
	pids=$(sql -c "SELECT coalesce(string_agg(DISTINCT pid::text, '|'), '-') FROM reco.job_run")
	printf '%-28s errors %d, waits for its locks of 5 ms and more %d, models trained %d\n' "" "${failed:-0}" \
		"$(tail -n "+$((before + 1))" "$log" | grep -cE "pgbench: DETAIL:  Process(es)? holding the lock: ($pids)\b" || :)" \
		$(($(sql -c "SELECT count(*) FROM reco.job_run WHERE outcome IN ('activated', 'kept')") - runs))
}

# beside NAME STATEMENT NUMBER: has the load run while as many sessions run the statement again and again.
beside()
{
	local pids=() session

	for ((session = 0; session < $3; session++)); do
		while [ ! -e "$work/stop" ]; do sql -c 'SET client_min_messages = error' -c "$2" >/dev/null; done &
		pids+=($!)
	done
	load "$1"
	touch "$work/stop"
	wait "${pids[@]}" || :
	rm "$work/stop"
}

printf '%-28s %-10s %6s %8s %8s %8s %8s %8s\n' beside statement number 'p50 ms' p99 p99.9 max '> 5 ms'
load nothing
beside 'two sessions that compute' 'SELECT count(*) FROM generate_series(1, 3000000)' 2
beside 'retrain(), a model' "CALL reco.retrain('model')" 1
PGOPTIONS='-c session_preload_libraries=reco -c reco.nice=19' beside 'retrain(), reco.nice = 19' "CALL reco.retrain('model')" 1
beside 'retrain(), a shop' "CALL reco.retrain('shop')" 1
sql -c "SELECT format('%s: %s runs, %s', task, count(*), string_agg(DISTINCT outcome, ', ')) FROM reco.job_run GROUP BY task"
sql -c 'ALTER SYSTEM RESET deadlock_timeout' -c 'ALTER SYSTEM RESET log_lock_waits' -c 'SELECT pg_reload_conf()' >/dev/null
