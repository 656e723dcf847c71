-- One row per row with a key from $1 to before $2 in one of the buckets $4 under the mask $3:
-- its key as texts, two hashes.
SELECT r.keys, {first}, {second}
FROM (
  SELECT ARRAY[{keys}]::text[] AS keys, ROW({columns})::text COLLATE "C" AS content
  FROM {relation} AS t WHERE {range} AND {bucket} & $3::bigint = ANY ($4::bigint[]) OFFSET 0
) AS r
