-- Per foreign key between a table of %(oids)s and one that is not: both names, the key's name, its
-- actions, and whether it points inward, from a table that stays to one that moves.
WITH moved (oid) AS (
  SELECT given.oid FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid)
  UNION
  SELECT tree.relid::oid
  FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid),
    pg_catalog.pg_partition_tree(given.oid) AS tree
)
SELECT n.nspname::text AS schema, c.relname::text AS name, k.conname::text AS constraint,
  rn.nspname::text AS other_schema, r.relname::text AS other,
  k.confdeltype::text AS on_delete, k.confupdtype::text AS on_update,
  r.oid IN (SELECT moved.oid FROM moved) AS is_inward
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0
  AND (c.oid IN (SELECT moved.oid FROM moved)) <> (r.oid IN (SELECT moved.oid FROM moved))
ORDER BY 1, 2, 3
