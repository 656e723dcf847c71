-- One row per range that is not copied yet, by table and range: table_id, range_id.
SELECT p.table_id, p.range_id
FROM changeover.checkpoint AS p
WHERE p.state = 'open'
ORDER BY p.table_id, p.range_id
