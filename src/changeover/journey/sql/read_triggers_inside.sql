-- Per enabled trigger of a moved table of %(oids)s that is not ours: table, trigger, function.
SELECT n.nspname::text AS schema, c.relname::text AS name, t.tgname::text AS trigger,
  t.tgfoid::bigint AS function, fn.nspname::text AS function_schema
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS fn ON fn.oid = p.pronamespace
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D' AND fn.nspname <> 'changeover'
  AND c.oid = ANY (%(oids)s::oid[])
ORDER BY 1, 2, 3
