-- Plans a table unless it is planned: its table_id, or no row.
INSERT INTO changeover.copy (table_id, version, shape)
VALUES (%(table_id)s, %(version)s, %(shape)s)
ON CONFLICT (table_id) DO NOTHING
RETURNING table_id
