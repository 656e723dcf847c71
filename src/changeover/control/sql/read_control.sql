-- One row: epoch, attempt, primary_side, stage, source_identity, target_identity, version,
-- finished_at.
SELECT c.epoch, c.attempt, c.primary_side, c.stage, c.source_identity, c.target_identity, c.version,
  c.finished_at
FROM changeover.control AS c
