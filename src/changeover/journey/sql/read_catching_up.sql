-- One row: whether a direction is catching up.
SELECT m.is_catching_up FROM changeover.mirror AS m WHERE m.direction = %(direction)s
