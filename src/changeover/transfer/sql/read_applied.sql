-- One row per batch booked on the secondary: number, keys read, keys applied, batch it repeats.
SELECT a.batch_id, a.keys_read, a.keys_applied, a.repeats
FROM changeover.applied AS a
WHERE a.direction = %(direction)s
ORDER BY a.batch_id
