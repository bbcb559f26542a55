-- What belongs to the extension, a line for each thing that is said of it; in any order of creation the same.
SET search_path = pg_catalog;
WITH member AS (
    SELECT d.classid, d.objid FROM pg_depend d
    WHERE d.deptype = 'e' AND d.refclassid = 'pg_extension'::regclass
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'reco')),
relation AS (
    SELECT c.* FROM member m JOIN pg_class c ON m.classid = 'pg_class'::regclass AND c.oid = m.objid),
-- a type of its own for each table, sequences of identities: known by what they belong to
said (what, name, detail) AS (
    SELECT 'member', (pg_identify_object(classid, objid, 0)).identity, (pg_identify_object(classid, objid, 0)).type FROM member
    UNION ALL
    SELECT 'comment', (pg_identify_object(d.classoid, d.objoid, d.objsubid)).identity, d.description
    FROM member m JOIN pg_description d ON d.classoid = m.classid AND d.objoid = m.objid
    UNION ALL
    SELECT 'schema', n.nspname, n.nspacl::text FROM pg_namespace n WHERE n.nspname = 'reco'
    UNION ALL
    SELECT 'function', p.oid::regprocedure::text, concat_ws(' ', pg_get_functiondef(p.oid), p.proacl, p.proowner::regrole)
    FROM member m JOIN pg_proc p ON m.classid = 'pg_proc'::regclass AND p.oid = m.objid WHERE p.prokind <> 'a'
    UNION ALL
    SELECT 'relation', c.oid::regclass::text,
           concat_ws(' ', c.relkind, c.relpersistence, c.relowner::regrole, c.relacl, c.reloptions, c.relrowsecurity, c.relforcerowsecurity, c.relreplident)
    FROM relation c
    UNION ALL
    SELECT 'column', c.oid::regclass || '.' || a.attname,
           concat_ws(' ', row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum), format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity,
                     a.attgenerated, a.attstorage, a.attacl, pg_get_expr(d.adbin, d.adrelid))
    FROM relation c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
    UNION ALL
    SELECT 'constraint', c.oid::regclass || '.' || k.conname, pg_get_constraintdef(k.oid)
    FROM relation c JOIN pg_constraint k ON k.conrelid = c.oid
    UNION ALL
    SELECT 'index', i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid)
    FROM relation c JOIN pg_index i ON i.indrelid = c.oid
    UNION ALL
    SELECT 'trigger', c.oid::regclass || '.' || t.tgname, pg_get_triggerdef(t.oid)
    FROM relation c JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal
    UNION ALL
    SELECT 'rule', c.oid::regclass || '.' || r.rulename, pg_get_ruledef(r.oid)
    FROM relation c JOIN pg_rewrite r ON r.ev_class = c.oid
    UNION ALL
    SELECT 'policy', p.schemaname || '.' || p.tablename || '.' || p.policyname,
           concat_ws(' ', p.permissive, p.roles, p.cmd, p.qual, p.with_check)
    FROM pg_policies p WHERE p.schemaname = 'reco'
    UNION ALL
    SELECT 'sequence', s.seqrelid::regclass::text, concat_ws(' ', s.seqtypid::regtype, s.seqstart, s.seqincrement, s.seqmax, s.seqmin, s.seqcache, s.seqcycle)
    FROM relation c JOIN pg_sequence s ON s.seqrelid = c.oid
    UNION ALL
    SELECT 'dumped', t.relation::regclass::text, t.condition
    FROM pg_extension e, unnest(e.extconfig, e.extcondition) t (relation, condition) WHERE e.extname = 'reco'
    UNION ALL
    SELECT 'extension', extname, concat_ws(' ', extversion, extrelocatable, extnamespace::regnamespace, extowner::regrole)
    FROM pg_extension WHERE extname = 'reco' )
SELECT what, name, detail FROM said ORDER BY 1, 2, 3;
