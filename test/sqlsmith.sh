#!/bin/bash
# Random queries over everything that the extension has, by sqlsmith: none may end a process of the server.
#
#   SECONDS_EACH=600 test/cluster.sh test/sqlsmith.sh
#
# Needs the Debian package sqlsmith. A shop, an app's model and watched tables are there to be asked of. What a
# query may write is forgotten: each is rolled back. Errors are the rule here; "cannot happen" is not among them.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${SECONDS_EACH:-600}
command -v sqlsmith >/dev/null || { echo 'the package sqlsmith is not installed' >&2; exit 1; }
log=$PGHOST/../log
said=$(mktemp)
trap 'rm -f "$said"' EXIT

psql -Xq -d postgres -c 'CREATE DATABASE smith' -c "ALTER SYSTEM SET statement_timeout = '3s'" \
	-c "ALTER SYSTEM SET log_min_error_statement = 'panic'" -c "ALTER SYSTEM SET log_error_verbosity = 'verbose'" -c 'SELECT pg_reload_conf()' >/dev/null
psql -Xq -v ON_ERROR_STOP=1 -d smith >/dev/null <<-'SQL'
	SET statement_timeout = 0;
	CREATE EXTENSION reco;
	CREATE ROLE smith LOGIN;
	ALTER ROLE smith SET reco.max_memory = '64MB';
	GRANT CREATE ON DATABASE smith TO smith;
	SET ROLE smith;
	SELECT reco.create_shop();
	SELECT reco.demo_shop('shop', clients => 60, products => 40, days => 60, seed => 3);
	SELECT reco.train('shop');
	SELECT reco.activate('shop', 1);
SQL
for session in 1 2; do
	timeout "$seconds" sqlsmith --verbose --seed="$((RANDOM + session))" --exclude-catalog \
		--target="host=$PGHOST port=$PGPORT dbname=smith user=smith" >>"$said" 2>&1 &
done
wait
grep -oE 'queries: [0-9]+' "$said" | tail -n 1 || tail -n 5 "$said"
echo 'errors by kind, the twelve most frequent, then those of "cannot happen":'
grep -aoE 'ERROR:  [0-9A-Z]{5}' "$log" | sort | uniq -c | sort -rn | head -n 12 || :
grep -aE 'XX[0-9]{3}' "$log" | sed 's/.*ERROR: *//' | sort | uniq -c | sort -rn | head -n 20 || :
! grep -aE 'was terminated by|PANIC|TRAP' "$log"
