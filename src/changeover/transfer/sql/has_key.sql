-- One row: whether a table has a unique index that is valid and has no predicate.
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = %(schema)s AND c.relname = %(name)s
    AND i.indisunique AND i.indisvalid AND i.indpred IS NULL
)
