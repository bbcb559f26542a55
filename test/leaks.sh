#!/bin/bash
# What grows, though nothing is added: a backend that recommends a million times, and one that trains a tiny model
# ten thousand times, with all that trainings leave in tables, catalogs, files and shared memory.
#
#   LISTS=1000000 TRAININGS=10000 test/cluster.sh test/leaks.sh
#
# Measured after a tenth of the work, when what is kept for good has been made, and at the end.
set -euo pipefail
lists=${LISTS:-1000000}
trainings=${TRAININGS:-10000}
data=$PGHOST/../data
failed=0

sql() { psql -XAtq -v ON_ERROR_STOP=1 -d leaks "$@"; }

# grown WHAT BEFORE AFTER MOST UNIT
grown()
{
	printf '%-44s %10d %10d %s\n' "$1" "$2" "$3" "$5"
	[ $(($3 - $2)) -le "$4" ] || { echo "FAILED: $1 may grow by $4 $5"; failed=1; }
}

psql -Xq -d postgres -c 'CREATE DATABASE leaks'
sql >/dev/null <<-'SQL'
	CREATE EXTENSION reco;
	CREATE TABLE bought AS SELECT c, p FROM generate_series(1, 300) c, generate_series(1, 60) p
	WHERE hashint8extended(c * 1000 + p, 7) & 1023 < CASE WHEN c % 3 = p % 3 THEN 460 ELSE 40 END;
	CREATE INDEX ON bought (c);
	ANALYZE bought;
	SELECT reco.create_model('lists', purchases => 'SELECT c, p, 1 FROM bought'), reco.create_model('tiny', purchases =>
	    'SELECT c, p, 1 FROM bought WHERE c <= 20 AND p <= 12', options => '{"purchases": {"factors": 1, "iterations": 1, "regularization": 0.1}}');
	SELECT reco.train('lists'), reco.activate('lists', 1);
	CREATE FUNCTION resident() RETURNS bigint RETURN (regexp_match(pg_read_file('/proc/self/status'), 'RssAnon:\s+(\d+)'))[1]::bigint;
	CREATE FUNCTION contexts() RETURNS bigint RETURN (SELECT sum(total_bytes) / 1024 FROM pg_backend_memory_contexts);
SQL

# In one backend; what it is asked in turn.
read -r resident contexts resident_end contexts_end < <(sql -F ' ' <<-SQL | tail -n 1
	DO \$\$
	DECLARE
	    before bigint[];
	BEGIN
	    FOR i IN 1 .. $lists LOOP
	        PERFORM FROM reco.recommend(i % 310, 10, 'lists');
	        IF i % 100 = 0 THEN
	            PERFORM reco.score(i % 310, 4, 'lists'), (SELECT count(*) FROM reco.explain(1 + i % 300, 4, 3, 'lists'));
	        END IF;
	        IF i = $lists / 10 THEN
	            before := ARRAY[resident(), contexts()];
	        END IF;
	        -- errors, too
	        IF i % 1000 = 0 THEN
	            BEGIN
	                PERFORM FROM reco.recommend(i, -1, 'lists');
	            EXCEPTION WHEN invalid_parameter_value THEN NULL;
	            END;
	        END IF;
	    END LOOP;
	    PERFORM set_config('leaks.before', array_to_string(before || ARRAY[resident(), contexts()], ' '), false);
	END \$\$;
	SELECT current_setting('leaks.before');
SQL
)
grown "own memory of a backend, $lists lists" "$resident" "$resident_end" 1024 kB
grown 'of it in memory contexts' "$contexts" "$contexts_end" 256 kB

# Tables but the list of versions, which keeps a row for each. What a tenth of the trainings leaves dead in them, two
# megabytes, is there before or after it is cleared away.
sizes()
{
	sql -c "VACUUM" >/dev/null
	sql -c "SELECT sum((xpath('//n/text()', query_to_xml(format('SELECT count(*) AS n FROM %s', oid::regclass), false, true, '')))[1]::text::bigint) FROM pg_class
		WHERE relnamespace = 'reco'::regnamespace AND relkind = 'r' AND relname <> 'model_version'"
	sql -F ' ' -c "SELECT (SELECT (sum(pg_total_relation_size(oid)) / 1024)::bigint FROM pg_class WHERE relnamespace = 'reco'::regnamespace AND relkind = 'r'
		AND relname <> 'model_version'), (SELECT (sum(pg_total_relation_size(oid)) / 1024)::bigint FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind = 'r'),
		(SELECT count(*) FROM pg_shmem_allocations)"
	find "$data" -type f -not -path '*/pg_wal/*' | wc -l
	find "$data" -type f -not -path '*/pg_wal/*' -not -path '*/base/*' -printf '%k\n' | awk '{ s += $1 } END { print s + 0 }'
	find /dev/shm -user "$(stat -c %U "$data")" 2>/dev/null | wc -l
}
before=()
read_sizes() { read -r -a "$1" < <(sizes | tr "\n" " "; echo); }
train() { sql -c "DO \$\$ BEGIN FOR i IN 1 .. $1 LOOP PERFORM reco.train('tiny'); PERFORM reco.activate('tiny', max(version)) FROM reco.model_version WHERE model = 'tiny';
	PERFORM FROM reco.recommend(1, 3, 'tiny'); COMMIT; END LOOP; PERFORM set_config('leaks.now', concat_ws(' ', resident(), contexts()), false); END \$\$" \
	-c "SELECT current_setting('leaks.now')"; }
tenth=$((trainings / 10))
read -r resident contexts <<<"$(train $tenth)"
read_sizes before
for _ in 2 3 4 5 6 7 8 9; do
	train $tenth >/dev/null
	sql -c VACUUM
done
read -r resident_end contexts_end <<<"$(train $tenth)"
read_sizes after
echo "$trainings trainings, $tenth in a backend"
grown 'own memory of a backend' "$resident" "$resident_end" 2048 kB
grown 'of it in memory contexts' "$contexts" "$contexts_end" 256 kB
grown 'rows in tables of models' "${before[0]}" "${after[0]}" 0 rows
grown 'tables of models' "${before[1]}" "${after[1]}" 2048 kB
grown 'catalogs' "${before[2]}" "${after[2]}" 512 kB
grown 'allocations of shared memory' "${before[3]}" "${after[3]}" 0 pieces
grown 'files' "${before[4]}" "${after[4]}" 20 files
grown 'files beside those of tables' "${before[5]}" "${after[5]}" 1024 kB
grown 'files in /dev/shm' "${before[6]}" "${after[6]}" 2 files
exit $failed
