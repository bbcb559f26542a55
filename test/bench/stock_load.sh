#!/bin/bash
# Stock under load: baskets at the till, a bulk load, the last unit
#
# SECONDS_EACH=10 for shorter runs, CLIENTS=32, ITEMS=50.
#
# "without triggers" is the same statement into the same tables with the triggers of the ledger switched off,
# foreign keys on; "plain copy" has neither triggers nor foreign keys. A transaction that is refused for lack
# of stock is no failure, a deadlock is one.
set -euo pipefail

seconds=${SECONDS_EACH:-60}
clients=${CLIENTS:-32}
items=${ITEMS:-50}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
status=0

sql() { psql -X -q -At -v ON_ERROR_STOP=1 "$@"; }

# What must hold after any run, as words; nothing when all is well.
violations()
{
	sql <<-'SQL'
		SELECT 'ledger and level differ for product ' || product_id
		FROM (SELECT product_id, sum(quantity) AS on_hand FROM shop.stock_move GROUP BY product_id) m
		FULL JOIN shop.stock_level l USING (product_id) WHERE m.on_hand IS DISTINCT FROM l.on_hand AND m.product_id IS NOT NULL;
		SELECT 'oversold: product ' || product_id FROM shop.stock_level WHERE on_hand < 0;
		SELECT 'alerts do not say what is so' WHERE shop.refresh_alerts() <> 0;
	SQL
}

fail() { echo "FAILED: $*"; status=1; }

check()
{
	local found

	found=$(violations)
	[ -z "$found" ] || fail "$found"
}

# new_shop STOCK: a shop with so much of each item.
new_shop()
{
	sql >/dev/null <<-SQL
		SET client_min_messages = warning;
		DO \$\$ BEGIN IF to_regnamespace('shop') IS NOT NULL THEN
		    PERFORM reco.drop_model('shop'); DROP SCHEMA shop CASCADE; END IF; END \$\$;
		SELECT reco.create_shop('shop');
		INSERT INTO shop.category (name) VALUES ('all');
		INSERT INTO shop.product (name, category_id, price, unit_cost, threshold)
		SELECT 'item ' || i, 1, 10, 6, 20 FROM generate_series(1, $items) AS i;
		SELECT shop.receive(NULL, array_agg(id), array_agg($1::numeric)) FROM shop.product;
		CREATE TABLE shop.plain_move (LIKE shop.stock_move INCLUDING ALL);
		VACUUM ANALYZE;
	SQL
}

# baskets NAME FILE: tps of the run, and what pgbench says of failures.
baskets()
{
	pgbench -n -c "$clients" -j 2 -T "$seconds" -f "$2" >"$work/out" 2>"$work/err" || :
	tps=$(sed -n 's/^tps = \([0-9]*\).*/\1/p' "$work/out")
	deadlocks=$(grep -c 'deadlock detected' "$work/err" || :)
	printf '%-44s %8s tps %4s deadlocks\n' "$1" "${tps:-0}" "$deadlocks"
	[ "$deadlocks" = 0 ] || fail "$deadlocks deadlocks"
	! grep -q 'aborted' "$work/err" || fail "clients gave up: $(grep -m 1 ERROR "$work/err" || grep -m 1 aborted "$work/err")"
}

pick="\\set a random(1, $items)
\\set b random(1, $items)
\\set c random(1, $items)"
rows="(:a, -1, 'sale'), (:b, -1, 'sale'), (:c, -1, 'sale')"
printf '%s\nINSERT INTO shop.stock_move (product_id, quantity, kind) VALUES %s;\n' "$pick" "$rows" >"$work/ledger"
printf '%s\nINSERT INTO shop.plain_move (product_id, quantity, kind) VALUES %s;\n' "$pick" "$rows" >"$work/plain"
printf '%s\nSELECT shop.sell(NULL, ARRAY[:a, :b, :c], ARRAY[1, 1, 1]);\n' "$pick" >"$work/sell"

echo "baskets of 3 lines, $items items, $clients clients, $seconds s"
new_shop 1000000000
baskets "plain copy" "$work/plain"
plain=$tps
sql -c 'ALTER TABLE shop.stock_move DISABLE TRIGGER USER'
baskets "without triggers" "$work/ledger"
untouched=$tps
baskets "sell() without triggers" "$work/sell"
sell_untouched=$tps
new_shop 1000000000
baskets "with triggers" "$work/ledger"
with=$tps
check
baskets "sell()" "$work/sell"
check
echo "with triggers: $((100 * with / untouched)) % of without, $((100 * with / plain)) % of the plain copy; sell(): $((100 * tps / sell_untouched)) %"
[ $((2 * with)) -ge "$untouched" ] || fail "less than half of the rate without triggers"

echo
echo "$clients clients take 400 of each item until nothing is left"
new_shop 400
printf '%s\nSELECT shop.sell(NULL, ARRAY[:a, :b, :c], ARRAY[1, 1, 1], partial => true);\n' "$pick" >"$work/partial"
pgbench -n -c "$clients" -j 2 -t $((2 * 400 * items / 3 / clients)) -f "$work/partial" >/dev/null 2>"$work/err" || :
check
sql -c "SELECT 'sold ' || -sum(quantity) FILTER (WHERE kind = 'sale') || ' of ' || sum(quantity) FILTER (WHERE kind = 'receipt')
            || ', left ' || sum(quantity) || ', unmet ' || (SELECT sum(quantity) FROM shop.unmet_demand) FROM shop.stock_move"
[ "$(grep -c deadlock "$work/err" || :)" = 0 ] || fail "deadlock"

echo
echo "the last unit, $clients clients at once"
for level in 'read committed' 'repeatable read' 'serializable'; do
	new_shop 1
	echo 'SELECT shop.sell(NULL, ARRAY[1], ARRAY[1]);' >"$work/last"
	PGOPTIONS="-c default_transaction_isolation=${level// /\\ }" \
		pgbench -n -c "$clients" -j 2 -t 5 --max-tries=1 -f "$work/last" >/dev/null 2>"$work/err" || :
	sold=$(sql -c "SELECT count(*) FROM shop.sale_line")
	printf '%-18s %s sold\n' "$level" "$sold"
	[ "$sold" = 1 ] || fail "sold $sold times"
	check
done

echo
echo "bulk load of 200,000 moves of 1,000 products, best of 3"
items=1000 new_shop 1000000
load="INSERT INTO %s (product_id, quantity, kind) SELECT 1 + i %% 1000, -1, 'sale' FROM generate_series(1, 200000) AS i"
milliseconds()
{
	local best= t

	for _ in 1 2 3; do
		t=$(psql -X -q -At -c '\timing on' -c "$(printf "$load" "$1")" | sed -n 's/^Time: \([0-9]*\).*/\1/p')
		[ -n "$best" ] && [ "$best" -le "$t" ] || best=$t
	done
	echo "$best"
}
sql -c 'ALTER TABLE shop.stock_move DISABLE TRIGGER USER'
off=$(milliseconds shop.stock_move)
sql -c 'ALTER TABLE shop.stock_move ENABLE TRIGGER USER' -c "SELECT reco.rebuild_levels('shop')" >/dev/null
on=$(milliseconds shop.stock_move)
plain=$(milliseconds shop.plain_move)
check
echo "plain copy $plain ms, without triggers $off ms, with triggers $on ms: $(awk "BEGIN { printf \"%.2f\", $on / $off }") times"
exit $status
