#!/bin/bash
# The examples of README.md come out as it says: its blocks of SQL are run one after the other in an empty
# database, and each line that is shown below one is printed, in that order. Messages, functions, settings, views,
# tables and files that it names are there. Has a server of its own; run by prove.
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
plan $((blocks + 5))

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

# A message: what stands for a number, a name or more may be anything in the sources.
messages=$(awk '/^\| message \|/ { on = 1; next } /^$/ { on = 0 } on && /^\| `/ { split($0, part, "`"); print part[2] }' README.md)
sed 's/\\"/"/g' extension/*.c sql/[0-9]*.sql >"$server/sources"
missing=$(while read -r message; do
	pattern=$(sed -e 's/[][*^$\\]/\\&/g' -e 's/"[^"]*"/".*"/g' -e 's/\.\.\./.*/g' -e 's/ [0-9]\+ / .* /g' <<<"$message")
	grep -q -e "$pattern" "$server/sources" || echo "$message"
done <<<"$messages")
is "$missing" '' 'each message to be looked up is one of ours'
ok $(($(wc -l <<<"$messages") >= 6 ? 0 : 1)) 'and there are some'

# Each reco.name and jobs/file; a .shop of a shop's own stands in \df.
names=$(grep -oE '\breco\.[a-z_]+\b' README.md | sort -u | grep -vE '^reco\.(cgi|control|shop)$')
missing=$(for name in $names; do
	printf "SELECT '%s' WHERE to_regclass('%s') IS NULL AND current_setting('%s', true) IS NULL" "$name" "$name" "$name"
	printf " AND NOT EXISTS (SELECT FROM pg_proc WHERE pronamespace = 'reco'::regnamespace AND proname = '%s');\n" "${name#reco.}"
done | sql -d library -c 'LOAD $$reco$$' -f -)
is "$missing" '' 'everything of schema reco that it names is there'
missing=$(grep -oE '\b(jobs|web|test|extension|sql)/[A-Za-z0-9_@./-]*[A-Za-z0-9]' README.md | sort -u | while read -r file; do
	[ -e "$file" ] || [ "$file" = web/reco.cgi ] || [[ $file == test/bench/* && -e ${file%.sql}.sql ]] || echo "$file"
done)
is "$missing" '' 'every file that it names is there'
