#!/bin/bash
# Stock where rows come in by other ways than statements: a server killed by kill -9 in mid-load and started
# again, a dump that is restored, a subscriber of logical replication. Nothing is counted twice, no alert is
# raised again. Has a server of its own; run by prove.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
plan 23

# What is wrong with the stock of a database, the shop's and the app's; nothing when all is well.
wrong()
{
	wrong_stock "$1"
	sql -d "$1" -c "SELECT 'alerts of the app do not say what is so' WHERE reco.refresh_stock('app.goods') <> 0"
}

# All there is to know of stock, without when it was asked.
state()
{
	sql -d "$1" <<-'SQL'
		SELECT 'level', l FROM shop.stock_level l ORDER BY product_id;
		SELECT 'alert', a FROM shop.stock_alert a ORDER BY id;
		SELECT 'watched', a FROM reco.stock_alert a ORDER BY id;
		SELECT 'moves', count(*), sum(quantity) FROM shop.stock_move;
	SQL
}

another_server
server_init <<-CONF
	shared_buffers = '64MB'
	wal_level = logical
	max_logical_replication_workers = 4
CONF
server_start
psql -Xq -d postgres -c 'CREATE DATABASE trade'
sql -d trade >/dev/null <<-'SQL'
	SET client_min_messages = warning;
	CREATE EXTENSION reco;
	SELECT reco.create_shop();
	INSERT INTO shop.category (name) VALUES ('all');
	INSERT INTO shop.product (name, category_id, price, unit_cost, threshold)
	SELECT 'item ' || i, 1, 10, 6, 980 FROM generate_series(1, 20) AS i;
	SELECT shop.receive(NULL, array_agg(id), array_agg(1000::numeric)) FROM shop.product;
	CREATE SCHEMA app;
	CREATE TABLE app.goods (id integer PRIMARY KEY, stock integer CHECK (stock >= 0), least integer);
	INSERT INTO app.goods SELECT i, 1000, 980 FROM generate_series(1, 20) AS i;
	SELECT reco.watch_stock('app.goods', 'id', 'stock', 'least');
SQL

# Killed in mid-load

cat >"$server/load.sql" <<-'SQL'
	\set a random(1, 20)
	\set b random(1, 20)
	\set c random(1, 20)
	SELECT shop.sell(NULL, ARRAY[:a, :b, :c], ARRAY[1, 1, 1]);
	UPDATE app.goods SET stock = stock - 1 WHERE id = :a;
SQL
for round in 1 2 3; do
	sold=$(sql -d trade -c 'SELECT count(*) FROM shop.sale')
	pgbench -n -c 8 -j 2 -T 20 -f "$server/load.sql" trade >/dev/null 2>&1 &
	load=$!
	sleep 2
	kill_server
	wait $load || :
	server_start
	is "$(sql -d trade -c "SELECT count(*) > $sold FROM shop.sale")" t "killed after sales had been made, $round"
	is "$(wrong trade)" '' "after the restart every sum is right and every alert says what is so, $round"
done
is "$(sql -d trade -c "SELECT count(*) > 0 FROM shop.stock_alert WHERE kind = 'low'")" t 'there were alerts'
is "$(sql -d trade -c 'SELECT count(*) > 0 FROM reco.stock_alert')" t 'of the app too'

# Dumped and restored

before=$(state trade)
for format in plain custom; do
	psql -Xq -d postgres -c "CREATE DATABASE $format"
	pg_dump -F "$format" -f "$server/dump" trade
	if [ $format = plain ]; then
		sql -d $format -f "$server/dump" >"$server/restored" 2>&1 || :
	else
		pg_restore -d $format "$server/dump" >"$server/restored" 2>&1 || :
	fi
	is "$(grep -c ERROR "$server/restored" || :)" 0 "a $format dump is restored without errors"
	is "$(state $format)" "$before" 'the same levels, moves and alerts, no more of them'
	is "$(wrong $format)" '' 'which say what is so'
	sql -d $format >/dev/null <<-'SQL'
		SELECT shop.count_stock(ARRAY[1], ARRAY[0]);
		UPDATE app.goods SET stock = 0 WHERE id = 1;
	SQL
	is "$(sql -d $format -c "SELECT count(*) FROM (SELECT kind FROM shop.stock_alert WHERE product_id = 1 AND closed_at IS NULL AND kind = 'out'
		UNION ALL SELECT kind FROM reco.stock_alert WHERE product_id = 1 AND closed_at IS NULL AND kind = 'out') a")" 2 'the triggers have come along'
done

# Replicated

psql -Xq -d postgres -c 'CREATE DATABASE copy'
pg_dump --schema-only trade | sql -d copy >/dev/null
sql -d trade -c 'CREATE PUBLICATION stock FOR TABLE reco.stock_alert, TABLES IN SCHEMA shop, app' \
	-c "SELECT FROM pg_create_logical_replication_slot('stock', 'pgoutput')"
sql -d copy -c "CREATE SUBSCRIPTION stock CONNECTION 'dbname=trade host=$PGHOST port=$PGPORT user=$PGUSER' PUBLICATION stock
	WITH (create_slot = false, slot_name = 'stock')"

# Waits until the copy has all tables and all that was written so far.
caught_up()
{
	local position

	position=$(sql -d trade -c 'SELECT pg_current_wal_lsn()')
	for _ in {1..400}; do
		[ "$(sql -d copy -c "SELECT bool_and(srsubstate = 'r') FROM pg_subscription_rel")" = t ] &&
			[ "$(sql -d trade -c "SELECT confirmed_flush_lsn >= '$position' FROM pg_replication_slots WHERE slot_name = 'stock'")" = t ] &&
			return 0
		sleep 0.05
	done
	echo '# the subscriber does not catch up'
}

caught_up
is "$(state copy)" "$before" 'a subscriber begins with the same levels, moves and alerts'
sql -d trade >/dev/null <<-'SQL'
	SELECT shop.receive(NULL, ARRAY[2, 3], ARRAY[20, 20]);
	SELECT shop.sell(NULL, ARRAY[2, 3], ARRAY[5, 5]);
	SELECT shop.count_stock(ARRAY[4], ARRAY[0]);
	SELECT shop.receive(NULL, ARRAY[4], ARRAY[2000]);
	UPDATE app.goods SET stock = 0 WHERE id = 2;
	UPDATE app.goods SET stock = 5000 WHERE id = 2;
	INSERT INTO shop.product (name, category_id, price, unit_cost) VALUES ('new', 1, 1, 1);
SQL
caught_up
is "$(state copy)" "$(state trade)" 'and follows: nothing is counted twice, no alert is raised by the copy itself'
is "$(wrong trade)" '' 'the publisher is as it should be'
is "$(wrong copy)" '' 'and the copy would be, were it to take over'
sql -d copy -c 'ALTER SUBSCRIPTION stock DISABLE' -c 'ALTER SUBSCRIPTION stock SET (slot_name = NONE)' -c 'DROP SUBSCRIPTION stock'
sql -d copy -c "SELECT setval(pg_get_serial_sequence('shop.stock_move', 'id'), max(id)) FROM shop.stock_move" \
	-c "SELECT setval(pg_get_serial_sequence('shop.stock_alert', 'id'), max(id)) FROM shop.stock_alert" >/dev/null
sql -d copy -c 'SELECT shop.count_stock(ARRAY[5], ARRAY[0])' >/dev/null
is "$(wrong copy)" '' 'having taken over, its own triggers work'
is "$(sql -d copy -c "SELECT count(*) FROM shop.stock_alert WHERE product_id = 5 AND kind = 'out' AND closed_at IS NULL")" 1 'and raise alerts'
is "$(server_crashes | grep -vc 'was terminated by signal 9' || :)" 0 'no process of the server crashed but those that were killed'
