-- Per table that a copy of ours has begun to fill: its name.
SELECT m.schema_name AS schema, m.table_name AS name
FROM changeover.copy AS c
JOIN changeover.moved_table AS m ON m.table_id = c.table_id
WHERE c.state <> 'planned'
