-- Turns a planned table to copying; no rows are returned.
UPDATE changeover.copy
SET state = 'copying', started_at = pg_catalog.clock_timestamp()
WHERE table_id = %(table_id)s AND state = 'planned'
