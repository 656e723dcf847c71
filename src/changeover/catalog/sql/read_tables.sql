-- One JSON object per table that is no partition, in the schemas %(schemas)s, by name.
SELECT pg_catalog.jsonb_build_object(
  'oid', c.oid::bigint,
  'name', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'kind', c.relkind,
  'persistence', c.relpersistence,
  'owner', pg_catalog.pg_get_userbyid(c.relowner),
  'rows_estimate', CASE WHEN c.relkind = 'p' THEN (
      SELECT COALESCE(pg_catalog.sum(GREATEST(l.reltuples, 0)), 0)::bigint
      FROM pg_catalog.pg_partition_tree(c.oid) AS t
      JOIN pg_catalog.pg_class AS l ON l.oid = t.relid
      WHERE t.isleaf
    ) ELSE c.reltuples::bigint END,
  'size_bytes', CASE WHEN c.relkind = 'p' THEN (
      SELECT COALESCE(pg_catalog.sum(pg_catalog.pg_table_size(t.relid)), 0)::bigint
      FROM pg_catalog.pg_partition_tree(c.oid) AS t WHERE t.isleaf
    ) WHEN c.relkind = 'f' THEN 0 ELSE pg_catalog.pg_table_size(c.oid) END,
  'has_row_security', c.relrowsecurity,
  'is_row_security_forced', c.relforcerowsecurity,
  'is_row_security_active', pg_catalog.row_security_active(c.oid),
  'has_rules', c.relhasrules,
  'has_subscription', EXISTS (
    SELECT FROM pg_catalog.pg_subscription_rel AS s WHERE s.srrelid = c.oid),
  'partition_key', CASE WHEN c.relkind = 'p' THEN pg_catalog.pg_get_partkeydef(c.oid) END,
  'inherits', COALESCE((
      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', pn.nspname, 'name', p.relname) ORDER BY i.inhseqno)
      FROM pg_catalog.pg_inherits AS i
      JOIN pg_catalog.pg_class AS p ON p.oid = i.inhparent
      JOIN pg_catalog.pg_namespace AS pn ON pn.oid = p.relnamespace
      WHERE i.inhrelid = c.oid
    ), '[]'),
  'children', CASE WHEN c.relkind = 'p' THEN '[]' ELSE COALESCE((
      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'schema', cn.nspname, 'name', k.relname) ORDER BY cn.nspname, k.relname)
      FROM pg_catalog.pg_inherits AS i
      JOIN pg_catalog.pg_class AS k ON k.oid = i.inhrelid
      JOIN pg_catalog.pg_namespace AS cn ON cn.oid = k.relnamespace
      WHERE i.inhparent = c.oid
    ), '[]') END,
  'partitions', CASE WHEN c.relkind = 'p' THEN COALESCE((
      SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
        'name', pg_catalog.jsonb_build_object('schema', ln.nspname, 'name', l.relname),
        'bound', pg_catalog.pg_get_expr(l.relpartbound, l.oid),
        'is_leaf', t.isleaf) ORDER BY t.level, ln.nspname, l.relname)
      FROM pg_catalog.pg_partition_tree(c.oid) AS t
      JOIN pg_catalog.pg_class AS l ON l.oid = t.relid
      JOIN pg_catalog.pg_namespace AS ln ON ln.oid = l.relnamespace
      WHERE t.level > 0
    ), '[]') ELSE '[]' END
) AS "table"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND c.relkind IN ('r', 'p', 'f')
  AND NOT c.relispartition
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
