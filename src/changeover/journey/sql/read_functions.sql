-- Per function that is neither the system's, an extension's nor ours: oid, schema, name, language
-- and text.
SELECT p.oid::bigint AS number, n.nspname::text AS schema, p.proname::text AS name,
  l.lanname::text AS language,
  -- A body in the SQL standard's form is kept parsed, beside an empty source.
  CASE WHEN p.prosrc <> '' THEN p.prosrc ELSE pg_catalog.pg_get_functiondef(p.oid) END AS text
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
WHERE p.prokind IN ('f', 'p')
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'changeover')
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
      AND d.objid = p.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname COLLATE "C", p.proname COLLATE "C", p.oid
