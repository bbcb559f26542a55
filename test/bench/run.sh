#!/bin/bash
# Runs the benchmarks against the server that PGHOST leads to, each in a database of its own.
#
#   make bench                                                       all of them, on a throw-away server
#   test/cluster.sh test/bench/run.sh test/bench/ml_1m_ratings.sql   some of them
#
# A benchmark is a file test/bench/NAME.sql, which psql runs, or an executable test/bench/NAME.sh, which finds
# its database by PGDATABASE. Its first comment is its title. A comment "needs FILE" names a data set, looked
# for in the folder RECO_DATA; without it the benchmark is skipped. One that ends with an error has failed.
#
# What a benchmark gives to bench.figure (setup/figures.sql) is in the table at the end: each figure, what it is to
# be, what others have, and the command that prints it.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8

[ -n "${PGHOST:-}" ] || { echo "usage: test/cluster.sh test/bench/run.sh [FILE...]" >&2; exit 1; }
# A data folder that is given must be there: a typing error shall not skip the benchmarks.
if [ -n "${RECO_DATA:-}" ] && [ ! -d "$RECO_DATA" ]; then
	echo "RECO_DATA=$RECO_DATA is no folder" >&2
	exit 1
fi
RECO_DATA=${RECO_DATA:-../shared/data}
if [ -d "$RECO_DATA" ]; then
	RECO_DATA=$(cd "$RECO_DATA" && pwd)
fi
export RECO_DATA

sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

machine()
{
	local cpu memory

	cpu=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo 2>/dev/null | head -n 1)
	memory=$(awk '/^MemTotal/ { printf "%.0f GB", $2 / 1048576 }' /proc/meminfo 2>/dev/null)
	echo "command:  make bench"
	echo "machine:  ${cpu:-$(uname -m)}, $(getconf _NPROCESSORS_ONLN) cores, $memory, $(uname -s)"
	echo "software: PostgreSQL $(sql -At -d postgres -c 'SHOW server_version')," \
		"reco $(sed -n "s/^default_version *= *'\(.*\)'/\1/p" reco.control), fsync off"
	echo "load:     $(cut -d ' ' -f 1-3 /proc/loadavg 2>/dev/null) before the start;" \
		"seconds grow with whatever else runs, quality does not change"
	echo "seconds:  reco reads the rows by SQL, fits nine tenths, measures the tenth, fits all and stores the model;"
	echo "          of others it is fitting once, of data in memory"
	echo "others:   measured earlier, on two cores with AVX-512 under Debian 12, with the same split"
}

# bench FILE: its title, then what it prints.
bench()
{
	local file=$1 name=${1##*/} title needs

	title=$(sed -n '/^-- \|^# /{s/^[-#]* //p;q}' "$file")
	needs=$(sed -n 's/^\(--\|#\) needs //p' "$file")
	echo
	if [ -n "$needs" ] && [ ! -r "$RECO_DATA/$needs" ]; then
		echo "SKIPPED $file: no $needs in $RECO_DATA; RECO_DATA may say where it is"
		skipped=$((skipped + 1))
		return 0
	fi
	echo "== $title   ($file)"
	export PGDATABASE=bench_${name%.*}
	sql -d postgres -c "CREATE DATABASE \"$PGDATABASE\""
	sql -c 'CREATE EXTENSION reco' -f test/bench/setup/figures.sql
	case $name in
	*.sql) sql -f "$file" </dev/null ;;
	*.sh) "$file" </dev/null ;;
	esac || { echo "FAILED $file"; failed=$((failed + 1)); }
	sql -c "COPY (SELECT what, figure, relation, bound, unit, others, '$file' FROM bench.figures ORDER BY place) TO STDOUT" >>"$figures"
	sql -d postgres -c "DROP DATABASE \"$PGDATABASE\" WITH (FORCE)"
	ran=$((ran + 1))
}

# The table of all figures.
table()
{
	[ -s "$figures" ] || return 0
	echo
	echo "== All figures; each is printed by: test/cluster.sh test/bench/run.sh FILE"
	{
		echo 'CREATE TEMP TABLE f (place integer GENERATED ALWAYS AS IDENTITY, what text, figure float8, relation text, bound float8, unit text, others text, file text);'
		echo 'COPY f (what, figure, relation, bound, unit, others, file) FROM STDIN;'
		cat "$figures"
		echo '\.'
		cat <<-'SQL'
			\pset footer off
			\pset null ''
			SELECT what, trim_scale(CASE WHEN abs(figure) < 10 THEN round(figure::numeric, 4) ELSE round(figure::numeric, 1) END) AS figure, unit,
			       CASE WHEN figure <= bound AND relation = '<=' OR figure >= bound AND relation = '>=' THEN 'ok'
			            WHEN bound IS NOT NULL THEN 'MISSED' END AS judged,
			       relation || ' ' || bound AS "is to be", others, file
			FROM f ORDER BY place;
		SQL
	} | sql -d postgres -f -
}

if [ $# = 0 ]; then
	set -- test/bench/*.sql test/bench/*.sh
fi
ran=0 failed=0 skipped=0
figures=$(mktemp)
trap 'rm -f "$figures"' EXIT
machine
for file in "$@"; do
	case $file in
	*/run.sh) ;;
	*) bench "$file" ;;
	esac
done
table
echo
echo "$ran benchmarks run, $failed failed, $skipped skipped"
[ $failed = 0 ] && [ $ran != 0 ]
