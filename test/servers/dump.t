#!/bin/bash
# A database with a merchant's shop, an app's tables, models and open alerts, by every way that it can be taken
# elsewhere or back in time: the same lists, levels and alerts, and work goes on. Has servers of its own; run by
# prove. What pg_upgrade takes along is what pg_dump takes, definitions by a dump and rows as files.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
plan 27

another_server
primary=$server
server_init <<-CONF
	shared_preload_libraries = ''
	fsync = off
	archive_mode = on
	archive_command = 'cp %p $server/archive/%f'
CONF
server_do mkdir "$server/archive"
server_start

sql -d postgres -c 'CREATE ROLE merchant LOGIN' -c 'CREATE DATABASE trade' -c 'GRANT CREATE ON DATABASE trade TO merchant'
sql -d trade >/dev/null <<-'SQL'
	SET client_min_messages = warning;
	CREATE EXTENSION reco;
	SET ROLE merchant;
	SELECT reco.create_shop();
	SELECT reco.demo_shop('shop', clients => 80, products => 50, days => 90, seed => 5);
	SELECT shop.count_stock(ARRAY[1, 2, 3, 4, 5], ARRAY[0, 0, 0, 0, 0]);
	SELECT reco.train('shop');
	SELECT reco.activate('shop', 1);
	CREATE SCHEMA app;
	CREATE TABLE app.goods (id integer PRIMARY KEY, stock integer, least integer);
	INSERT INTO app.goods SELECT i, i, 5 FROM generate_series(0, 30) i;
	SELECT reco.watch_stock('app.goods', 'id', 'stock', 'least');
	UPDATE app.goods SET stock = 1 WHERE id = 30;
	SELECT reco.create_model('app', ratings => 'SELECT client_id, product_id, stars FROM shop.rating', options => '{"seed": 8}');
	SELECT reco.train('app'), reco.train('app');
	SELECT reco.activate('app', 1);
	SELECT reco.expect_run('15 3 * * *');
SQL

# What clients, the till and the app see; of what is asked here nothing goes by the clock.
state()
{
	sql "$@" <<-'SQL'
		SELECT 'list', c, r.* FROM generate_series(1, 30) c, reco.recommend(c, 8, 'shop') r;
		SELECT 'stars', c, p, reco.predict(c, p, 'app') FROM generate_series(1, 10) c, generate_series(1, 10) p;
		SELECT 'similar', p, s.* FROM generate_series(1, 10) p, reco.similar_products(p, 5, 'shop') s;
		SELECT 'model', to_jsonb(m) - 'id' FROM reco.model m ORDER BY name;
		SELECT 'version', to_jsonb(v) FROM reco.model_version v ORDER BY model, version;
		SELECT 'trials', count(*) FROM reco.model_trial;
		SELECT 'due', s.* FROM reco.job_schedule s;
		SELECT 'watched', a.* FROM reco.stock_alert a ORDER BY id;
		SELECT 'level', l.* FROM shop.stock_level l ORDER BY product_id;
		SELECT 'alert', a.* FROM shop.stock_alert a ORDER BY id;
		SELECT 'order', o.product_id, o.packs, o.cost FROM shop.to_order o ORDER BY product_id;
		SELECT 'buyers', b.* FROM shop.likely_buyers b ORDER BY product_id;
		SELECT 'rows', (SELECT count(*) FROM shop.sale_line), (SELECT count(*) FROM shop.stock_move), (SELECT count(*) FROM shop.rating);
	SQL
}
before=$(state -d trade)
is "$(grep -c '^list' <<<"$before")" 240 'there are lists'
is "$(sql -d trade -c 'SELECT (SELECT count(*) > 3 FROM shop.open_alert), (SELECT count(*) > 3 FROM reco.stock_alert WHERE closed_at IS NULL)')" 't|t' 'and open alerts'

# Does work go on in the database? Of what was sold and trained nothing is asked afterwards.
works()
{
	sql -o /dev/null "$@" >"$server/works" 2>&1 <<-'SQL' && echo yes || cat "$server/works"
		SET ROLE merchant;
		BEGIN;
		SELECT shop.sell(1, ARRAY[product_id], ARRAY[1]) FROM shop.stock_level WHERE on_hand - reserved >= 1 LIMIT 1;
		SELECT shop.count_stock(ARRAY[product_id], ARRAY[0]) FROM shop.stock_level WHERE on_hand - reserved >= 1 LIMIT 1;
		UPDATE app.goods SET stock = 0 WHERE id = 29;
		SELECT 1 / count(*) FROM reco.stock_alert WHERE product_id = 29 AND kind = 'out' AND closed_at IS NULL;
		SELECT reco.train('shop'), reco.train('app');
		SELECT reco.create_model('another', purchases => 'SELECT client_id, product_id, 1 FROM shop.rating');
		SELECT reco.create_shop('second');
		SELECT 1 / (shop.refresh_alerts() = 0)::integer;
		COMMIT;
	SQL
}

new_database()
{
	sql -d postgres -c "CREATE DATABASE $1 TEMPLATE template0" -c "GRANT CREATE ON DATABASE $1 TO merchant"
}

# restored NAME WAY: compares, having said what was said while it was restored
restored()
{
	is "$(grep -v '^Command was\|^$' "$server/said" || :)" '' "$2 is restored without a word"
	is "$(state -d "$1")" "$before" 'to the same lists, models, levels and alerts'
	is "$(works -d "$1")" yes 'in which work goes on'
}

for format in plain custom; do
	new_database $format
	pg_dump -F $format -f "$server/$format.dump" trade
	if [ $format = plain ]; then
		psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -d plain -f "$server/plain.dump" >"$server/said" 2>&1 || :
	else
		pg_restore --exit-on-error -d custom "$server/custom.dump" >"$server/said" 2>&1 || :
	fi
	restored $format "a $format dump"
done

new_database parallel
server_do "$bindir/pg_dump" -h "$PGHOST" -U postgres -F directory -j 4 -f "$server/parallel.dump" trade
pg_restore --exit-on-error -j 4 -d parallel "$server/parallel.dump" >"$server/said" 2>&1 || :
restored parallel 'a parallel dump'

# Rows alone: without the triggers, which would count them once more, as for any table with triggers.
new_database halves
pg_dump --schema-only trade | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -d halves >"$server/said" 2>&1 || :
pg_dump --data-only --disable-triggers trade 2>"$server/warned" | psql -Xq -v ON_ERROR_STOP=1 -o /dev/null -d halves >>"$server/said" 2>&1 || :
restored halves 'definitions, then rows,'
new_database triggers
pg_dump --schema-only trade | psql -Xq -o /dev/null -d triggers >/dev/null 2>&1 || :
pg_dump --data-only trade 2>/dev/null | psql -Xq -o /dev/null -1 -v ON_ERROR_STOP=1 -d triggers >"$server/said" 2>&1 || :
is "$(grep -c ERROR "$server/said") $(sql -d triggers -c 'SELECT count(*) FROM shop.stock_level')" '1 0' 'with triggers they are refused, and not counted twice'

# One merchant's schema, dumped by the merchant, and the model as bytes.
new_database single
sql -d single -c 'CREATE EXTENSION reco'
PGUSER=merchant pg_dump -F custom --schema=shop -f "$server/single.dump" trade
PGUSER=merchant pg_restore --exit-on-error -d single "$server/single.dump" >"$server/said" 2>&1 || :
is "$(cat "$server/said")" '' 'a merchant takes a schema alone to another database'
PGUSER=merchant sql -d single -v data="$(PGUSER=merchant sql -d trade -c "SELECT encode(reco.export_model('shop'), 'base64')")" >/dev/null <<-'SQL'
	SELECT version FROM reco.import_model('shop', decode(:'data', 'base64'));
	SELECT reco.upgrade_shop('shop');
SQL
shop_lines='^\(list\|similar\|level\|alert\|order\|buyers\|rows\)|'
is "$(state -d single -v ON_ERROR_STOP=0 2>/dev/null | grep "$shop_lines")" "$(grep "$shop_lines" <<<"$before")" 'and the model as bytes, to the same lists, levels and alerts'
is "$(PGUSER=merchant sql -d single -c "SELECT shop.sell(1, ARRAY[product_id], ARRAY[1]) > 0 FROM shop.stock_level WHERE on_hand - reserved >= 1 LIMIT 1" \
	-c "SELECT version FROM reco.train('shop')")" $'t\n2' 'in which work goes on'

# Back in time: a base backup, and the log up to a moment between two trainings.
copy_of "$primary"
past=$server
at_start=$(state -d trade)
sql -d trade >/dev/null <<-'SQL'
	SELECT shop.sell(c, ARRAY[product_id], ARRAY[1]) FROM generate_series(1, 30) c,
	    LATERAL (SELECT product_id FROM shop.stock_level WHERE on_hand - reserved > 40 + c ORDER BY product_id LIMIT 1) l;
	SELECT reco.train('shop');
	SELECT reco.activate('shop', 2);
	SELECT reco.forget_client(3, 'shop');
SQL
moment=$(state -d trade)
sql -d trade >/dev/null <<-'SQL'
	SELECT pg_create_restore_point('moment');
	SELECT reco.activate('shop', 1);
	DELETE FROM shop.rating;
	SELECT reco.train('shop');
	SELECT reco.drop_model('app');
	UPDATE app.goods SET stock = 0;
	SELECT pg_switch_wal();
SQL
is "$([ "$at_start" = "$moment" ] || [ "$moment" = "$(state -d trade 2>/dev/null)" ] && echo same)" '' 'much happens before and after a moment'
for _ in {1..100}; do
	[ "$(sql -d trade -c "SELECT last_archived_wal >= pg_walfile_name(pg_current_wal_lsn() - 1) OR failed_count > 0 FROM pg_stat_archiver")" = f ] || break
	sleep 0.1
done
server=$past
cat >>"$past/data/postgresql.conf" <<-CONF
	archive_mode = off
	restore_command = 'cp $primary/archive/%f %p'
	recovery_target_name = 'moment'
	recovery_target_action = pause
CONF
server_do touch "$past/data/recovery.signal"
server_start
for _ in {1..200}; do
	[ "$(sql -d trade -c 'SELECT pg_get_wal_replay_pause_state()' 2>/dev/null)" != paused ] || break
	sleep 0.1
done
is "$(sql -d trade -c 'SELECT pg_is_in_recovery()')" t 'a copy is brought to that moment'
is "$(state -d trade)" "$moment" 'and serves what was served then'
sql -d trade -c 'SELECT pg_wal_replay_resume()' >/dev/null
for _ in {1..200}; do
	[ "$(sql -d trade -c 'SELECT pg_is_in_recovery()')" = t ] || break
	sleep 0.1
done
is "$(state -d trade)" "$moment" 'still, having become a server of its own'
is "$(works -d trade)" yes 'in which work goes on'
is "$(sql -d trade -c "SELECT active FROM reco.model_version WHERE model = 'shop' AND version = 2")" f 'by a version of its own'

for server in "${servers[@]}"; do
	is "$(server_crashes || :)" '' 'no process of a server crashed'
done
server=$primary
copy_of "$primary"
server_start
is "$(state -d trade -v ON_ERROR_STOP=0 2>/dev/null)" "$(on "$primary" state -d trade -v ON_ERROR_STOP=0 2>/dev/null)" \
	'a base backup alone answers what the server does'
