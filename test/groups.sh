#!/bin/bash
# Runs the groups of tests against the server that PGHOST leads to; called by test/run.sh through
# test/cluster.sh. Arguments: the files to run, all when there are none.
#
#   test/numerics    TAP: files that know arrays only, compiled for themselves
#   test/sql         pg_regress: exact output; database contrib_regression
#   test/isolation   pg_isolation_regress: where sessions meet; database isolation_regression
#   test/pgtap       pgTAP: behaviour; database reco_test
#   test/jobs        pgTAP: what needs pg_cron, which lives in one database alone; database postgres
#   test/crash       TAP: what kills servers, of its own
#   test/servers     TAP: what takes several servers, or other files than those installed, of its own
#   test/web         TAP: the program of the web front, run as a web server does; database reco_web
#   test/data        pgTAP: on real data sets in the folder RECO_DATA; database reco_data
set -euo pipefail
export LC_ALL=C.UTF-8

chosen=("$@")
# What the tests leave to look at, in a checkout that may be somebody else's.
output=test/output
if ! mkdir -p $output 2>/dev/null || [ ! -w $output ]; then
	output=$(mktemp -d)
	trap 'rm -rf "$output"' EXIT
fi
log=$output/group.log

# A data folder that is given must be there: a typing error shall not skip the tests.
if [ -n "${RECO_DATA:-}" ]; then
	[ -d "$RECO_DATA" ] || { echo "RECO_DATA=$RECO_DATA is no folder" >&2; exit 1; }
else
	RECO_DATA=../shared/data
fi
data=
if [ -d "$RECO_DATA" ]; then
	data=$(cd "$RECO_DATA" && pwd)
	export RECO_DATA=$data
fi

tally() { echo "$@" >>"$RECO_TALLY"; }

# Sets files to those that match a pattern and were chosen.
select_files()
{
	local file

	files=()
	for file in $1; do
		[ -f "$file" ] || continue
		if [ ${#chosen[@]} = 0 ] || printf '%s\n' "${chosen[@]#./}" | grep -qxF "$file"; then
			files+=("$file")
		fi
	done
	[ ${#files[@]} != 0 ]
}

sql() { psql -X -q -v ON_ERROR_STOP=1 "$@"; }

# pg_regress and its sister for several sessions, through the makefile, which knows their options.
# regress VARIABLE OTHER FOLDER FILE...: the names go into VARIABLE, OTHER is left out. A test has passed
# when a line says so, in the words of PostgreSQL 15 or those of later versions.
regress()
{
	local variable=$1 other=$2 diffs=$output/$3/regression.diffs file name names='' bad='' failed=0

	shift 3
	for file in "$@"; do
		name=${file##*/}
		names="$names ${name%.*}"
	done
	rm -f "$diffs"
	echo "# $variable"
	env -u MAKEFLAGS -u MAKELEVEL make --no-print-directory -s installcheck "$variable=$names" "$other=" \
		RESULTS="$output" 2>&1 | tee "$log" | { grep --line-buffered -E '^(test|ok|not ok) ' || :; } || bad=yes
	for file in "$@"; do
		name=${file##*/}
		name=${name%.*}
		if grep -qE "^(test $name +\.\.\. ok|ok [0-9]+ +[-+] $name) " "$log"; then
			tally 1 0 0 "$file"
		else
			tally 0 1 0 "$file"
			failed=$((failed + 1))
		fi
	done
	if [ -n "$bad" ]; then
		[ $failed != 0 ] || tally 0 1 0 "$variable: not in order, although each test is"
		if [ -s "$diffs" ]; then
			head -n 300 "$diffs"
		else
			cat "$log"
		fi
	fi
}

# After a crash the server is away for a moment, which is no failure of the tests that follow.
wait_for_server()
{
	for _ in {1..100}; do
		sql -d postgres -c '' 2>/dev/null && return 0
		sleep 0.1
	done
	echo "the server does not answer"
	return 1
}

# A database with extensions; a group that gets none has failed.
database()
{
	local name=$1 extension

	shift
	wait_for_server || return 1
	if [ "$name" != postgres ]; then
		sql -d postgres -c "CREATE DATABASE $name" || return 1
	fi
	for extension in "$@"; do
		sql -d "$name" -c "CREATE EXTENSION $extension" || return 1
	done
}

# tap COMMAND... -- FILE...: runs each by the command and counts its assertions. pg_prove, and prove, tell an
# error and a plan that was not kept by their exit status alone; such a file counts as one failure more.
tap()
{
	local command=() file passed failed skipped start milliseconds bad

	while [ "$1" != -- ]; do
		command+=("$1")
		shift
	done
	shift
	for file in "$@"; do
		start=$(date +%s%3N)
		bad=
		"${command[@]}" "$file" >"$log" 2>&1 || bad=yes
		milliseconds=$(($(date +%s%3N) - start))
		skipped=$(grep -cE '^(ok|not ok) .*# (SKIP|TODO)|^1\.\.0 # ?SKIP' "$log" || :)
		passed=$(grep -E '^ok ' "$log" | grep -cvE '# (SKIP|TODO)' || :)
		failed=$(grep -E '^not ok ' "$log" | grep -cvE '# (SKIP|TODO)' || :)
		[ -z "$bad" ] || [ "$failed" != 0 ] || failed=1
		[ $((passed + failed + skipped)) != 0 ] || failed=1
		tally "$passed" "$failed" "$skipped" "$file"
		printf '%-48s %4d passed %4d failed %4d skipped %7d ms\n' "$file" "$passed" "$failed" "$skipped" \
			"$milliseconds"
		grep '# SKIP' "$log" || :
		if [ "$failed" != 0 ]; then
			cat "$log"
			wait_for_server || :
		fi
	done
}

# pgtap_group DATABASE "EXTENSION..." FILE...
pgtap_group()
{
	local database=$1 extensions=$2

	shift 2
	echo "# database $database"
	if database "$database" $extensions; then
		tap pg_prove --verbose --dbname "$database" -- "$@"
	else
		tally 0 1 0 "database $database with $extensions"
	fi
}

if select_files 'test/numerics/*.t'; then
	echo "# numerics"
	tap prove --verbose -- "${files[@]}"
fi
if select_files 'test/sql/*.sql'; then
	regress REGRESS ISOLATION sql "${files[@]}"
fi
if select_files 'test/isolation/specs/*.spec'; then
	regress ISOLATION REGRESS isolation "${files[@]}"
fi
if select_files 'test/pgtap/*.sql'; then
	pgtap_group reco_test "reco pgtap" "${files[@]}"
fi
if select_files 'test/jobs/*.sql'; then
	pgtap_group postgres "pg_cron pgtap" "${files[@]}"
fi
if select_files 'test/crash/*.t'; then
	echo "# servers to be killed"
	tap prove --verbose -- "${files[@]}"
fi
if select_files 'test/servers/*.t'; then
	echo "# servers beside each other"
	tap prove --verbose -- "${files[@]}"
fi
if select_files 'test/web/*.t'; then
	echo "# database reco_web"
	if database reco_web reco && test/web/prepare.sh; then
		tap prove --verbose -- "${files[@]}"
	else
		tally 0 1 0 "database reco_web with a shop"
	fi
fi
if select_files 'test/data/*.sql'; then
	if [ -n "$data" ]; then
		pgtap_group reco_data "reco pgtap" "${files[@]}"
	else
		for file in "${files[@]}"; do
			echo "SKIPPED $file: no data sets in $RECO_DATA; RECO_DATA may say where they are"
			tally 0 0 1 "$file (no data sets in $RECO_DATA)"
		done
	fi
fi
! awk '{ f += $2 } END { exit f == 0 }' "$RECO_TALLY"
