-- One row: how many tables are copied.
SELECT pg_catalog.count(*)::int FROM changeover.copy AS c
JOIN changeover.moved_table AS m ON m.table_id = c.table_id
WHERE c.state = 'copied'
