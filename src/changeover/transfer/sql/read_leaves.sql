-- One row per leaf partition of the table %(schema)s.%(name)s: schema and name.
SELECT n.nspname, c.relname
FROM pg_catalog.pg_partition_tree((
    SELECT p.oid FROM pg_catalog.pg_class AS p
    JOIN pg_catalog.pg_namespace AS s ON s.oid = p.relnamespace
    WHERE s.nspname = %(schema)s AND p.relname = %(name)s
  )::pg_catalog.regclass) AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.relid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.isleaf
ORDER BY n.nspname, c.relname
