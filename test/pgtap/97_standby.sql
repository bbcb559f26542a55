-- A hot standby serves what its primary does, and goes on alone. Makes a standby beside the server, and removes it.
--
-- Programs are run by the server, as the user that it runs as. The standby ends by itself after two minutes,
-- should the test die. pgTAP writes, so what a standby answers is asserted on the primary.
SET client_min_messages = warning;
SET synchronous_commit = on;
DROP SCHEMA IF EXISTS taste CASCADE;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
\ir setup/tastes.sql
\ir setup/models.sql

CREATE FUNCTION taste.answers() RETURNS text
STABLE
RETURN (SELECT md5(string_agg(a, ' ' ORDER BY a)) FROM (
    SELECT 'list ' || r::text AS a FROM generate_series(1, 5) c, reco.recommend(c, 10, 'both') r
    UNION ALL SELECT 'all ' || r::text FROM reco.recommend_all(3, 'bought') r
    UNION ALL SELECT 'similar ' || s::text FROM reco.similar_products(1, 5, 'rated') s
    UNION ALL SELECT 'clients ' || s::text FROM reco.similar_clients(1, 5, 'both') s
    UNION ALL SELECT 'explained ' || e::text FROM reco.explain(1, 4, 5, 'both') e
    UNION ALL SELECT 'audience ' || u::text FROM reco.audience(1, 5, 'both') u
    UNION ALL SELECT 'stars ' || reco.predict(1, 4, 'both')::text
    UNION ALL SELECT 'model ' || concat_ws(' ', name, version, rows_since) FROM reco.models) x);

-- On the standby: waits until what the primary had committed is there.
CREATE FUNCTION taste.caught_up(lsn pg_lsn) RETURNS boolean
LANGUAGE plpgsql
AS $$
BEGIN
    FOR i IN 1 .. 1000 LOOP
        IF pg_last_wal_replay_lsn() >= lsn THEN
            RETURN true;
        END IF;
        PERFORM pg_sleep(0.01);
    END LOOP;
    RETURN false;
END
$$;

SELECT current_setting('data_directory') || '/../standby' AS folder, current_setting('port')::integer AS port,
       current_setting('port')::integer + 1 AS standby_port, split_part(current_setting('unix_socket_directories'), ',', 1) AS socket \gset
SELECT format($$COPY (SELECT) TO PROGRAM '
    exec >/dev/null 2>&1
    bin=$(dirname $(readlink /proc/$PPID/exe))
    rm -rf %1$s
    $bin/pg_basebackup -h %2$s -p %3$s -D %1$s -R -c fast || exit 1
    setsid timeout -s QUIT 120 $bin/postgres -D %1$s -c port=%4$s -c hot_standby=on -c logging_collector=off &
    for i in $(seq 300); do $bin/pg_isready -q -h %2$s -p %4$s && exit; sleep 0.1; done; exit 1'$$,
    :'folder', :'socket', :port, :standby_port) AS start,
    format($$COPY (SELECT) TO PROGRAM '
    exec >/dev/null 2>&1
    $(dirname $(readlink /proc/$PPID/exe))/pg_ctl -D %1$s -m immediate -w stop; rm -rf %1$s'$$, :'folder') AS stop \gset
:start;
SELECT taste.answers() AS primary, pg_current_wal_flush_lsn() AS lsn \gset

\c - - - :standby_port
SELECT taste.caught_up(:'lsn') AND pg_is_in_recovery() AS same \gset
SELECT taste.answers() AS standby,
       (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(1, 10, 'both')) AS before \gset
\set ON_ERROR_STOP 0
\set refused ''
SELECT reco.train('both');
\set refused :refused ' ' :LAST_ERROR_SQLSTATE
SELECT reco.activate('both', 1);
\set refused :refused ' ' :LAST_ERROR_SQLSTATE
SELECT reco.create_model('new', purchases => 'SELECT client, product, quantity FROM taste.purchase');
\set refused :refused ' ' :LAST_ERROR_SQLSTATE
SELECT reco.drop_model('both');
\set refused :refused ' ' :LAST_ERROR_SQLSTATE
\set ON_ERROR_STOP 1

-- the primary goes on: a purchase, a product sold out, a new version
\c - - - :port
SET synchronous_commit = on;
INSERT INTO taste.purchase SELECT 1, p, 1, now() FROM unnest(:'before'::bigint[]) p;
UPDATE taste.product SET stock = 0 WHERE id > 60;
SELECT taste.answers() AS primary_2, pg_current_wal_flush_lsn() AS lsn \gset
\c - - - :standby_port
SELECT taste.caught_up(:'lsn') AS same_2 \gset
SELECT taste.answers() AS standby_2 \gset
\c - - - :port
SET synchronous_commit = on;
SELECT version FROM reco.train('both') \gset
SELECT taste.answers() AS primary_3, pg_current_wal_flush_lsn() AS lsn \gset
\c - - - :standby_port
SELECT taste.caught_up(:'lsn') AS same_3 \gset
SELECT taste.answers() AS standby_3 \gset

-- the primary is gone for it: it becomes one itself, in the session that asked it, and goes on
SELECT pg_promote(true, 30) AS promoted \gset
SELECT taste.answers() AS promoted_answer,
       (SELECT array_agg(product_id ORDER BY rank) FROM reco.recommend(2, 5, 'both')) AS before \gset
INSERT INTO taste.purchase SELECT 2, p, 1, now() FROM unnest(:'before'::bigint[]) p;
SELECT count(*) AS left FROM reco.recommend(2, 5, 'both') WHERE product_id = ANY (:'before'::bigint[]) \gset
SELECT version AS next_version FROM reco.train('both') \gset
SELECT taste.bits('both') AS next_bits \gset
SELECT reco.forget_client(3, 'both') AS forgotten \gset
CALL reco.retrain('rated');

\c - - - :port
INSERT INTO taste.purchase SELECT 2, p, 1, now() FROM unnest(:'before'::bigint[]) p;
SELECT version AS primary_version FROM reco.train('both') \gset
SELECT taste.bits('both') AS primary_bits \gset
:stop;
SET client_min_messages = warning;
BEGIN;
SELECT plan(12);
SELECT ok(:'same' AND :'same_2' AND :'same_3', 'a standby in recovery was asked, each time it had caught up');
SELECT is(:'standby'::text, :'primary', 'it answers what the primary does');
SELECT isnt(:'primary_2'::text, :'primary', 'a change on the primary');
SELECT is(:'standby_2'::text, :'primary_2', 'is followed');
SELECT isnt(:'primary_3'::text, :'primary_2', 'and so is a training');
SELECT is(:'standby_3'::text, :'primary_3', 'with no word to the standby');
SELECT is(:'refused'::text, ' 25006 25006 25006 25006', 'where nothing can be written, nothing is trained, activated, made or dropped');
SELECT ok(:'promoted', 'a standby is promoted');
SELECT is(:'promoted_answer'::text, :'primary_3', 'and answers what it did');
SELECT is(:left, 0, 'what is bought there counts there');
SELECT is(:'next_version' || ' ' || :'next_bits', :'primary_version' || ' ' || :'primary_bits', 'it trains to the bits of the primary');
SELECT is(:forgotten, 3, 'and forgets');
SELECT * FROM finish();
ROLLBACK;
SELECT reco.drop_model(name) FROM reco.model \g /dev/null
DROP SCHEMA taste CASCADE;
