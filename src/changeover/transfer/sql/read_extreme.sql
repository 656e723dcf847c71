-- One row: whether a value of the column stands at or past what the sequence gives next, given its
-- last value $1 (NULL: none was given yet, so that any value may come again) and its direction $2.
SELECT COALESCE(
  pg_catalog.bool_or(
    CASE WHEN $2::bigint > 0 THEN t.found > $1::numeric ELSE t.found < $1::numeric END),
  false) OR ($1::numeric IS NULL AND pg_catalog.count(t.found) > 0)
FROM (
  SELECT CASE WHEN $2::bigint > 0 THEN pg_catalog.max({column}) ELSE pg_catalog.min({column}) END
    ::numeric AS found
  FROM {relation} AS t
) AS t
