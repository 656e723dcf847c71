-- One row if the type %(name)s exists in the schema %(schema)s.
SELECT t.oid::bigint AS oid
FROM pg_catalog.pg_type AS t
JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
WHERE n.nspname = %(schema)s AND t.typname = %(name)s
