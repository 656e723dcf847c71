-- Nothing: makes the lock row of a direction if there is none.
INSERT INTO changeover.mirror (direction, epoch) VALUES (%(direction)s, %(epoch)s)
ON CONFLICT (direction) DO NOTHING
