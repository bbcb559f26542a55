# Assertions, and any number of private servers, for tests that are shell scripts; sourced by test/servers/*.t.
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
