#!/bin/bash
# The private servers of the demo: PostgreSQL, and lighttpd with the web front at WEB_PORT, 8080 if not set.
#
#   test/demo.sh start     replaces what is there, runs test/demo.sql and leaves the servers running
#   test/demo.sh stop      ends and removes them; content when there are none
#   test/demo.sh check     fails if start would find the port of the web front in use
#
# It lives in .demo/ of the repository. Where the server's user cannot get to that folder (a repository
# under /root), or its path is too long for a socket, .demo is a link to a folder under /var/tmp.
set -eu
cd "$(dirname "$0")/.."
. test/server.sh
. test/webserver.sh

here=$(pwd -P)
server=
keep=

stop()
{
	if [ -L .demo ] || [ -d .demo ]; then
		server=$(readlink -f .demo)
		[[ $server = "$here/.demo" || $server = */reco-demo.* ]] || die ".demo leads to $server, which is not ours"
		server_who "$(stat -c %U "$server" 2>/dev/null || id -un)"
		web_stop || exit 1
		server_stop || exit 1
		rm -rf "$server" .demo
	fi
	server=
}

# The port is no other's while a demo of ours listens; whether it is the same one is seen when that has ended.
check()
{
	server=$(readlink -f .demo) || server=$here/.demo
	web_pid >/dev/null || web_check
}

# A demo that did not get to its end leaves nothing behind.
finish()
{
	local status=$?

	trap '' INT TERM HUP
	trap - EXIT
	if [ -z "$keep" ]; then
		[ "$status" -ge 128 ] || [ -z "$server" ] || server_log 40
		stop
	fi
	exit "$status"
}

start()
{
	server_setup
	stop
	web_check
	server_who
	trap finish EXIT
	trap 'exit 130' INT
	trap 'exit 143' TERM HUP
	mkdir .demo
	chown "$server_user:" .demo
	if server_fits "$here/.demo"; then
		server=$here/.demo
	else
		rmdir .demo
		server_folder reco-demo /var/tmp /tmp
		ln -s "$server" .demo
	fi
	chmod 700 "$server"
	server_init </dev/null
	server_start
	psql -X -q -d postgres -c 'CREATE DATABASE demo'
	# In the background, so that a signal is dealt with at once and not when all is done.
	psql -X -q -v ON_ERROR_STOP=1 -d demo -f test/demo.sql </dev/null &
	wait $!
	psql -X -q -d postgres -v target_db=demo -f test/demo-nights.sql </dev/null &
	wait $!
	psql -X -q -d demo -f test/demo-stock.sql </dev/null &
	wait $!
	web_start
	keep=yes
	echo
	echo "Both servers go on; \"make demo-stop\" ends them. To look around:"
	echo
	echo "    psql -h $PGHOST -U $PGUSER demo"
}

case ${1-} in
start) start ;;
stop) stop ;;
check) check ;;
*) die "usage: $0 start|stop|check" ;;
esac
