-- One row per batch booked on the secondary: number, keys read, keys applied, rows taken out of the
-- log, batch it repeats.
SELECT a.batch_id, a.keys_read, a.keys_applied, a.log_rows, a.repeats
FROM changeover.applied AS a
WHERE a.direction = %(direction)s
ORDER BY a.batch_id
