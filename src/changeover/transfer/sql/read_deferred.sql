-- One row per moved table whose copy is not done: its number.
SELECT m.table_id
FROM changeover.moved_table AS m
WHERE NOT EXISTS (
  SELECT FROM changeover.copy AS c WHERE c.table_id = m.table_id AND c.state = 'copied')
