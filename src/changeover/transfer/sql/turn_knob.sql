-- Sets the knob %(name)s to %(value)s; no rows are returned.
INSERT INTO changeover.knob (name, value) VALUES (%(name)s, %(value)s)
ON CONFLICT (name) DO UPDATE
SET value = EXCLUDED.value, turned_at = pg_catalog.clock_timestamp()
