-- One row per bucket of the rows with keys from $1 to before $2: bucket, count, two sums of hashes.
-- $3 is the mask that makes a bucket of a key's hash.
SELECT r.bucket, pg_catalog.count(*),
  COALESCE(pg_catalog.sum({first}), 0)::text, COALESCE(pg_catalog.sum({second}), 0)::text
FROM (
  SELECT {bucket} & $3::bigint AS bucket, ROW({columns})::text COLLATE "C" AS content
  FROM {relation} AS t WHERE {range} OFFSET 0
) AS r
GROUP BY r.bucket
