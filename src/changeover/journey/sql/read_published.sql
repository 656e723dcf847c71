-- Per moved table of %(oids)s that is published, itself or by a partition: its name, the
-- publications, whether one is for all tables, and whether UPDATE and DELETE can be published.
SELECT n.nspname AS schema, c.relname AS name,
  pg_catalog.array_agg(DISTINCT p.pubname::text) AS publications,
  pg_catalog.bool_or(p.puballtables) AS is_for_all,
  pg_catalog.bool_and(
    NOT (p.pubupdate OR p.pubdelete)
    OR leaf.relreplident IN ('f', 'i')
    OR (leaf.relreplident = 'd' AND EXISTS (
      SELECT FROM pg_catalog.pg_index AS i WHERE i.indrelid = leaf.oid AND i.indisprimary))
  ) AS has_identity
FROM (
  SELECT given.oid AS root, given.oid FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid)
  UNION
  SELECT given.oid, tree.relid::oid
  FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid),
    pg_catalog.pg_partition_tree(given.oid) AS tree
) AS moved
JOIN pg_catalog.pg_class AS leaf ON leaf.oid = moved.oid AND leaf.relkind IN ('r', 'p')
JOIN pg_catalog.pg_namespace AS ln ON ln.oid = leaf.relnamespace
JOIN pg_catalog.pg_publication_tables AS t
  ON t.schemaname = ln.nspname AND t.tablename = leaf.relname
JOIN pg_catalog.pg_publication AS p ON p.pubname = t.pubname
JOIN pg_catalog.pg_class AS c ON c.oid = moved.root
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
GROUP BY n.nspname, c.relname
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
