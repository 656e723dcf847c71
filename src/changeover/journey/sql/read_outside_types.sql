-- Per type of a column of %(oids)s outside the schemas %(schemas)s, the system's and extensions':
-- its schema and name, and which columns use it. An array stands for its elements.
SELECT tn.nspname::text AS schema, t.typname::text AS name,
  pg_catalog.array_agg(DISTINCT n.nspname || '.' || c.relname || '.' || a.attname) AS users
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_type AS given ON given.oid = a.atttypid
JOIN pg_catalog.pg_type AS t
  ON t.oid = CASE WHEN given.typcategory = 'A' AND given.typelem <> 0
    THEN given.typelem ELSE given.oid END
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
  AND tn.nspname <> ALL (%(schemas)s::text[])
  AND tn.nspname NOT IN ('pg_catalog', 'information_schema')
  AND NOT EXISTS (
    SELECT FROM pg_catalog.pg_depend AS d
    WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
      AND d.objid = t.oid AND d.deptype = 'e'
  )
GROUP BY tn.nspname, t.typname
ORDER BY 1, 2
