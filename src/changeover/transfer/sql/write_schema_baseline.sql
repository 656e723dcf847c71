-- No row. Puts new definitions in place of the old ones.
INSERT INTO changeover.schema_baseline AS b (definitions) VALUES (%(definitions)s)
ON CONFLICT (is_only) DO UPDATE
SET definitions = EXCLUDED.definitions, recorded_at = pg_catalog.clock_timestamp()
