-- One row at most: epoch, age in ms, lag in ms, last error of a direction's mirror.
SELECT h.epoch,
  (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - h.beaten_at) * 1000)::float8 AS age_ms,
  h.lag_ms, h.error
FROM changeover.heartbeat AS h
WHERE h.direction = %(direction)s
