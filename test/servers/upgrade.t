#!/bin/bash
# ALTER EXTENSION reco UPDATE leads to what CREATE EXTENSION makes, from every released version. Run by prove.
#
# A release leaves its script, unchanged from then on, as sql/upgrade/reco--A.sql; the next one adds the way
# from there, sql/upgrade/reco--A--B.sql. Where none is released yet, a version that never was, 0.9, shows that
# the way is taken and that what it leaves out is found. Has an installation of its own, a copy of the server's.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

another_server
own_installation "$server/installed"
chown -R "$server_user:" "$server/installed"

present=$(sed -n "s/^default_version *= *'\(.*\)'/\1/p" reco.control)
released=()
for file in sql/upgrade/reco--*.sql; do
	name=${file##*/reco--}
	name=${name%.sql}
	[ ! -f "$file" ] || [[ $name = *--* ]] || [ "$name" = "$present" ] || released+=("$name")
done

# The version that never was: without a function, an index, a dumped table, the storage of a column.
script=$extensions/reco--$present.sql
sed -e "/^CREATE FUNCTION reco.forget_client/,/not touched';\$/d" \
	-e '/^CREATE INDEX stock_alert_product /d' \
	-e '/SET STORAGE PLAIN;$/d' \
	-e "/pg_extension_config_dump('reco.model_trial'/d" "$script" >"$extensions/reco--0.9.sql"
{
	sed -n "/^CREATE FUNCTION reco.forget_client/,/not touched';\$/p; /^CREATE INDEX stock_alert_product /p" "$script"
	echo 'ALTER TABLE reco.model_array ALTER COLUMN data SET STORAGE PLAIN;'
	echo "SELECT pg_catalog.pg_extension_config_dump('reco.model_trial', '');"
} >"$extensions/reco--0.9--$present.sql"

plan $((6 + 6 * (1 + ${#released[@]})))

server_init <<-CONF
	shared_preload_libraries = ''
	fsync = off
CONF
server_start

# Everything that belongs to the extension, a line each.
members()
{
	sql -d "$1" -f test/servers/members.sql
}

# What a merchant and an app see, all but the clock.
answers()
{
	sql -d "$1" <<-'SQL'
		SELECT 'list', c, r.* FROM generate_series(1, 20) c, reco.recommend(c, 5, 'market') r;
		SELECT 'app', c, r.* FROM generate_series(1, 20) c, reco.recommend(c, 5, 'app') r;
		SELECT 'level', l.* FROM market.stock_level l ORDER BY product_id;
		SELECT 'alert', a.* FROM market.open_alert a ORDER BY id;
		SELECT 'watched', a.* FROM reco.stock_alert a ORDER BY id;
		SELECT 'version', to_jsonb(v) FROM reco.model_version v ORDER BY model, version;
	SQL
}

sql -d postgres -c 'CREATE DATABASE fresh' -c 'CREATE ROLE merchant'
sql -d fresh -c 'CREATE EXTENSION reco'
members fresh >"$server/fresh"

for version in 0.9 "${released[@]}"; do
	sql -d postgres -c "CREATE DATABASE \"$version\"" -c "GRANT CREATE ON DATABASE \"$version\" TO merchant"
	sql -d "$version" >/dev/null <<-SQL
		SET client_min_messages = warning;
		CREATE EXTENSION reco VERSION '$version';
		SET ROLE merchant;
		SELECT reco.create_shop('market');
		SELECT reco.demo_shop('market', clients => 60, products => 40, days => 60, seed => 3, ends => '2026-06-30');
		CREATE SCHEMA app;
		CREATE TABLE app.goods (id integer PRIMARY KEY, stock integer, least integer);
		INSERT INTO app.goods SELECT i, i, 5 FROM generate_series(0, 9) i;
		SELECT reco.watch_stock('app.goods', 'id', 'stock', 'least');
		UPDATE app.goods SET stock = 1 WHERE id = 9;
		SELECT reco.create_model('app', purchases => 'SELECT client_id, product_id, 1 FROM market.rating');
		SELECT reco.train('market'), reco.train('app');
		SELECT reco.activate('market', 1), reco.activate('app', 1);
	SQL
	before=$(answers "$version")
	is "$([ "$(members "$version")" = "$(cat "$server/fresh")" ] && echo same)" '' "$version is another version"
	status=0
	sql -d "$version" -c 'ALTER EXTENSION reco UPDATE' || status=1
	ok $status 'is updated'
	is "$(members "$version")" "$(cat "$server/fresh")" 'and has then what is made anew: each definition, comment, right'
	is "$(answers "$version")" "$before" 'the same lists, levels and alerts'
	sql -d "$version" -c 'SET ROLE merchant' -c "SELECT reco.upgrade_shop('market')" -c "SELECT reco.train('market')" >/dev/null || status=1
	ok $status 'shops are brought along'
	is "$(sql -d "$version" -c 'SET ROLE merchant' -c "SELECT market.sell(1, ARRAY[product_id], ARRAY[1]) > 0
		FROM market.stock_level WHERE on_hand - reserved > 1 LIMIT 1")" t 'and sell'
done

# What a way leaves out is found.
way=$extensions/reco--0.9--$present.sql
cp "$way" "$server/way"
for gap in 'CREATE INDEX' 'ALTER TABLE' 'SELECT pg_catalog' 'COMMENT ON'; do
	sed "/^$gap/,/;\$/d" "$server/way" >"$way"
	sql -d postgres -c 'CREATE DATABASE gap'
	sql -d gap -c "CREATE EXTENSION reco VERSION '0.9'" -c 'ALTER EXTENSION reco UPDATE'
	status=0
	members gap | cmp -s - "$server/fresh" || status=1
	ok $((1 - status)) "a way without its $gap is found not to be whole"
	sql -d postgres -c 'DROP DATABASE gap'
done

sql -d fresh -c 'SET ROLE merchant' -c 'ALTER EXTENSION reco UPDATE' 2>"$server/error" || :
is "$(grep -o 'must be owner of extension' "$server/error")" 'must be owner of extension' 'a merchant does not update it'
is "$(server_crashes || :)" '' 'no process of the server crashed'
