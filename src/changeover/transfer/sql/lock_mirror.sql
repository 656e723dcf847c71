-- One row, locked: the last batch of a direction and whether it is catching up.
SELECT m.last_batch, m.is_catching_up
FROM changeover.mirror AS m
WHERE m.direction = %(direction)s
FOR UPDATE
