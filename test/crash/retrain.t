#!/bin/bash
# A server that is killed, by kill -9 and all of it, in each phase of a nightly run: after the restart clients
# are served what they were served before, the run is known to be lost, and the next one works. And a run
# whose disk is full. Has servers of its own; run by prove.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
plan 37

# Waits until a query answers t.
wait_for()
{
	for _ in {1..200}; do
		[ "$(sql -c "$1" 2>/dev/null)" != t ] || return 0
		sleep 0.05
	done
	echo "# not in time: $1"
	return 1
}

another_server
server_init <<-CONF
	fsync = off
	shared_buffers = '64MB'
CONF
server_start
sql -d postgres -c 'CREATE DATABASE night'
export PGDATABASE=night
sql <<-'SQL'
	CREATE EXTENSION reco;
	CREATE TABLE bought (client integer, product integer, quantity integer);
	INSERT INTO bought SELECT c, p, 1 FROM generate_series(1, 300) c, generate_series(1, 90) p
	WHERE c % 3 = p % 3 AND hashint4(c * 100 + p) % 5 IN (0, 1, 2);
	CREATE INDEX ON bought (client);
	-- waits for lock 1, but only where all is read: of client 0, whom nobody asks for
	CREATE FUNCTION pause() RETURNS boolean LANGUAGE plpgsql
	AS 'BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN false; END';
	INSERT INTO bought VALUES (0, 1, 1);
	SELECT reco.create_model('night', purchases =>
	    'SELECT client, product, quantity FROM bought WHERE client > 0 OR pause()') \g /dev/null
	CALL reco.retrain('night');
	-- what clients are served, in one word
	CREATE FUNCTION served() RETURNS text STABLE
	RETURN (SELECT md5(string_agg(format('%s %s %s %s', c, r.product_id, r.score, r.method), ' ' ORDER BY c, r.rank))
	        FROM generate_series(1, 30) c, reco.recommend(c, 10, 'night') r);
	-- arrays that belong to no version, and versions among the newest that have none
	CREATE FUNCTION astray() RETURNS bigint STABLE
	RETURN (SELECT count(DISTINCT a.version) FROM reco.model_array a
	        WHERE NOT EXISTS (SELECT FROM reco.model_version v WHERE v.uuid = a.version))
	     + (SELECT count(*) FROM reco.model_version v
	        WHERE NOT EXISTS (SELECT FROM reco.model_array a WHERE a.version = v.uuid)
	          AND v.version > (SELECT last_version - 3 FROM reco.model));
SQL

# phase NAME HOLD WAITING: has a retrain stand still in a phase and kills the server there. HOLD is a
# statement that makes it wait (none: it works there for long); WAITING says how it is seen that it does.
phase()
{
	local name=$1 hold=$2 waiting=$3 before version

	sql -c "INSERT INTO bought SELECT c, 91 + (SELECT last_version FROM reco.model), 1 FROM generate_series(1, 300, 3) c"
	before=$(sql -c 'SELECT served()')
	version=$(sql -c 'SELECT version FROM reco.model_version WHERE active')
	if [ -n "$hold" ]; then
		sql -c "BEGIN; $hold; SELECT pg_sleep(60)" >/dev/null 2>&1 &
		wait_for "SELECT count(*) = 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'" || :
	else
		sql -c "UPDATE reco.model SET options = '{\"purchases\": {\"iterations\": 1000}}'"
	fi
	sql -c "CALL reco.retrain('night')" >/dev/null 2>&1 &
	wait_for "$waiting" && ok 0 "$name: a run is stopped there" || ok 1 "$name: a run is stopped there"
	if [ "$name" = fitting ]; then
		is "$(sql -c "SELECT backend_xmin IS NULL AND backend_xid IS NULL FROM pg_stat_activity WHERE query LIKE 'CALL%'")" t \
			"$name: it holds no snapshot there"
	fi
	is "$(sql -c 'SELECT served()')" "$before" "$name: clients are served meanwhile"
	kill_server
	wait || :
	server_start
	is "$(sql -c 'SELECT served()')" "$before" "$name: and after the crash, the same as before"
	is "$(sql -c 'SELECT version FROM reco.model_version WHERE active')" "$version" "$name: by the same version"
	is "$(sql -c 'SELECT outcome FROM reco.job_run ORDER BY id DESC LIMIT 1')" lost "$name: the run is lost"
	is "$(sql -c 'SELECT ok FROM reco.health')" f "$name: which is a problem"
	sql -c "UPDATE reco.model SET options = '{}'"
	sql -c "CALL reco.retrain('night')"
	is "$(sql -c "SELECT outcome IN ('activated', 'kept') FROM reco.job_run ORDER BY id DESC LIMIT 1")" t "$name: the next run works"
	is "$(sql -c 'SELECT ok, astray() FROM reco.health')" 't|0' "$name: and all is well again"
}

blocked="SELECT count(*) = 1 FROM pg_stat_activity WHERE query LIKE 'CALL%' AND wait_event_type = 'Lock'"
phase reading 'SELECT pg_advisory_xact_lock(1)' "$blocked"
phase fitting '' "SELECT phase = 'fitting' FROM reco.job_run ORDER BY id DESC LIMIT 1"
phase writing 'LOCK TABLE reco.model_array IN SHARE MODE' "$blocked"
phase publishing 'SELECT FROM reco.model_version WHERE active FOR UPDATE' "$blocked"

# A disk that is full while arrays are written: a small one of their own, which takes root.
if [ "$(id -u)" = 0 ] && mkdir "$server/small" && mount -t tmpfs -o size=2m reco "$server/small" 2>/dev/null; then
	chown "$server_user:" "$server/small"
	sql -c "CREATE TABLESPACE small LOCATION '$server/small'" -c 'ALTER TABLE reco.model_array SET TABLESPACE small'
	sql -c 'INSERT INTO bought SELECT c, 200, 1 FROM generate_series(1, 300) c'
	before=$(sql -c 'SELECT served()')
	dd if=/dev/zero of="$server/small/filler" bs=4k count=512 2>/dev/null || :
	sql -c "CALL reco.retrain('night')" >/dev/null 2>&1 && ok 1 'a full disk fails the run' || ok 0 'a full disk fails the run'
	is "$(sql -c 'SELECT outcome, sqlstate FROM reco.job_run ORDER BY id DESC LIMIT 1')" 'failed|53100' 'as what it is'
	is "$(sql -c 'SELECT served()')" "$before" 'clients are served as before'
	rm "$server/small/filler"
	sql -c 'ALTER TABLE reco.model_array SET TABLESPACE pg_default'
	sql -c "CALL reco.retrain('night')"
	is "$(sql -c "SELECT ok FROM reco.health")" t 'with room again the next run works'
else
	for claim in 'a full disk fails the run' 'as what it is' 'clients are served as before' 'the next run works'; do
		number=$((number + 1))
		echo "ok $number - $claim # SKIP no file system of one's own without root"
	done
fi
