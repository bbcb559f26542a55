#!/bin/bash
# Requests a second of one server and of two: a hot standby beside a primary, and two shards
#
# 20,000 clients who bought 300,000 of 5,000 products. Each server, with the four clients of pgbench that ask it,
# has one core, as two machines would have; so what is compared is one core with two. Reading: recommend() for
# any client. Selling too: half of the transactions write a purchase of the client and then ask. A standby only
# reads. A shard has half of the clients' rows, and the products' side of the model by logical replication.
set -euo pipefail
cd "$(dirname "$0")/../.."
. test/tap.sh
planned=0
seconds=${SECONDS_EACH:-20}
cores=($(taskset -cp $$ | sed 's/.*: //' | tr ',' '\n' | while IFS=- read -r from to; do seq "$from" "${to:-$from}"; done))
[ ${#cores[@]} -ge 2 ] || { echo 'this takes two cores'; exit 0; }
as_user=("${as_server[@]}")
used=0

# The next server runs on a core of its own.
next_core() { as_server=(taskset -c "${cores[used]}" "${as_user[@]}"); used=$((1 - used)); }

conf="shared_preload_libraries = ''
wal_level = logical
shared_buffers = '256MB'
fsync = off"
definition="SELECT client, product, 1 FROM bought"
rows="SELECT c AS client, (5000 * power(hashint8extended(c * 100 + i, 1) & 1048575, 2) / 1048576.0 ^ 2)::integer AS product
	FROM generate_series(1, 20000) c, generate_series(1, 15) i"

# with_rows WHERE
with_rows()
{
	server_init <<<"$conf"
	server_start
	sql -d postgres -c 'CREATE EXTENSION reco' -c "CREATE TABLE bought AS SELECT * FROM ($rows) r WHERE $1" \
		-c 'CREATE INDEX ON bought (client)' -c 'VACUUM ANALYZE bought'
}

next_core
another_server
primary=$server
with_rows true
sql -d postgres -c "SELECT reco.create_model('shop', purchases => '$definition', options => '{\"purchases\": {\"regularization\": 0.02}}')" \
	-c "SELECT 'the model:', clients, 'clients,', products, 'products,', purchases, 'pairs, trained in', round(seconds::numeric, 1), 's'
		FROM reco.train('shop')" -c "SELECT reco.activate('shop', 1)" | tr '|' ' ' | grep -v '^$'
next_core
copy_of "$primary" -R
standby=$server
server_start

cat >"$primary/read.sql" <<-'SQL'
	\set client random(1, 20000)
	SELECT count(*) FROM reco.recommend(:client, 10);
SQL
# A shard is asked for clients it has: its table of all of them gives the k-th.
cat >"$primary/shard.sql" <<-'SQL'
	\set k random(1, 10000)
	SELECT count(*) FROM client c, reco.recommend(c.id, 10) WHERE c.k = :k;
SQL
cat >"$primary/sell.sql" <<-'SQL'
	\set k random(1, 10000)
	\set product random(1, 5000)
	BEGIN;
	INSERT INTO bought SELECT id, :product FROM client WHERE k = :k;
	SELECT count(*) FROM client c, reco.recommend(c.id, 10) WHERE c.k = :k;
	END;
SQL
chmod -R a+rX "$primary"/*.sql

# load "NAME" SERVER-AND-CORE... -- pgbench's words
load()
{
	local name=$1 at files=() pids=() total

	shift
	while [ "$1" != -- ]; do files+=("$1"); shift; done
	shift
	for at in "${files[@]}"; do
		PGHOST="${at%@*}/socket" taskset -c "${at#*@}" pgbench -n -c 4 -j 1 -T "$seconds" "$@" postgres >"${at%@*}/out" 2>&1 &
		pids+=($!)
	done
	for at in "${pids[@]}"; do wait "$at" || { cat "$primary/out"; exit 1; }; done
	total=$(for at in "${files[@]}"; do sed -n 's/^tps = \([0-9.]*\).*/\1/p' "${at%@*}/out"; done | awk '{ s += $1 } END { printf "%.0f", s }')
	printf '%-46s %8d a second\n' "$name" "$total"
}

for _ in 1 2; do
	load 'lists, one server' "$primary@${cores[0]}" -- -f "$primary/read.sql"
	load 'lists, a primary and its standby' "$primary@${cores[0]}" "$standby@${cores[1]}" -- -f "$primary/read.sql"
done
server=$standby
server_stop

# Shards: the clients by their number, modulo 2.
shards=()
on "$primary" sql -d postgres -c 'CREATE PUBLICATION model FOR TABLE reco.model, reco.model_version,
	reco.model_array WHERE (name NOT IN ($$client_id$$, $$rating_clients$$, $$purchase_clients$$))'
used=0
for half in 0 1; do
	next_core
	another_server
	shards+=("$server")
	with_rows "client % 2 = $half"
	sql -d postgres -c "CREATE TABLE client AS SELECT row_number() OVER (ORDER BY client)::integer AS k, client AS id FROM (SELECT DISTINCT client FROM bought) b" \
		-c 'CREATE UNIQUE INDEX ON client (k)' -c 'VACUUM ANALYZE client' \
		-c "CREATE SUBSCRIPTION model CONNECTION 'dbname=postgres host=$primary/socket port=5432 user=postgres'
			PUBLICATION model WITH (slot_name = 'shard_$half')" 2>/dev/null
	for _ in {1..600}; do
		[ "$(sql -d postgres -c "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")" = t ] && break
		sleep 0.1
	done
done
for _ in 1 2; do
	for what in shard sell; do
		words=$([ $what = shard ] && echo lists || echo 'sales and lists')
		load "$words, one shard" "${shards[0]}@${cores[0]}" -- -f "$primary/$what.sql"
		load "$words, two shards" "${shards[0]}@${cores[0]}" "${shards[1]}@${cores[1]}" -- -f "$primary/$what.sql"
	done
done
