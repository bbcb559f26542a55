#!/bin/bash
# What the processor can do, and which compiler there was, makes lists come sooner, not others: builds for
# AVX2, for the plain instructions, and by clang tell what the installed one tells. Has a server of its own, with
# a copy of the installation whose libraries are changed between sessions; run by prove.
set -eu
cd "$(dirname "$0")/../.."
. test/tap.sh
builds=(avx2 plain clang)
plan $((3 + 5 * ${#builds[@]}))
# by its full name, as the PATH will lead to the server's own one, which has no headers
PG_CONFIG=$(command -v "${PG_CONFIG:-pg_config}")
export PG_CONFIG

another_server
own_installation "$server/installed"
chown -R "$server_user:" "$server/installed"
# Loops are compiled for several processors, by an attribute or by hand, and the best is chosen when they run.
cat >"$server/avx2.h" <<-'C'
	#define target_clones(...) target("arch=x86-64-v3")
	#define __builtin_cpu_supports(feature) (__builtin_strstr(feature, "512") == 0 && __builtin_strstr(feature, "v4") == 0)
C
cat >"$server/plain.h" <<-'C'
	#define target_clones(...) unused
	#define __builtin_cpu_supports(feature) 0
C
touch "$server/clang.h"
chmod -R a+rX "$server"

server_init <<-CONF
	shared_preload_libraries = ''
	fsync = off
CONF
server_start
sql -d postgres >/dev/null <<-'SQL'
	CREATE EXTENSION reco;
	CREATE TABLE pair AS SELECT c, p, 1 + (c * p + c) % 5 AS stars FROM generate_series(1, 400) c, generate_series(1, 300) p
	WHERE hashint8extended(c * 1000 + p, 7) & 1023 < CASE WHEN c % 3 = p % 3 THEN 260 ELSE 20 END;
	CREATE INDEX ON pair (c);
	SELECT reco.create_model('bought', purchases => 'SELECT c, p, 1 FROM pair', options => '{"purchases": {"factors": 40}}'),
	       reco.create_model('rated', ratings => 'SELECT c, p, stars FROM pair'),
	       reco.create_model('svd', ratings => 'SELECT c, p, stars FROM pair', options => '{"ratings": {"method": "svd", "factors": 20}}');
	SELECT reco.train(m) FROM unnest('{bought,rated,svd}'::text[]) m;
	SELECT reco.activate(m, 1) FROM unnest('{bought,rated,svd}'::text[]) m;
SQL
for model in bought rated svd; do
	sql -d postgres -o "$server/$model" -c "SELECT encode(reco.export_model('$model'), 'base64')"
done
# lists PREFIX, of the models of that prefix: for each client, for each product
lists()
{
	sql -d postgres <<-SQL
		SELECT m, c, array_agg(r.product_id ORDER BY r.rank) FROM unnest('{bought,rated,svd}'::text[]) m, generate_series(0, 400) c, reco.recommend(c, 15, '$1' || m) r
		GROUP BY 1, 2 ORDER BY 1, 2;
		SELECT m, p, array_agg(s.product_id ORDER BY s.rank) FROM unnest('{bought,rated,svd}'::text[]) m, generate_series(1, 50) p, reco.similar_products(p, 5, '$1' || m) s
		GROUP BY 1, 2 ORDER BY 1, 2;
	SQL
}
scores()
{
	sql -d postgres -c "SELECT m, c, p, round(reco.score(c, p, '$1' || m)::numeric, 6) FROM unnest('{bought,rated,svd}'::text[]) m,
		generate_series(1, 40) c, generate_series(1, 40) p ORDER BY 1, 2, 3"
}
told=$(lists '')
scored=$(scores '')
is "$(wc -l <<<"$told")" 1353 'there are lists'

for build in "${builds[@]}"; do
	words=(COPT="-include $server/$build.h")
	[ $build != clang ] || words=(CC=clang WERROR=1)
	if [ $build = clang ] && ! command -v clang >/dev/null || [ $build = avx2 ] && ! grep -q ' avx2 .*' /proc/cpuinfo; then
		for _ in 1 2 3 4 5; do
			number=$((number + 1))
			echo "ok $number # SKIP no $build on this machine"
		done
		continue
	fi
	status=0
	own_build "$server/$build" "${words[@]}" || status=1
	ok $status "a build: $build"
	cp --remove-destination "$server/$build"/reco{,_train}.so "$libraries"
	for model in bought rated svd; do
		sql -d postgres >/dev/null <<-SQL
			\\set data \`cat $server/$model\`
			SELECT version FROM reco.import_model('$build $model', decode(:'data', 'base64'));
			SELECT reco.activate('$build $model', 1);
		SQL
	done
	is "$(diff <(echo "$told") <(lists "$build ") | grep -c '^>' | awk '{ print ($1 <= 10) }')" 1 'of the same version tells the same, but where two are as good to the last digits'
	is "$(paste -d '|' <(echo "$scored") <(scores "$build ") | awk -F '|' '{ d = $4 - $8 } NF != 8 || d > 1e-4 || d < -1e-4')" '' 'with the same scores, to a ten-thousandth'
	sql -d postgres -c "SELECT reco.train('$build ' || m), reco.activate('$build ' || m, 2) FROM unnest('{bought,rated,svd}'::text[]) m" >/dev/null
	is "$(sql -d postgres -c "SELECT string_agg(a.model, ' ') FROM reco.model_version a JOIN reco.model_version b ON b.version = 2 AND b.model = '$build ' || a.model
		WHERE a.version = 1 AND (a.rows_digest <> b.rows_digest OR abs(coalesce(a.rmse, 0) - coalesce(b.rmse, 0)) > 0.002 OR abs(coalesce(a.ndcg_at_10, 0) - coalesce(b.ndcg_at_10, 0)) > 0.005)")" \
		'' 'learns as well'
	is "$(diff <(echo "$told") <(lists "$build ") | grep -c '^>' | awk '{ print ($1 < 68) }')" 1 'and the same lists, but for near ties'
done
is "$(sql -d postgres -c "SELECT count(*) FROM reco.model_version WHERE active")" $((3 + 3 * ${#builds[@]})) 'all serve'
is "$(server_crashes || :)" '' 'no process of the server crashed'
