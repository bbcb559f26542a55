/*
 * Stock alerts for an app's own table.
 *
 * reco.watch_stock() puts statement triggers on a table; alerts are opened and
 * closed with whatever writes to it: SQL, COPY, an application's framework.
 * Columns are named in the triggers' arguments, so a dump of the table holds
 * all there is to know. A subscriber of logical replication does not fire
 * them: there the alerts come with the publisher's, or not at all.
 */

CREATE TABLE reco.stock_alert (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    relation regclass NOT NULL,
    product_id bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('out', 'low')),
    opened_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
    closed_at timestamptz,
    close_reason text CHECK (close_reason IN ('recovered', 'policy changed', 'retired')),
    quantity numeric NOT NULL,
    threshold numeric,
    CHECK (closed_at >= opened_at),
    CHECK ((close_reason IS NULL) = (closed_at IS NULL))
);
CREATE UNIQUE INDEX stock_alert_open ON reco.stock_alert (relation, product_id, kind) WHERE closed_at IS NULL;
CREATE INDEX stock_alert_product ON reco.stock_alert (relation, product_id, opened_at);

COMMENT ON TABLE reco.stock_alert IS
    'Alerts of watched tables, one open row at most for a product and kind; seen by who may read all rows of the table';
COMMENT ON COLUMN reco.stock_alert.relation IS 'the watched table';
COMMENT ON COLUMN reco.stock_alert.kind IS 'out: nothing left; low: no more than the threshold left';
COMMENT ON COLUMN reco.stock_alert.quantity IS 'what was left when the alert was opened';
COMMENT ON COLUMN reco.stock_alert.threshold IS 'what it was compared with';

/* Rows about tables that are gone stay behind: their numbers may be another table's after a restore. */
SELECT pg_catalog.pg_extension_config_dump('reco.stock_alert',
    'WHERE EXISTS (SELECT FROM pg_catalog.pg_class c WHERE c.oid OPERATOR(pg_catalog.=) relation)');
SELECT pg_catalog.pg_extension_config_dump('reco.stock_alert_id_seq', '');

CREATE FUNCTION reco.watch_statement()
RETURNS trigger
AS 'MODULE_PATHNAME', 'reco_watch_statement'
LANGUAGE C VOLATILE;
COMMENT ON FUNCTION reco.watch_statement() IS
    'Trigger of watched tables, made by watch_stock()';

CREATE FUNCTION reco.refresh_stock(relation regclass)
RETURNS bigint
AS 'MODULE_PATHNAME', 'reco_refresh_stock'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.refresh_stock(regclass) IS
    'Evaluates all rows of a watched table, and tells how many alerts were opened or closed';

CREATE FUNCTION reco.close_stock_alerts(relation regclass)
RETURNS bigint
AS 'MODULE_PATHNAME', 'reco_close_stock_alerts'
LANGUAGE C VOLATILE STRICT PARALLEL UNSAFE;
COMMENT ON FUNCTION reco.close_stock_alerts(regclass) IS
    'Closes all open alerts of a table, and tells how many';

CREATE FUNCTION reco.watch_stock(
    relation regclass,
    id_column name,
    quantity_column name,
    threshold_column name DEFAULT NULL,
    active_column name DEFAULT NULL)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    number_types CONSTANT regtype[] := '{smallint,integer,bigint,numeric,real,double precision}';
    watched pg_class;
    asked record;
    given_type regtype;
    part regclass;
    event record;
BEGIN
    IF relation IS NULL OR id_column IS NULL OR quantity_column IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'table, id column and quantity column must not be null',
            HINT = 'Example: SELECT reco.watch_stock(''my.product'', id_column => ''id'', quantity_column => ''stock'', threshold_column => ''min_stock'')';
    END IF;
    SELECT * INTO watched FROM pg_class WHERE oid = relation;
    IF watched.relkind NOT IN ('r', 'p') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('"%s" is not a table', watched.relname),
            DETAIL = 'Views and foreign tables have no statements of their own to watch.',
            HINT = 'Watch the table where the quantities are written.';
    END IF;
    IF watched.oid IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_table',
            MESSAGE = format('there is no table with OID %s', relation::oid);
    END IF;
    IF NOT pg_has_role(watched.relowner, 'USAGE') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'insufficient_privilege',
            MESSAGE = format('must be owner of table %s', watched.relname);
    END IF;
    EXECUTE format('LOCK TABLE %s IN SHARE ROW EXCLUSIVE MODE', relation);
    IF watched.relispartition THEN
        RAISE EXCEPTION USING
            ERRCODE = 'wrong_object_type',
            MESSAGE = format('"%s" is a partition', watched.relname),
            HINT = format('Watch the whole: SELECT reco.watch_stock(%L, ...)', pg_partition_root(relation)::text);
    END IF;
    IF watched.relkind = 'r' AND EXISTS (SELECT FROM pg_inherits WHERE relation IN (inhrelid, inhparent)) THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = format('table "%s" inherits or is inherited from', watched.relname),
            DETAIL = 'Its ids may be found twice, and statements on another table of the family change its rows.',
            HINT = 'Partitioned tables can be watched.';
    END IF;
    IF EXISTS (SELECT FROM pg_partition_tree(relation) AS t JOIN pg_class AS c ON c.oid = t.relid WHERE c.relkind = 'f') THEN
        RAISE EXCEPTION USING
            ERRCODE = 'feature_not_supported',
            MESSAGE = format('table "%s" has foreign tables among its partitions', watched.relname),
            DETAIL = 'The rows that a statement changes there cannot be seen.';
    END IF;

    FOR asked IN
        SELECT * FROM (VALUES
            ('id', id_column, '{smallint,integer,bigint}'::regtype[]),
            ('quantity', quantity_column, number_types),
            ('threshold', threshold_column, number_types),
            ('active', active_column, '{boolean}')) AS v (what, name, types)
        WHERE v.name IS NOT NULL
    LOOP
        /* a domain is as good as the type under it */
        WITH RECURSIVE type AS (
            SELECT t.oid, t.typtype, t.typbasetype FROM pg_attribute AS a JOIN pg_type AS t ON t.oid = a.atttypid
            WHERE a.attrelid = relation AND a.attname = asked.name AND a.attnum > 0 AND NOT a.attisdropped
            UNION ALL
            SELECT b.oid, b.typtype, b.typbasetype FROM type AS d JOIN pg_type AS b ON b.oid = d.typbasetype
            WHERE d.typtype = 'd')
        SELECT oid INTO given_type FROM type WHERE typtype <> 'd';
        IF given_type IS NULL THEN
            RAISE EXCEPTION USING
                ERRCODE = 'undefined_column',
                MESSAGE = format('column "%s" of table "%s" does not exist', asked.name, watched.relname),
                HINT = 'Columns: ' || (
                    SELECT string_agg(attname, ', ' ORDER BY attnum) FROM pg_attribute
                    WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped) || '.';
        ELSIF given_type <> ALL (asked.types) THEN
            RAISE EXCEPTION USING
                ERRCODE = 'datatype_mismatch',
                MESSAGE = format('column "%s" of table "%s" cannot be the %s column', asked.name, watched.relname, asked.what),
                DETAIL = format('It is of type %s.', given_type),
                HINT = format('Types: %s.', array_to_string(asked.types, ', '));
        END IF;
    END LOOP;
    IF NOT EXISTS (
        SELECT FROM pg_index AS i JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = i.indkey[0]
        WHERE i.indrelid = relation AND a.attname = id_column
          AND i.indisunique AND i.indisvalid AND i.indnkeyatts = 1 AND i.indpred IS NULL)
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'invalid_parameter_value',
            MESSAGE = format('column "%s" of table "%s" is not unique', id_column, watched.relname),
            DETAIL = 'An alert belongs to one row.',
            HINT = format('Name the primary key, or add one: ALTER TABLE %s ADD UNIQUE (%I)', relation, id_column);
    END IF;

    /* Whoever names a partition in a statement fires its triggers, not those of the whole. */
    FOR part IN
        SELECT relation UNION SELECT t.relid FROM pg_partition_tree(relation) AS t
    LOOP
        FOR event IN
            SELECT * FROM (VALUES
                ('insert', 'REFERENCING NEW TABLE AS new_rows'),
                ('update', 'REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows'),
                ('delete', 'REFERENCING OLD TABLE AS old_rows'),
                ('truncate', '')) AS v (name, tables)
        LOOP
            EXECUTE format(
                'CREATE OR REPLACE TRIGGER %I AFTER %s ON %s %s FOR EACH STATEMENT EXECUTE FUNCTION reco.watch_statement(%L, %L, %L, %L)',
                'reco_stock_' || event.name, event.name, part, event.tables, id_column, quantity_column,
                coalesce(threshold_column, ''), coalesce(active_column, ''));
        END LOOP;
    END LOOP;
    PERFORM reco.refresh_stock(relation);
END
$function$;
COMMENT ON FUNCTION reco.watch_stock(regclass, name, name, name, name) IS
    'Has alerts opened and closed by whatever changes the quantities in a table; rows without quantity or threshold are not watched';

CREATE FUNCTION reco.unwatch_stock(relation regclass)
RETURNS void
LANGUAGE plpgsql VOLATILE PARALLEL UNSAFE
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
    part regclass;
    event text;
BEGIN
    IF relation IS NULL THEN
        RAISE EXCEPTION USING
            ERRCODE = 'null_value_not_allowed',
            MESSAGE = 'table must not be null',
            HINT = 'Example: SELECT reco.unwatch_stock(''my.product'')';
    END IF;
    IF NOT EXISTS (
        SELECT FROM pg_trigger WHERE tgrelid = relation AND tgname = 'reco_stock_insert')
    THEN
        RAISE EXCEPTION USING
            ERRCODE = 'undefined_object',
            MESSAGE = format('table "%s" is not watched', relation),
            HINT = 'Watched tables have a trigger reco_stock_insert.';
    END IF;
    /* dropping a trigger is the owner's, so this is refused to others before anything is done */
    FOR part IN
        SELECT relation UNION SELECT t.relid FROM pg_partition_tree(relation) AS t
    LOOP
        FOREACH event IN ARRAY ARRAY['insert', 'update', 'delete', 'truncate'] LOOP
            EXECUTE format('DROP TRIGGER IF EXISTS %I ON %s', 'reco_stock_' || event, part);
        END LOOP;
    END LOOP;
    PERFORM reco.close_stock_alerts(relation);
END
$function$;
COMMENT ON FUNCTION reco.unwatch_stock(regclass) IS
    'Ends watch_stock(): drops the triggers, closes what is open';
