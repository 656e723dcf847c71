-- Per sequence of the schemas %(schemas)s: whether our role may read it and set it.
SELECT n.nspname::text AS schema, c.relname::text AS name,
  pg_catalog.has_sequence_privilege(c.oid, 'SELECT') AS "select",
  pg_catalog.has_sequence_privilege(c.oid, 'UPDATE') AS "update"
FROM pg_catalog.pg_class AS c
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'S' AND n.nspname = ANY (%(schemas)s::text[])
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
