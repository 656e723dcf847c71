-- One row per bucket of the rows with keys from $1 to before $2: bucket, count, the sums as for a
-- range. $3 is the mask that makes a bucket of a key's hash.
SELECT r.bucket, pg_catalog.count(*),
  COALESCE(pg_catalog.sum(r.hash), 0)::text,
  COALESCE(pg_catalog.sum(pg_catalog.hashint8extended(r.hash, 7046029254386353131)), 0)::text
FROM (
  SELECT {bucket} & $3::bigint AS bucket, {hash} AS hash
  FROM {relation} AS t WHERE {range} OFFSET 0
) AS r
GROUP BY r.bucket
