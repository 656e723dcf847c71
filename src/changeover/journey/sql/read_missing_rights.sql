-- Per moved table of %(oids)s: the rights among SELECT, INSERT, UPDATE, DELETE that our role lacks.
SELECT n.nspname AS schema, c.relname AS name,
  pg_catalog.array_agg(w.privilege ORDER BY w.place) AS missing
FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid)
JOIN pg_catalog.pg_class AS c ON c.oid = given.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
CROSS JOIN (VALUES (1, 'SELECT'), (2, 'INSERT'), (3, 'UPDATE'), (4, 'DELETE'))
  AS w (place, privilege)
WHERE NOT pg_catalog.has_table_privilege(c.oid, w.privilege)
  OR NOT pg_catalog.has_schema_privilege(n.oid, 'USAGE')
GROUP BY n.nspname, c.relname
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
