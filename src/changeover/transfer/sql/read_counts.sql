-- One row per different row of a table without key, in one of the buckets $4 under the mask $3:
-- its two hashes as texts, how often it stands there, nothing. $1 and $2 are NULL.
SELECT ARRAY[r.first, r.second]::text[] AS keys, pg_catalog.count(*), 0
FROM (
  SELECT {first} AS first, {second} AS second
  FROM (
    SELECT ROW({columns})::text COLLATE "C" AS content
    FROM {relation} AS t WHERE {range} AND {bucket} & $3::bigint = ANY ($4::bigint[]) OFFSET 0
  ) AS r
) AS r
GROUP BY r.first, r.second
