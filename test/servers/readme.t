#!/bin/bash
# The examples of README.md come out as it says: its blocks of SQL are run one after the other in an empty
# database, and each line that is shown below one is printed, in that order. Has a server of its own; run by prove.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh

# Blocks, numbered: what is to be run, and what is shown; without what stands for more, and what has a process id.
another_server
awk -v folder="$server" '
	/^```sql$/ { n++; file = folder "/" n ".sql"; next }
	/^```$/ && file ~ /sql$/ { close(file); file = ""; ended = NR; next }
	/^```$/ && n && ended == NR - 1 { file = folder "/" n ".shown"; next }
	/^```$/ { file = ""; next }
	file && !/^\[\.\.\.\]$|^Asynchronous / { print > file }' README.md
blocks=$(ls "$server"/*.sql | wc -l)
plan $((blocks + 1))

server_init </dev/null
server_start
sql -d postgres -c 'CREATE DATABASE library'
# one session, as notifications come to whoever listens
for block in $(seq "$blocks"); do
	echo "\\o $server/$block.printed"
	cat "$server/$block.sql"
done >"$server/all.sql"
psql -X -q -d library -P footer=off -f "$server/all.sql" 2>"$server/errors" || :
sed -i 's/^psql:[^ ]* //' "$server/errors"

ok $((blocks >= 5 ? 0 : 1)) 'there are examples'
for block in $(seq "$blocks"); do
	missing=$(awk '
		{ sub(/ +$/, "") }
		FNR == 1 { files++ }
		files == 1 { want[++n] = $0; next }
		$0 == want[at + 1] { at++ }
		END { if (at < n) print want[at + 1] }' \
		"$server/$block.shown" "$server/$block.printed" "$server/errors")
	is "$missing" '' "example $block"
done
