#!/bin/bash
# Runs the tests on a throw-away server and ends with the line "N passed, N failed, N skipped".
#
#   test/run.sh              all of them
#   test/run.sh FILE...      these, for example test/sql/model.sql test/pgtap/30_recommend.sql
#
# Fails when a test fails, when the server crashes and when nothing was tested at all. What is installed is
# tested: "make test" installs first. RECO_DATA is the folder of the data sets for the tests in test/data,
# which are skipped without it. The same tests with libraries that watch memory: test/instrumented.sh.
set -eu
cd "$(dirname "$0")/.."

for file in "$@"; do
	[ -f "$file" ] || { echo "there is no test $file" >&2; exit 1; }
done

tally=$(mktemp)
trap 'rm -f "$tally"' EXIT

# Each group of tests adds lines "passed failed skipped name" to the tally.
export RECO_TALLY=$tally
# In the background, so that a signal is handed on at once; Ctrl-C reaches it without that.
env --default-signal=INT --default-signal=QUIT test/cluster.sh test/groups.sh "$@" <&0 &
cluster=$!
trap 'kill -INT $cluster 2>/dev/null || :; wait $cluster || :; exit 130' INT
trap 'kill -TERM $cluster 2>/dev/null || :; wait $cluster || :; exit 143' TERM HUP
status=0
wait $cluster || status=$?
[ "$status" -lt 128 ] || exit "$status"

read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$tally")
echo
awk '$2 > 0 { sub(/^[0-9]+ [0-9]+ [0-9]+ /, ""); print "FAILED: " $0 }' "$tally"
awk '$3 > 0 { sub(/^[0-9]+ [0-9]+ [0-9]+ /, ""); print "SKIPPED: " $0 }' "$tally"
if [ "$status" != 0 ] && [ "$failed" = 0 ]; then
	echo "FAILED: the run itself, see above"
	failed=1
elif [ $((passed + failed)) = 0 ]; then
	echo "FAILED: nothing was tested"
	status=1
fi
echo "$passed passed, $failed failed, $skipped skipped"
[ "$status" = 0 ] && [ "$failed" = 0 ]
