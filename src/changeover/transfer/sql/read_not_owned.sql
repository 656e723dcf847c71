-- Per moved table of %(oids)s, or partition of one, that our role does not own: its name and owner.
SELECT n.nspname AS schema, c.relname AS name, pg_catalog.pg_get_userbyid(c.relowner) AS owner
FROM (
  SELECT given.oid FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid)
  UNION
  SELECT tree.relid::oid
  FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid),
    pg_catalog.pg_partition_tree(given.oid) AS tree
) AS moved
JOIN pg_catalog.pg_class AS c ON c.oid = moved.oid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE NOT pg_catalog.pg_has_role(c.relowner, 'USAGE')
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
