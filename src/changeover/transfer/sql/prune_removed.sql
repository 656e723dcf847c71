-- Nothing: removes the primary's books below the batch %(below)s.
DELETE FROM changeover.removed AS r
WHERE r.direction = %(direction)s AND r.batch_id < %(below)s
