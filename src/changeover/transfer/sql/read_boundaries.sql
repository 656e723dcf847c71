-- One row per key, as texts, that begins another $3 rows in the keys' order, from $1 to before $2;
-- of all rows, or of a sample.
SELECT s.bounds
FROM (
  SELECT {bounds} AS bounds, pg_catalog.row_number() OVER (ORDER BY {order}) AS place
  FROM {relation} AS t {sample} WHERE {range}
) AS s
WHERE s.place > 1 AND s.place % $3::bigint = 1
ORDER BY s.place
