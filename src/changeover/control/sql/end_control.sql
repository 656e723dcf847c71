-- Nothing: ends the move where it stands, under the lock of the control row.
UPDATE changeover.control AS c
SET finished_at = COALESCE(c.finished_at, pg_catalog.clock_timestamp())
