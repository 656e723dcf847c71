-- One row: how many listed keys were taken off. A stage begins with nobody on the target and with
-- shadow reads counted anew.
WITH gone AS (
  DELETE FROM changeover.rollout_member AS m RETURNING m.targeting_key
), begun AS (
  UPDATE changeover.rollout AS r
  SET shadow_run = r.shadow_run + 1, stage_began_at = pg_catalog.clock_timestamp()
)
SELECT pg_catalog.count(*) FROM gone
