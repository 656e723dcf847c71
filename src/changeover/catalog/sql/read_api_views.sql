-- One JSON object per view in the schemas %(schemas)s and %(extra)s: its columns in order, and the
-- query behind it as a tree in text.
SELECT pg_catalog.json_build_object(
  'oid', c.oid::bigint,
  'name', pg_catalog.json_build_object('schema', n.nspname, 'name', c.relname),
  'columns', (
    SELECT pg_catalog.json_agg(a.attname ORDER BY a.attnum)
    FROM pg_catalog.pg_attribute AS a
    WHERE a.attrelid = c.oid AND a.attnum > 0),
  'tree', r.ev_action::text
)::text AS view
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_rewrite AS r ON r.ev_class = c.oid AND r.rulename = '_RETURN'
WHERE c.relkind IN ('v', 'm')
  AND (n.nspname = ANY (%(schemas)s::text[]) OR n.nspname = ANY (%(extra)s::text[]))
ORDER BY n.nspname, c.relname
