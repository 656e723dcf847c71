-- One row per foreign key that was taken off while this side is secondary: schema, table, name,
-- definition.
SELECT r.schema_name, r.table_name, r.name, r.definition
FROM changeover.resting AS r WHERE r.kind = 'foreign_key'
ORDER BY 1, 2, 3
