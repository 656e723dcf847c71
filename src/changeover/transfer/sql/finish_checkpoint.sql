-- Turns an open range to done; no rows are returned.
UPDATE changeover.checkpoint
SET state = 'done', rows_copied = %(rows)s, rows_left_out = %(left_out)s,
  done_at = pg_catalog.clock_timestamp()
WHERE table_id = %(table_id)s AND range_id = %(range_id)s AND state = 'open'
