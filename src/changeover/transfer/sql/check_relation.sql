-- One row: whether table %(table_id)s is still the one that capture was installed on.
SELECT m.relation = pg_catalog.to_regclass(
    pg_catalog.format('%%I.%%I', m.schema_name, m.table_name))::oid AS is_same
FROM changeover.moved_table AS m
WHERE m.table_id = %(table_id)s
