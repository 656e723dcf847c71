-- One row: the move's epoch, the primary side, whether the target is a standby, and whether a swap is
-- decided whose old primary has not been put to rest yet.
SELECT c.epoch, c.primary_side, pg_catalog.pg_is_in_recovery(),
  EXISTS (
    SELECT FROM changeover.swap AS s
    WHERE s.finished_at IS NULL AND s.phase IN ('decided', 'opened')
  ) AS is_swapping
FROM changeover.control AS c
