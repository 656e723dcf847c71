-- One row: how many rows refer to a row that is not there.
SELECT pg_catalog.count(*) FROM {child} AS c
WHERE ({demanded}) AND NOT EXISTS (SELECT FROM {parent} AS p WHERE {match})
