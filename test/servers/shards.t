#!/bin/bash
# More than one machine, by PostgreSQL's own means. Rows that are elsewhere: a model learns from partitioned and
# foreign tables, half here and half there, what it would learn from one table. Serving elsewhere: a trainer that
# reads all shards, and shards that have some of the clients each, and of a model the products' side alone, by
# logical replication: they fold their clients in. Has servers of its own; run by prove.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
plan 38

new_server()
{
	another_server
	server_init <<-CONF
		shared_preload_libraries = ''
		fsync = off
		wal_level = logical
		shared_buffers = '64MB'
	CONF
	server_start
	sql -d postgres -c 'CREATE DATABASE shop' -c 'CREATE ROLE app LOGIN' -c 'CREATE ROLE stranger'
	sql -d shop -c 'CREATE EXTENSION reco' -c 'CREATE SCHEMA app AUTHORIZATION app' -c 'GRANT USAGE ON SCHEMA app TO stranger'
	sql -d shop -U app <<-'SQL'
		CREATE TABLE app.product (id integer PRIMARY KEY, stock integer NOT NULL);
	SQL
}

new_server
first=$server
new_server
second=$server
new_server
trainer=$server

# ---- the shards: the clients' rows, by their hash ----

for shard in "$first" "$second"; do
	on "$shard" sql -d shop -U app -c 'CREATE TABLE app.sold (client bigint NOT NULL, product integer NOT NULL, quantity numeric, stars integer)' \
		-c 'CREATE INDEX ON app.sold (client)' -c 'CREATE TABLE app.some (LIKE app.sold INCLUDING ALL)'
done
sql -d shop <<-SQL
	SET client_min_messages = warning;
	CREATE EXTENSION postgres_fdw;
	CREATE SERVER first FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$first/socket', port '5432', dbname 'shop', async_capable 'true', fetch_size '10000');
	CREATE SERVER second FOREIGN DATA WRAPPER postgres_fdw OPTIONS (host '$second/socket', port '5432', dbname 'shop', async_capable 'true', fetch_size '10000');
	CREATE USER MAPPING FOR app SERVER first OPTIONS (user 'app', password_required 'false');
	CREATE USER MAPPING FOR app SERVER second OPTIONS (user 'app', password_required 'false');
	GRANT USAGE ON FOREIGN SERVER first, second TO app;
SQL
sql -d shop -U app >/dev/null <<-'SQL'
	CREATE TABLE app.sold (client bigint NOT NULL, product integer NOT NULL, quantity numeric, stars integer) PARTITION BY HASH (client);
	CREATE FOREIGN TABLE app.sold_first PARTITION OF app.sold FOR VALUES WITH (MODULUS 2, REMAINDER 0) SERVER first OPTIONS (table_name 'sold');
	CREATE FOREIGN TABLE app.sold_second PARTITION OF app.sold FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER second OPTIONS (table_name 'sold');
	CREATE TABLE app.half (LIKE app.sold) PARTITION BY HASH (client);
	CREATE TABLE app.half_here PARTITION OF app.half FOR VALUES WITH (MODULUS 2, REMAINDER 0);
	CREATE FOREIGN TABLE app.half_there PARTITION OF app.half FOR VALUES WITH (MODULUS 2, REMAINDER 1) SERVER second OPTIONS (table_name 'some');
	CREATE INDEX ON app.half_here (client);
	CREATE TABLE app.plain (LIKE app.sold);
	INSERT INTO app.plain SELECT c, p, 1 + (c + p) % 3, 1 + (c * p + c) % 5 FROM generate_series(1, 120) c, generate_series(1, 60) p
	WHERE hashint8extended(c * 1000 + p, 7) & 1023 < CASE WHEN c % 3 = p % 3 THEN 460 ELSE 40 END;
	INSERT INTO app.sold TABLE app.plain;
	INSERT INTO app.half TABLE app.plain;
	INSERT INTO app.product SELECT p, 10 FROM generate_series(1, 60) p;
	CREATE VIEW app.seen AS SELECT client, product, sum(quantity) AS quantity, max(stars) AS stars FROM app.sold GROUP BY 1, 2;
	CREATE MATERIALIZED VIEW app.kept AS TABLE app.seen;
	ANALYZE app.sold, app.half, app.plain, app.product, app.kept;
SQL
is "$(on "$first" sql -d shop -c 'SELECT count(*) > 300 FROM app.sold')$(on "$second" sql -d shop -c 'SELECT count(*) > 300 FROM app.sold')" tt 'each shard has rows'

# ---- what is learnt from tables of all kinds ----

sources='half sold seen kept'
for source in plain $sources; do
	sql -d shop -U app >/dev/null <<-SQL
		SELECT reco.create_model('$source', options => '{"ratings": {"method": "svd"}}',
		    ratings => 'SELECT client, product, stars FROM app.$source', purchases => 'SELECT client, product, quantity FROM app.$source',
		    candidates => 'SELECT id FROM app.product WHERE stock > 0');
		SELECT reco.train('$source');
		SELECT reco.activate('$source', 1);
	SQL
done
learnt()
{
	sql -d shop -c "SELECT a.name, a.block, md5(a.data) FROM reco.model_array a JOIN reco.model_version v ON v.uuid = a.version
		WHERE v.model = '$1' AND v.version = ${2:-1} ORDER BY 1, 2"
}
# lists MODEL CLIENTS: what clients are told
lists()
{
	sql -d shop -U app <<-SQL
		SELECT c, r.* FROM ($2) s (c), reco.recommend(c, 10, '$1') r ORDER BY c, rank;
		SELECT c, reco.predict(c, 7, '$1'), reco.score(c, 8, '$1') FROM ($2) s (c) ORDER BY c;
		SELECT c, e.* FROM (SELECT c FROM ($2) s (c) ORDER BY c LIMIT 5) s, reco.explain(c, 4, 3, '$1') e;
		SELECT p, s.* FROM generate_series(1, 5) p, reco.similar_products(p, 5, '$1') s;
	SQL
}
everybody='SELECT generate_series(0, 125)'
for source in $sources; do
	is "$(learnt "$source")" "$(learnt plain)" "of $source what is learnt of a plain table, bit for bit"
	is "$(lists "$source" "$everybody")" "$(lists plain "$everybody")" 'and told'
done
is "$(sql -d shop -U app -c "EXPLAIN (COSTS off) SELECT client, product, quantity::float8 FROM app.sold" | grep -c 'Async Foreign Scan')" 2 \
	'shards are read at the same time'
is "$(sql -d shop -U app -c "EXPLAIN (COSTS off) SELECT * FROM (SELECT client, product, quantity FROM app.half) q WHERE client = 4" | grep -c 'Scan')" 1 \
	'and of one client the shard that has the client'
is "$(sql -d shop -U app -c 'BEGIN READ ONLY' -c "SELECT count(*) FROM reco.recommend(1, 10, 'sold')" -c COMMIT)" 10 'also in a read-only transaction'
is "$(sql -d shop -c 'SET ROLE stranger' -c "SELECT * FROM reco.recommend(1, 10, 'sold')" 2>&1 | grep -o 'permission denied for table sold')" \
	'permission denied for table sold' 'not by whoever may not read the tables'
best=$(sql -d shop -U app -c "SELECT product_id FROM reco.recommend(1, 1, 'sold')")
for shard in "$first" "$second"; do
	on "$shard" sql -d shop -U app -c "INSERT INTO app.sold SELECT client, $best, 1 FROM app.sold WHERE client = 1 LIMIT 1"
done
is "$(sql -d shop -U app -c "SELECT count(*) FROM reco.recommend(1, 60, 'sold') WHERE product_id = $best")" 0 'what is sold on a shard counts at once'
sql -d shop -U app -c "DELETE FROM app.sold WHERE client = 1 AND product = $best"

# ---- models on the shards ----

sql -d shop -c "CREATE PUBLICATION models FOR TABLE reco.model, reco.model_version, app.product,
	reco.model_array WHERE (name NOT IN ('client_id', 'rating_clients', 'purchase_clients'))"
for shard in "$first" "$second"; do
	name=$([ "$shard" = "$first" ] && echo first || echo second)
	sql -d shop -c "SELECT FROM pg_create_logical_replication_slot('$name', 'pgoutput')"
	on "$shard" sql -d shop -c "CREATE SUBSCRIPTION models CONNECTION 'dbname=shop host=$trainer/socket port=5432 user=postgres'
		PUBLICATION models WITH (create_slot = false, slot_name = '$name')"
done
# Waits until both shards have what the trainer wrote.
caught_up()
{
	local position shard

	position=$(sql -d shop -c 'SELECT pg_current_wal_lsn()')
	for _ in {1..400}; do
		[ "$(on "$first" sql -d shop -c "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")$(on "$second" sql -d shop \
			-c "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")" = tt ] &&
			[ "$(sql -d shop -c "SELECT bool_and(confirmed_flush_lsn >= '$position') FROM pg_replication_slots WHERE slot_name IN ('first', 'second')")" = t ] &&
			return 0
		sleep 0.05
	done
	echo '# the shards do not catch up'
}
caught_up
# same CLAIM: does each shard tell its clients what the trainer would?
same()
{
	local shard name

	for name in first second; do
		shard=${!name}
		clients="SELECT unnest('{$(on "$shard" sql -d shop -c "SELECT string_agg(DISTINCT client::text, ',') FROM app.sold")}'::bigint[])"
		is "$(on "$shard" lists sold "$clients")" "$(lists sold "$clients")" "$1: $name shard"
	done
}
for shard in "$first" "$second"; do
	is "$(on "$shard" sql -d shop -c "SELECT count(*) FILTER (WHERE name LIKE '%client%'), count(*) > 0 FROM reco.model_array")" '0|t' \
		'a shard has what was learnt of products, and of no client'
done
same 'clients are told what the trainer would tell them'
is "$(on "$first" sql -d shop -U app -c "SELECT count(*), count(DISTINCT client_id) FROM reco.recommend_all(3, 'sold')")" \
	"$(on "$first" sql -d shop -c 'SELECT 3 * count(DISTINCT client), count(DISTINCT client) FROM app.sold')" 'a shard makes the lists of all its clients'
is "$(on "$first" sql -d shop -U app -c "SELECT count(*) > 0 FROM reco.audience(1, 10, 'sold')")" t 'and whom to call'
is "$(on "$first" sql -d shop -U app -c "SELECT * FROM reco.similar_clients(1, 10, 'sold')" 2>&1)" \
	'ERROR:  what the model learnt of its clients is not on this server
HINT:  Ask the server that trained the model, or train it here.' 'but knows no similar ones, and says why'
is "$(on "$first" sql -d shop -c 'SET ROLE stranger' -c "SELECT * FROM reco.recommend(1, 10, 'sold')" 2>&1 | grep -o 'permission denied for table sold')" \
	'permission denied for table sold' 'rights are those of the shard'
client=$(on "$first" sql -d shop -c 'SELECT min(client) FROM app.sold')
best=$(on "$first" sql -d shop -U app -c "SELECT product_id FROM reco.recommend($client, 1, 'sold')")
is "$(on "$first" sql -d shop -U app -c BEGIN -c "INSERT INTO app.sold VALUES ($client, $best, 1)" \
	-c "SELECT count(*) FROM reco.recommend($client, 60, 'sold') WHERE product_id = $best" -c ROLLBACK)" 0 'what is sold on a shard counts there, in the same transaction'

# The next night.
sql -d shop -U app -c 'INSERT INTO app.sold SELECT c, 61 + c % 3, 1, 5 FROM generate_series(1, 150) c' \
	-c 'INSERT INTO app.product VALUES (61, 1), (62, 1), (63, 0)' -c 'UPDATE app.product SET stock = 0 WHERE id = 4'
sql -d shop -U app -c "SELECT reco.train('sold'), reco.activate('sold', 2)" >/dev/null
caught_up
is "$(on "$second" sql -d shop -c "SELECT version FROM reco.model_version WHERE model = 'sold' AND active")" 2 'a new version comes to the shards'
same 'by which they serve'
is "$(sql -d shop -U app -c "SELECT reco.forget_client(5, 'sold')")" 2 'a client is forgotten'
caught_up
is "$(on "$first" sql -d shop -c "SELECT count(*) FROM reco.model_version f WHERE NOT EXISTS (SELECT FROM reco.model_array a WHERE a.version = f.uuid)")" 0 \
	'which the shards follow'
same 'and serve as before'

# ---- one is away ----

server=$second
server_stop
before=$(learnt sold 2 | md5sum)
sql -d shop -U app -v VERBOSITY=verbose -c "SELECT reco.train('sold')" >"$server/said" 2>&1 || :
is "$(grep -o '^ERROR:  08[0-9]*' "$server/said")" 'ERROR:  08001' 'with a shard away a training fails'
is "$(learnt sold 2 | md5sum)" "$before" 'and leaves what there was'
is "$(sql -d shop -U app -c "SELECT count(*) FROM reco.recommend(1, 10, 'plain')")" 10 'other models serve'
server=$trainer
server_stop
client=$(on "$first" sql -d shop -c 'SELECT min(client) FROM app.sold')
is "$(on "$first" sql -d shop -U app -c "SELECT count(*) FROM reco.recommend($client, 10, 'sold')")" 10 'a shard serves without trainer and other shards'
is "$(on "$first" sql -d shop -U app -c "SELECT count(*), min(method) FROM reco.recommend(100000, 10, 'sold')")" '10|popular' 'also who is new'
for server in "${servers[@]}"; do
	is "$(server_crashes || :)" '' 'no process of a server crashed'
done
