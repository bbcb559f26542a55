-- reco: recommendations and stock alerts inside PostgreSQL
--
-- This script is made of the parts sql/NN-*.sql, in their order.

-- complain if the script is sourced in psql, rather than by CREATE EXTENSION
\echo Use "CREATE EXTENSION reco" to load this file. \quit

-- The extension is trusted: whoever may create in the database may install it, and this script runs as a
-- superuser all the same. What stands in the schema is called by every merchant, and by the functions of the
-- extension, so nobody else may add to it: not who installed it, nor who had made a schema of that name before.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_catalog.pg_depend d
               WHERE d.refclassid OPERATOR(pg_catalog.=) 'pg_catalog.pg_namespace'::pg_catalog.regclass
                 AND d.refobjid OPERATOR(pg_catalog.=) 'reco'::pg_catalog.regnamespace
                 AND d.classid OPERATOR(pg_catalog.<>) 'pg_catalog.pg_extension'::pg_catalog.regclass)
       OR EXISTS (SELECT FROM pg_catalog.pg_namespace n, pg_catalog.aclexplode(n.nspacl) a
                  WHERE n.nspname OPERATOR(pg_catalog.=) 'reco' AND a.privilege_type OPERATOR(pg_catalog.=) 'CREATE'
                    AND a.grantee OPERATOR(pg_catalog.<>) n.nspowner)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'duplicate_schema',
            MESSAGE = 'schema "reco" is not empty, or others may create in it',
            DETAIL = 'Objects in it could stand in for those of the extension.',
            HINT = 'Drop the schema, or rename it.';
    END IF;
END
$$;
ALTER SCHEMA reco OWNER TO CURRENT_USER;
