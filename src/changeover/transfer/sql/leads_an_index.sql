-- One row: whether a plain index of the table %(schema)s.%(name)s begins with the column %(column)s.
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_index AS i
  JOIN pg_catalog.pg_class AS c ON c.oid = i.indrelid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = i.indkey[0]
  WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND a.attname = %(column)s
    AND i.indpred IS NULL AND i.indisvalid
)
