-- Per subscription of this database that feeds a table of %(oids)s or a partition: name, tables.
-- pg_stat_subscription shows oids that pg_subscription itself hides from plain roles on 13.
SELECT s.subname::text AS subscription,
  pg_catalog.array_agg(DISTINCT n.nspname || '.' || c.relname) AS tables
FROM pg_catalog.pg_subscription_rel AS r
JOIN (SELECT DISTINCT t.subid, t.subname FROM pg_catalog.pg_stat_subscription AS t) AS s
  ON s.subid = r.srsubid
JOIN pg_catalog.pg_class AS c ON c.oid = r.srrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(oids)s::oid[])
  OR EXISTS (
    SELECT FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid),
      pg_catalog.pg_partition_tree(given.oid) AS tree
    WHERE tree.relid = c.oid
  )
GROUP BY s.subname
ORDER BY s.subname
