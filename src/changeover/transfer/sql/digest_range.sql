-- One row: how many rows have keys from $1 to before $2 (NULL: open), the sum of their hashes, and the
-- sum of hashes of these hashes.
SELECT pg_catalog.count(*),
  COALESCE(pg_catalog.sum(r.hash), 0)::text,
  COALESCE(pg_catalog.sum(pg_catalog.hashint8extended(r.hash, 7046029254386353131)), 0)::text
FROM (SELECT {hash} AS hash FROM {relation} AS t WHERE {range} OFFSET 0) AS r
