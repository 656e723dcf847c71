-- One row at most: epoch, age in ms, lag in ms, last error of a direction's mirror; age and lag are
-- NULL as long as no marker has come back.
SELECT h.epoch,
  CASE WHEN h.marker_number > 0 THEN
    (EXTRACT(epoch FROM pg_catalog.clock_timestamp() - h.beaten_at) * 1000)::float8 END AS age_ms,
  CASE WHEN h.marker_number > 0 THEN h.lag_ms END,
  h.error
FROM changeover.heartbeat AS h
WHERE h.direction = %(direction)s
