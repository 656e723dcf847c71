-- At most one row: whether the foreign key %(name)s of the table %(schema)s.%(table)s is validated.
SELECT k.convalidated
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conname = %(name)s AND c.relname = %(table)s AND n.nspname = %(schema)s
