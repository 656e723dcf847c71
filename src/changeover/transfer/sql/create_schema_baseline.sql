-- Table: what the target's objects were defined as when the schema was last applied or accepted.
CREATE TABLE IF NOT EXISTS changeover.schema_baseline (
  is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),
  definitions jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
)
