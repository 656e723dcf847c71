-- Nothing: books why the mirror of a direction failed.
UPDATE changeover.heartbeat AS h SET error = %(error)s WHERE h.direction = %(direction)s
