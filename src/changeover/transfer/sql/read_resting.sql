-- One row per trigger or foreign key at rest: kind, schema, table, name, definition, tgenabled,
-- whether it was validated, whether its table is partitioned.
SELECT r.kind, r.schema_name, r.table_name, r.name, r.definition, r.enabled, r.is_validated,
  COALESCE(c.relkind = 'p', false) AS is_partitioned
FROM changeover.resting AS r
LEFT JOIN pg_catalog.pg_namespace AS n ON n.nspname = r.schema_name
LEFT JOIN pg_catalog.pg_class AS c ON c.relnamespace = n.oid AND c.relname = r.table_name
ORDER BY r.kind DESC, r.schema_name, r.table_name, r.name
