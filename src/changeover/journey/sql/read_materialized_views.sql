-- One row per populated materialized view of the schemas %(schemas)s, by creation: schema, name.
SELECT n.nspname, c.relname
FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.relkind = 'm' AND n.nspname = ANY (%(schemas)s::text[])
ORDER BY c.oid
