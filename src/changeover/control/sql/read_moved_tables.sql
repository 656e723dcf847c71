-- One row per moved table: number, schema, name, key columns.
SELECT m.table_id, m.schema_name, m.table_name, m.key_columns
FROM changeover.moved_table AS m
ORDER BY m.table_id
