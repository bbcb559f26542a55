#!/bin/bash
# A busy server: 64 clients who are recommended products, buy and rate, while models are trained, versions change
# and clients are forgotten. No error, no deadlock, and each list is the one that a slow query finds. Then the
# same while processes are killed, one or all, and while a disk is full: whatever was committed is there, and
# whatever is there agrees. Has a server of its own; run by prove.
#
# SOAK_SECONDS is how long each of the first two parts takes: 8 here, 300 by "make soak".
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
plan 29
seconds=${SOAK_SECONDS:-8}
every=$((seconds >= 120 ? 20 : 4))

another_server
server_init <<-CONF
	shared_preload_libraries = ''
	shared_buffers = '128MB'
	synchronous_commit = on
	fsync = off
	max_connections = 120
CONF
server_start
sql -d postgres -c 'CREATE DATABASE trade'
export PGDATABASE=trade
sql >/dev/null <<-'SQL'
	SET client_min_messages = warning;
	CREATE EXTENSION reco;
	SELECT reco.create_shop();
	SELECT reco.demo_shop('shop', clients => 300, products => 120, days => 120, seed => 4);
	INSERT INTO shop.stock_move (product_id, quantity, kind) SELECT id, 1000 + id, 'receipt' FROM shop.product;
	SELECT reco.create_model('plain', options => '{"purchases": {"regularization": 0.1}, "ratings": {"method": "svd"}}',
	    ratings => 'SELECT client_id, product_id, stars, rated_at FROM shop.rating',
	    purchases => 'SELECT s.client_id, l.product_id, l.quantity, s.sold_at FROM shop.sale_line l JOIN shop.sale s ON s.id = l.sale_id WHERE s.client_id IS NOT NULL',
	    candidates => 'SELECT product_id FROM shop.stock_level WHERE on_hand - reserved > 0');
	SELECT reco.train('plain'), reco.train('plain'), reco.train('shop');
	SELECT reco.activate('plain', 2), reco.activate('shop', 1);
	-- The list by one query, with nothing of the engine but a score for each product: both see one moment.
	CREATE FUNCTION shop.check_list(client bigint) RETURNS void LANGUAGE plpgsql AS $$
	DECLARE
	    have bigint[]; want bigint[]; rows bigint;
	BEGIN
	    SELECT (SELECT array_agg(r.product_id ORDER BY r.rank) FROM reco.recommend(client, 10, 'plain') r),
	           (SELECT array_agg(w.product_id) FROM (
	                SELECT c.product_id FROM shop.stock_level c
	                WHERE c.on_hand - c.reserved > 0
	                  AND c.product_id NOT IN (SELECT l.product_id FROM shop.sale_line l JOIN shop.sale s ON s.id = l.sale_id
	                                           WHERE s.client_id = client GROUP BY 1 HAVING sum(l.quantity) > 0)
	                ORDER BY reco.score(client, c.product_id, 'plain') DESC, c.product_id LIMIT 10) w)
	    INTO have, want;
	    IF have IS DISTINCT FROM want THEN
	        RAISE EXCEPTION 'client % is told % instead of %', client, have, want;
	    END IF;
	END $$;
SQL
cat >"$server/recommend.sql" <<-'SQL'
	\set client random(1, 300)
	SELECT count(*) FROM reco.recommend(:client, 10, 'plain');
	SELECT count(*) FROM reco.recommend(:client, 10);
SQL
cat >"$server/check.sql" <<-'SQL'
	\set client random(1, 300)
	SELECT shop.check_list(:client);
SQL
cat >"$server/sell.sql" <<-'SQL'
	\set client random(1, 300)
	\set a random(1, 120)
	\set b random(1, 120)
	\set c random(1, 120)
	SELECT shop.sell(:client, ARRAY[:a, :b, :c], ARRAY[1, 2, 1], partial => true);
SQL
cat >"$server/rate.sql" <<-'SQL'
	\set client random(1, 300)
	\set product random(1, 120)
	\set stars random(1, 5)
	INSERT INTO shop.rating VALUES (:client, :product, :stars) ON CONFLICT (client_id, product_id) DO UPDATE SET stars = excluded.stars, rated_at = now();
SQL
cat >"$server/receive.sql" <<-'SQL'
	\set product random(1, 120)
	SELECT shop.receive(product_ids => ARRAY[:product], quantities => ARRAY[20]);
SQL
cat >"$server/train.sql" <<-'SQL'
	SELECT FROM reco.train('plain');
	SELECT reco.activate('plain', max(version)) FROM reco.model_version WHERE model = 'plain';
	SELECT reco.forget_client(1 + (random() * 299)::integer, 'plain');
	SELECT FROM reco.similar_clients(5, 10, 'plain');
	SELECT reco.rollback('plain');
	CALL reco.retrain('shop');
	DELETE FROM reco.job_record WHERE id < (SELECT max(id) - 100 FROM reco.job_record);
SQL
chmod a+r "$server"/*.sql

load()
{
	pgbench -n -c "$1" -j 4 -T "$2" -f "$server/recommend.sql@10" -f "$server/check.sql@2" -f "$server/sell.sql@6" -f "$server/rate.sql@3" \
		-f "$server/receive.sql@1" --max-tries=1 >"$server/load" 2>&1
}
trainings()
{
	local end=$((SECONDS + $1))

	while [ $SECONDS -lt $end ]; do
		psql -Xq -o /dev/null -v ON_ERROR_STOP=1 -c 'SET client_min_messages = error' -f "$server/train.sql" || [ "${2-}" = may_fail ] || return 1
		sleep 0.2
	done
}

# What is wrong with shop and models; nothing when all is well.
wrong()
{
	wrong_stock 2>&1
	sql <<-'SQL' 2>&1
		SELECT 'not one version serves ' || name FROM reco.model m WHERE 1 <> (SELECT count(*) FROM reco.model_version v WHERE v.model = m.name AND v.active);
		SELECT 'no arrays of the version that serves ' || v.model FROM reco.model_version v WHERE v.active AND NOT EXISTS (SELECT FROM reco.model_array a WHERE a.version = v.uuid);
		SELECT 'arrays of no version' FROM reco.model_array a WHERE NOT EXISTS (SELECT FROM reco.model_version v WHERE v.uuid = a.version) LIMIT 1;
		SELECT 'a version of ' || v.model || ' has ' || sum(length(a.data)) || ' bytes, not ' || v.bytes FROM reco.model_version v JOIN reco.model_array a ON a.version = v.uuid
		GROUP BY v.model, v.version, v.bytes HAVING v.bytes <> sum(length(a.data));
		SELECT 'no list', c FROM generate_series(1, 300) c WHERE 10 <> (SELECT count(*) FROM reco.recommend(c, 10, bought => true)) LIMIT 1;
		SELECT count(shop.check_list(c)) FROM generate_series(1, 300) c HAVING count(*) <> 300;
	SQL
}
files() { server_do find "$server/data" -type f | grep -vE '/pg_wal/|/base/' | wc -l; }

is "$(wrong)" '' 'at the beginning all is well'

# ---- load ----

before=$(files)
trainings "$seconds" 2>"$server/trainings" &
trainer=$!
status=0
load 64 "$seconds" || status=1
ok $status '64 clients recommend, sell and rate'
wait $trainer && status=0 || status=1
ok $status 'while versions are trained, switched, taken back, and clients forgotten'
is "$(cat "$server/trainings")" '' 'without a word'
is "$(grep -E 'aborted|ERROR|^number of failed' "$server/load" | grep -v 'failed transactions: 0 ' || :)" '' 'nobody gets an error or a wrong list'
is "$(grep -c 'deadlock detected' "$server/log" || :)" 0 'or meets a deadlock'
versions=$(sql -c "SELECT last_version FROM reco.model WHERE name = 'plain'")
ok $((versions > 2 ? 0 : 1)) "$versions versions later"
is "$(wrong)" '' 'all is well'
after=$(files)
ok $((after - before < 60 ? 0 : 1)) "and there are not ever more files: $before, $after"
sed -n 's/^\(number of transactions actually.*\|tps.*\)/# \1/p' "$server/load"

# ---- processes are killed ----

acknowledged()
{
	sql -c 'SELECT count(*) FROM shop.sale'
}
for i in {1..20000}; do
	echo "SELECT shop.sell(NULL, ARRAY[$((1 + i % 120))], ARRAY[1], partial => true);"
done >"$server/told.sql"
chmod a+r "$server/told.sql"
lost=
told=0
end=$((SECONDS + seconds))
round=0
while [ $SECONDS -lt $end ] || [ $round -lt 2 ]; do
	round=$((round + 1))
	sold=$(acknowledged)
	load 16 $((every + 5)) &
	loading=$!
	sql -f "$server/told.sql" >"$server/told" 2>/dev/null &
	teller=$!
	trainings $every may_fail 2>/dev/null &
	trainer=$!
	sleep $((every / 2)).$((RANDOM % 10))
	if [ $((round % 2)) = 1 ]; then
		# one of them, whoever it is
		victim=$(sql -c "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid() ORDER BY random() LIMIT 1" || :)
		[ -z "$victim" ] || kill -KILL "$victim" || :
	else
		kill_server
		server_start
	fi
	wait $loading || :
	wait $trainer || :
	kill $teller 2>/dev/null || :
	wait $teller || :
	for _ in {1..100}; do
		sql -c '' 2>/dev/null && break
		sleep 0.1
	done
	[ "$(acknowledged)" -gt "$sold" ] || echo "# nothing was sold in round $round"
	told=$((told + $(grep -cE '^[0-9]+$' "$server/told" || :)))
	lost=$lost$(sed -nE 's/^[0-9]+$/SELECT & WHERE NOT EXISTS (SELECT FROM shop.sale WHERE id = &);/p' "$server/told" | sql -f -)
	problem=$(wrong)
	[ -z "$problem$lost" ] || break
done
is "$problem" '' 'after kills of single processes and of all of them, all is well'
ok $((round > 1 ? 0 : 1)) "$round times"
ok $((told > 100 ? 0 : 1)) "$told sales that somebody was told of"
is "$lost" '' 'none of which is gone'
is "$(sql -c "SELECT version > 3 FROM reco.train('plain')")" t 'training goes on'
is "$(sql -c "SELECT shop.sell(1, ARRAY[product_id], ARRAY[1]) > 0 FROM shop.stock_level WHERE on_hand - reserved > 1 LIMIT 1")" t 'and selling'

# ---- a disk is full ----

small=
room=$((64 + $(sql -c "SELECT (pg_table_size('shop.sale_line') + pg_table_size('shop.stock_move')) >> 20")))
if [ "$(id -u)" = 0 ] && mkdir "$server/small" && mount -t tmpfs -o size=${room}m reco "$server/small" 2>/dev/null; then
	small=$server/small
	chown "$server_user:" "$small"
fi
claims=('sales fail when the disk is full' 'as what it is' 'and leave nothing half done' 'stock is counted on' 'lists are served' 'with room again sales go on' 'and all is well'
	'a training fails when the disk is full' 'as what it is' 'a client is not forgotten by half' 'the version that served serves' 'with room again both go on' 'and all is well')
if [ -n "$small" ]; then
	sql -c "CREATE TABLESPACE small LOCATION '$small'" -c 'ALTER TABLE shop.sale_line SET TABLESPACE small' \
		-c 'ALTER TABLE shop.stock_move SET TABLESPACE small'
	count=$(df --output=size -k "$small" | tail -n 1)
	dd if=/dev/zero of="$small/filler" bs=1k count="$count" 2>/dev/null || :
	pgbench -n -c 8 -t 400 -f "$server/sell.sql" >"$server/load" 2>&1 && status=1 || status=0
	ok $status "${claims[0]}"
	is "$(grep -o 'ERROR:  could not extend file.*No space left on device' "$server/load" | sort -u | sed 's/".*"/.../' | head -n 1)" \
		'ERROR:  could not extend file ...: No space left on device' "${claims[1]}"
	is "$(wrong)" '' "${claims[2]}"
	is "$(sql -c "SELECT sum(quantity) = (SELECT sum(on_hand) FROM shop.stock_level) FROM shop.stock_move")" t "${claims[3]}"
	is "$(sql -c "SELECT count(*) FROM reco.recommend(1, 10, bought => true)")" 10 "${claims[4]}"
	rm "$small/filler"
	pgbench -n -c 8 -t 20 -f "$server/sell.sql" >"$server/load" 2>&1 && status=0 || status=1
	ok $status "${claims[5]}"
	is "$(wrong)" '' "${claims[6]}"

	sql -c 'ALTER TABLE shop.sale_line SET TABLESPACE pg_default' -c 'ALTER TABLE shop.stock_move SET TABLESPACE pg_default' \
		-c 'ALTER TABLE reco.model_array SET TABLESPACE small' -c 'VACUUM FULL reco.model_array'
	dd if=/dev/zero of="$small/filler" bs=1k count="$count" 2>/dev/null || :
	serves=$(sql -c "SELECT md5(string_agg(r::text, ' ')) FROM reco.recommend(1, 50, 'plain') r")
	for _ in {1..20}; do
		sql -v VERBOSITY=verbose -c "SELECT FROM reco.train('plain')" >"$server/said" 2>&1 || break
		sql -c "SELECT reco.rollback('plain')" >/dev/null 2>&1 || :
		serves=$(sql -c "SELECT md5(string_agg(r::text, ' ')) FROM reco.recommend(1, 50, 'plain') r")
	done
	[ -s "$server/said" ] && status=0 || status=1
	ok $status "${claims[7]}"
	is "$(grep -o 'ERROR:  53100' "$server/said")" 'ERROR:  53100' "${claims[8]}"
	sql -c "SELECT reco.forget_client(2, 'plain')" >"$server/said" 2>&1 || :
	is "$(sql -c "SELECT count(DISTINCT v.clients) FROM reco.model_version v JOIN reco.model_array a ON a.version = v.uuid AND a.name = 'header'
		JOIN LATERAL (SELECT sum(length(data)) / 8 AS n FROM reco.model_array i WHERE i.version = v.uuid AND i.name = 'client_id') i ON i.n <> v.clients")" 0 "${claims[9]}"
	is "$(sql -c "SELECT md5(string_agg(r::text, ' ')) FROM reco.recommend(1, 50, 'plain') r")" "$serves" "${claims[10]}"
	rm "$small/filler"
	is "$(sql -c "SELECT FROM reco.train('plain')" -c "SELECT reco.forget_client(3, 'plain') > 0")" $'t' "${claims[11]}"
	sql -c 'ALTER TABLE reco.model_array SET TABLESPACE pg_default' -c 'DROP TABLESPACE small'
	is "$(wrong)" '' "${claims[12]}"
	umount "$small"
else
	for claim in "${claims[@]}"; do
		number=$((number + 1))
		echo "ok $number - $claim # SKIP no file system of one's own without root"
	done
fi
is "$(server_crashes | grep -vcE 'was terminated by signal 9|reinitializing' || :)" 0 'no process of the server crashed but those that were killed'
