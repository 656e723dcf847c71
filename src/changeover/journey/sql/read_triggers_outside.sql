-- Per enabled trigger of a table that is neither among %(oids)s nor a partition of one, nor ours:
-- table, trigger, the oid of its function. A partition's clones stand for themselves.
SELECT n.nspname::text AS schema, c.relname::text AS name, t.tgname::text AS trigger,
  t.tgfoid::bigint AS function
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND t.tgenabled <> 'D'
  AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'changeover')
  AND c.oid <> ALL (%(oids)s::oid[])
  AND NOT EXISTS (
    SELECT FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid),
      pg_catalog.pg_partition_tree(given.oid) AS tree
    WHERE tree.relid = c.oid
  )
ORDER BY 1, 2, 3
