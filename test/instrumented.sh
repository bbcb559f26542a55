#!/bin/bash
# Runs tests with libraries that watch what they do: every access to memory, and what C leaves undefined.
#
#   test/instrumented.sh sanitize [FILE...]     by gcc's address and undefined-behaviour sanitizers
#   test/instrumented.sh valgrind [FILE...]     by valgrind
#
# Files as of test/run.sh; without them those of test/sql and test/pgtap, but for the ones about time and memory,
# which are other than usual here. By valgrind those of test/isolation, too, and not the ones that would train for most
# of an hour each, as what they train runs in others; it takes hours as it is. Our libraries are built anew, with
# assertions, and run by a copy of the server's programs; the server itself, which is not ours to judge, is left as it
# is. Whatever is reported of our libraries fails the run, and so does a test that fails.
set -eu
cd "$(dirname "$0")/.."
. test/server.sh

tool=${1-}
[ "$tool" = sanitize ] || [ "$tool" = valgrind ] || die "usage: $0 sanitize|valgrind [FILE...]"
shift
[ $tool != valgrind ] || command -v valgrind >/dev/null || die 'the package valgrind is not installed'
server_setup
work=$(mktemp -d /tmp/reco-instrumented.XXXXXX)
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
mkdir -m 777 "$work/reports"

own_installation "$work/installed"
flags='-O1 -g -fno-omit-frame-pointer -ffp-contract=off -DUSE_ASSERT_CHECKING'
if [ $tool = sanitize ]; then
	flags="$flags -fsanitize=address,undefined -fno-sanitize=alignment -fno-sanitize-recover=undefined"
fi
own_build "$work/source" COPT="$flags"
cp --remove-destination "$work/source"/reco{,_train}.so "$libraries"
cp --remove-destination "$work/source"/{reco.control,sql/reco--*.sql} "$extensions"

# With the sanitizer's library loaded first, the program's first call for translations may wait for ever for a
# lock of the C library; messages are English anyhow.
echo 'char *bindtextdomain(const char *domain, const char *folder) { return (char *) folder; }' |
	gcc -x c -w -shared -fPIC -o "$work/untranslated.so" -

# The server's program is started by way of what watches it; processes that it makes are watched with it.
mv "$bindir/postgres" "$bindir/postgres.real"
{
	echo '#!/bin/sh'
	if [ $tool = sanitize ]; then
		echo "export ASAN_OPTIONS=detect_leaks=0:detect_stack_use_after_return=0:abort_on_error=1:log_path=$work/reports/asan"
		echo "export UBSAN_OPTIONS=print_stacktrace=1:halt_on_error=1:abort_on_error=1:log_path=$work/reports/ubsan"
		echo "LD_PRELOAD=\"$(gcc -print-file-name=libasan.so) $(gcc -print-file-name=libubsan.so) $work/untranslated.so\" exec $bindir/postgres.real \"\$@\""
	else
		echo "case \"\$*\" in *--boot* | *--single* | *--check* | -V | --version) exec $bindir/postgres.real \"\$@\" ;; esac"
		echo "OPENBLAS_CORETYPE=Nehalem exec valgrind -q --trace-children=no --leak-check=no --error-limit=no --num-callers=30 \\"
		# it runs one thread at a time, and long ones before others get their turn
		echo "	--log-file=$work/reports/valgrind.%p $bindir/postgres.real \"\$@\" -c max_parallel_workers=0"
	fi
} >"$bindir/postgres"
chmod 755 "$bindir/postgres"

if [ $# = 0 ]; then
	left_out='23_same_bits|40_quality|67_demo|95_backend|97_standby'
	[ $tool != valgrind ] || left_out="$left_out|22_train|47_methods|92_every_array|94_any_input"
	set -- test/sql/*.sql $(ls test/pgtap/*.sql | grep -vE "/($left_out)\.sql$")
	[ $tool != valgrind ] || set -- "$@" test/isolation/specs/*.spec
fi
status=0
PG_CONFIG=$bindir/pg_config test/run.sh "$@" || status=1

# Of valgrind's reports those that one of our functions has part in.
found=0
for report in "$work"/reports/*; do
	[ -f "$report" ] || continue
	if [ $tool = valgrind ]; then
		awk -v RS='==[0-9]+== \n' '/reco(_train)?\.so|extension\/[a-z_]+\.c/' "$report" >"$report.ours"
		[ -s "$report.ours" ] || continue
		report=$report.ours
	fi
	found=$((found + 1))
	[ $found -gt 5 ] || { echo "--- $report"; head -n 60 "$report"; }
done
echo "$found processes with something to report"
[ $found = 0 ] || status=1
exit $status
