-- One row per step of the schema that was applied to the target: its name.
SELECT s.step FROM changeover.schema_step AS s
