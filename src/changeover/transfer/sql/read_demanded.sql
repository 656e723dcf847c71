-- One row: the columns of the table %(schema)s.%(name)s, beside %(columns)s, that an INSERT has to
-- fill; NULL for none.
SELECT pg_catalog.string_agg(a.attname, ', ' ORDER BY a.attnum)
FROM pg_catalog.pg_attribute AS a
JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE n.nspname = %(schema)s AND c.relname = %(name)s AND a.attnum > 0 AND NOT a.attisdropped
  AND a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''
  AND a.attname <> ALL (%(columns)s::name[])
