-- Table: which steps of the schema were applied to the target, and what each brought.
CREATE TABLE IF NOT EXISTS changeover.schema_step (
  step text PRIMARY KEY,
  checksum text NOT NULL,
  objects jsonb NOT NULL DEFAULT '[]',
  applied_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)
