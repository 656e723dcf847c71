-- One row: the definitions as JSON text, and when they were recorded; none before the first time.
SELECT b.definitions::text, b.recorded_at FROM changeover.schema_baseline AS b
