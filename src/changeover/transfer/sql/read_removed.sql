-- One row per batch booked on the primary: number, keys read.
SELECT r.batch_id, r.keys_read FROM changeover.removed AS r
WHERE r.direction = %(direction)s
ORDER BY r.batch_id
