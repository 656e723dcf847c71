-- One row per table in the schemas %(schemas)s that is neither registered nor excluded: its name.
SELECT n.nspname || '.' || c.relname
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND c.relkind IN ('r', 'p', 'f')
  AND NOT c.relispartition
  AND n.nspname || '.' || c.relname <> ALL (%(excluded)s::text[])
  AND NOT EXISTS (SELECT FROM changeover.moved_table AS m WHERE m.relation = c.oid)
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
      AND d.objid = c.oid AND d.deptype = 'e'
  )
ORDER BY 1
