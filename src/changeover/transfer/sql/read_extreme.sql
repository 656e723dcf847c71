-- One row: whether a value of the column would be given again by a sequence with the last value $1
-- (NULL: none was given yet) that goes the way of $2.
SELECT t.found IS NOT NULL AND ($1::numeric IS NULL
  OR CASE WHEN $2::bigint > 0 THEN t.found > $1::numeric ELSE t.found < $1::numeric END)
FROM (
  SELECT (CASE WHEN $2::bigint > 0 THEN pg_catalog.max({column}) ELSE pg_catalog.min({column}) END)
    ::numeric AS found
  FROM {relation} AS t
) AS t
