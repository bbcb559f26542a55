-- activate() and rollback(): what they refuse, and in which words.
CREATE SCHEMA test_version;
CREATE TABLE test_version.sold AS
SELECT c AS client, p AS product FROM generate_series(1, 60) c, generate_series(1, 60) p WHERE c % 4 = p % 4 AND (c + p / 4) % 3 > 0;
SELECT reco.create_model('bought', purchases => 'SELECT client, product, 1 FROM test_version.sold');
\pset tuples_only on
\set SHOW_CONTEXT never

SELECT reco.activate(NULL, 1);
SELECT reco.activate('bought', NULL);
SELECT reco.activate('nothing', 1);
SELECT reco.activate('bought', 1);
SELECT reco.rollback('nothing');
SELECT reco.rollback('bought');

SELECT version, active FROM reco.train('bought');
SELECT reco.activate('bought', -1);
SELECT reco.rollback('bought');
SET reco.keep_versions = 1;
SELECT version, active FROM reco.train('bought');
SELECT version, active FROM reco.train('bought');
SELECT version, active FROM reco.train('bought');
SELECT reco.activate('bought', 1);
RESET reco.keep_versions;
SELECT version, active FROM reco.model_version ORDER BY version;

BEGIN READ ONLY;
SELECT reco.activate('bought', 4);
ROLLBACK;

SELECT reco.drop_model('bought');
SET client_min_messages = warning;
DROP SCHEMA test_version CASCADE;
