-- Turns a table back to planned; no rows are returned.
UPDATE changeover.copy
SET state = 'planned', rows_copied = 0, started_at = NULL, finished_at = NULL
WHERE table_id = %(table_id)s
