-- One JSON array of what makes a body of a media type in the schemas %(schemas)s: functions that
-- return a domain named as the type, and aggregates of rows that do.
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
  'media_type', pg_catalog.lower(m.typname),
  'function', pg_catalog.json_build_object('schema', n.nspname, 'name', p.proname),
  'relation', CASE WHEN c.oid IS NOT NULL THEN
    pg_catalog.json_build_object('schema', cn.nspname, 'name', c.relname) END,
  'is_aggregate', p.prokind = 'a'
) ORDER BY m.typname, n.nspname, p.proname, c.relname), '[]')::text AS handlers
FROM pg_catalog.pg_type AS m
JOIN pg_catalog.pg_proc AS p ON p.prorettype = m.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN pg_catalog.pg_class AS c ON p.prokind = 'a' AND c.reltype = p.proargtypes[0]
  AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
LEFT JOIN pg_catalog.pg_namespace AS cn ON cn.oid = c.relnamespace
WHERE m.typtype = 'd'
  AND (m.typname ~* '^[a-z0-9.-]+/[a-z0-9.+-]+$' OR m.typname = '*/*')
  AND n.nspname = ANY (%(schemas)s::text[])
  AND (
    p.prokind = 'f' AND NOT p.proretset
    OR p.prokind = 'a' AND p.pronargs = 1 AND (
      c.oid IS NOT NULL OR p.proargtypes[0] = 'pg_catalog.anyelement'::pg_catalog.regtype)
  )
