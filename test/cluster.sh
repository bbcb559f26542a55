#!/bin/bash
# Runs a command against a throw-away server.
#
#   test/cluster.sh COMMAND ARGUMENT...        for example: test/cluster.sh psql
#
# The server is made for the command, with pg_cron preloaded, and removed when the command ends, by itself
# or by a signal. PGHOST, PGPORT and PGUSER (a superuser) lead to it. The exit status is that of the
# command, or 1 when the command was content but a process of the server crashed meanwhile.
set -eu
. "$(dirname "$0")/server.sh"

[ $# -gt 0 ] || die "usage: $0 COMMAND ARGUMENT..."

server=
command=
signal=

finish()
{
	trap '' INT TERM HUP
	trap - EXIT
	if [ -n "$server" ]; then
		server_stop || :
		rm -rf "$server"
	fi
	exit "$1"
}

# The terminal has sent Ctrl-C to the command as well, which may mean it for something else than its end,
# as psql does; whoever sends the signal to this process alone means the command.
interrupted()
{
	signal=INT
	if [ -n "$command" ]; then
		[ -t 0 ] || kill -INT "$command" 2>/dev/null || :
	else
		finish 130
	fi
}

terminated()
{
	[ -z "$command" ] || kill -TERM "$command" 2>/dev/null || :
	finish 143
}

trap 'finish $?' EXIT
trap interrupted INT
trap terminated TERM HUP

server_setup
server_folder reco-test "${TMPDIR:-/tmp}" /tmp /var/tmp
server_init <<-CONF
	fsync = off
	full_page_writes = off
	synchronous_commit = off
	shared_buffers = '256MB'
CONF
server_start

# In the background, so that a signal is dealt with at once and not when the command ends. The shell has
# such a command ignore Ctrl-C and read nothing; both are put right here.
env --default-signal=INT --default-signal=QUIT "$@" <&0 &
command=$!
while :; do
	signal=
	status=0
	wait "$command" || status=$?
	[ -n "$signal" ] || break
done

if ! server_pid >/dev/null; then
	say "the server is gone"
	[ "$status" != 0 ] || status=1
fi
[ "$status" = 0 ] || server_log 40
server_stop || status=1
if crashes=$(server_crashes); then
	say "the server crashed:" "$crashes"
	[ "$status" != 0 ] || status=1
fi
finish "$status"
