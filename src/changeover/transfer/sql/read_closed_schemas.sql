-- Per existing schema of %(schemas)s in which our role may not create: its name.
SELECT n.nspname
FROM pg_catalog.pg_namespace AS n
WHERE n.nspname = ANY (%(schemas)s) AND NOT pg_catalog.has_schema_privilege(n.oid, 'CREATE')
ORDER BY n.nspname COLLATE "C"
