-- Opens the ranges of a table again; no rows are returned. Waits for workers that hold one.
UPDATE changeover.checkpoint
SET state = 'open', rows_copied = 0, rows_left_out = 0, done_at = NULL
WHERE table_id = %(table_id)s
