# Assertions, and any number of private servers, for tests that are shell scripts; sourced by test/servers/*.t and
# test/crash/*.t.
# Whoever sources it is in the folder of the checkout, and says plan N first.

. test/server.sh

number=0
servers=()

plan()
{
	planned=$1
	echo "1..$planned"
}

# ok STATUS CLAIM
ok()
{
	number=$((number + 1))
	if [ "$1" = 0 ]; then echo "ok $number - $2"; else echo "not ok $number - $2"; fi
}

# is HAVE WANT CLAIM
is()
{
	number=$((number + 1))
	if [ "$1" = "$2" ]; then
		echo "ok $number - $3"
	else
		echo "not ok $number - $3"
		diff <(echo "$2") <(echo "$1") | head -n 20 | sed 's/^/#   /'
	fi
}

sql() { psql -XAtq -v ON_ERROR_STOP=1 "$@"; }

# on SERVER COMMAND...: with PGHOST leading there.
on()
{
	local to=$1

	shift
	PGHOST="$to/socket" "$@"
}

# Makes a folder for one more server, $server.
another_server()
{
	server_folder reco-server "${TMPDIR:-/tmp}" /tmp /var/tmp
	servers+=("$server")
}

# Makes the folder of a copy of the server FROM, $server, not started. copy_of FROM WORD...: of pg_basebackup
copy_of()
{
	local from=$1

	shift
	another_server
	server_do mkdir -m 700 "$server/socket"
	server_do "$bindir/pg_basebackup" -h "$from/socket" -U postgres -D "$server/data" -c fast --no-sync "$@"
	server_do sed -i "s|$from/socket|$server/socket|g" "$server/data/postgresql.conf"
}

# Ends all processes of $server at once, as a failing machine does.
kill_server()
{
	local pid children

	pid=$(server_pid)
	children=$(pgrep -P "$pid")
	kill -KILL "$pid" $children || :
	# gone, or dead but unburied where there is no proper init; a new server would take it for alive
	for _ in {1..100}; do
		ps -o stat= -p "$(echo $pid $children | tr ' ' ,)" | grep -qv '^Z' || break
		sleep 0.05
	done
	rm -f "$server"/data/postmaster.pid "$server"/socket/.s.*
}

# What is wrong with the stock of the shop in a database; nothing when all is well. wrong_stock [DATABASE]
wrong_stock()
{
	sql ${1:+-d "$1"} <<-'SQL'
		SELECT 'ledger and level differ' FROM shop.stock_level l
		WHERE on_hand <> (SELECT coalesce(sum(quantity), 0) FROM shop.stock_move m WHERE m.product_id = l.product_id) LIMIT 1;
		SELECT 'oversold' FROM shop.stock_level WHERE on_hand < reserved LIMIT 1;
		SELECT 'a sale is not what left the stock' WHERE (SELECT sum(quantity) FROM shop.sale_line)
		    IS DISTINCT FROM (SELECT -sum(quantity) FROM shop.stock_move WHERE kind IN ('sale', 'refund'));
		SELECT 'two open alerts' FROM shop.stock_alert WHERE closed_at IS NULL GROUP BY product_id, kind HAVING count(*) > 1;
		SELECT 'alerts do not say what is so' WHERE shop.refresh_alerts() <> 0;
	SQL
}

finish()
{
	local status=$?

	trap '' INT TERM HUP
	trap - EXIT
	for server in "${servers[@]}"; do
		[ "$number" = "$planned" ] || server_log 20
		server_stop || :
		# the disk of its own that a test may have filled
		if mountpoint -q "$server/small"; then umount "$server/small"; fi
		rm -rf "$server"
	done
	exit "$status"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM HUP
server_setup
