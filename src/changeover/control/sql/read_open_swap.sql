-- One row at most: a swap, its fields in the order of control.swap.Swap.
SELECT s.swap_id, s.kind, s.attempt, s.epoch, s.phase, s.owner,
  s.deadline_at < pg_catalog.clock_timestamp() AS is_late,
  s.lease_until < pg_catalog.clock_timestamp() AS is_left,
  s.requested_at, s.decided_at, s.finished_at, s.error
FROM changeover.swap AS s
WHERE s.finished_at IS NULL
