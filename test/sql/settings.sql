-- The settings: each with its unit, its range and a sentence.
LOAD 'reco';
SELECT name, vartype, setting, unit, min_val, max_val, context FROM pg_settings WHERE name LIKE 'reco.%' ORDER BY name;
\pset tuples_only on
SELECT name, short_desc, extra_desc FROM pg_settings WHERE name LIKE 'reco.%' ORDER BY name;

SET reco.max_memory = '1023kB';
SET reco.max_memory = 'much';
SET reco.max_memory = -1;
SET reco.max_memory = '3GB';
SHOW reco.max_memory;
SET reco.max_parallel_workers = -1;
SET reco.max_parallel_workers = 1025;
SET reco.max_parallel_workers = 'all';
SET reco.max_parallel_workers = 1024;
SET reco.keep_versions = 0;
SET reco.keep_versions = 1001;
SET reco.nice = -1;
SET reco.nice = 20;
SET reco.no_such_setting = 1;

-- the memory is the administrator's to allow
CREATE ROLE test_settings;
SET ROLE test_settings;
SET reco.max_memory = '1GB';
SET reco.keep_versions = 2;
SET reco.max_parallel_workers = 0;
SET reco.nice = 19;
SET reco.default_model = 'mine';
SELECT * FROM reco.recommend(1);
RESET ROLE;
DROP ROLE test_settings;
