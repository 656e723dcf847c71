-- Nothing: books a moved table under its number.
INSERT INTO changeover.moved_table AS m (table_id, schema_name, table_name, key_columns, relation)
VALUES (%(table_id)s, %(schema)s, %(name)s, %(key)s, %(relation)s)
ON CONFLICT (table_id) DO UPDATE
SET schema_name = excluded.schema_name, table_name = excluded.table_name,
  key_columns = excluded.key_columns, relation = excluded.relation
