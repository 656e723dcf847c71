-- One row per different row of a table without key whose first hash is in $1: both hashes as texts,
-- what tells versions of it apart, how often it stands there.
SELECT ARRAY[r.first, r.second]::text[], pg_catalog.sum(r.version)::text, pg_catalog.count(*)
FROM (
  SELECT {first} AS first, {second} AS second, r.version
  FROM (
    SELECT ROW({columns})::text COLLATE "C" AS content, t.xmin::text::bigint AS version
    FROM {relation} AS t OFFSET 0
  ) AS r
) AS r
WHERE r.first = ANY ($1::bigint[])
GROUP BY r.first, r.second
