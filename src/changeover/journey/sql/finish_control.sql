-- Nothing: ends the move.
UPDATE changeover.control AS c
SET stage = %(stage)s, finished_at = pg_catalog.clock_timestamp()
