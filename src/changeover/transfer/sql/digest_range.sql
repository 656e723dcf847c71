-- One row: how many rows have keys from $1 to before $2 (NULL: open), and two sums of their hashes.
SELECT pg_catalog.count(*),
  COALESCE(pg_catalog.sum({first}), 0)::text, COALESCE(pg_catalog.sum({second}), 0)::text
FROM (
  SELECT ROW({columns})::text COLLATE "C" AS content FROM {relation} AS t WHERE {range} OFFSET 0
) AS r
