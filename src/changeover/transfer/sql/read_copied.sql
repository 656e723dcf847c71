-- One row per table whose copy is done: its number.
SELECT c.table_id FROM changeover.copy AS c WHERE c.state = 'copied'
