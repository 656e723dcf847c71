-- Nothing: books that a marker came back; an error leaves marker and lag as they were.
INSERT INTO changeover.heartbeat AS h
  (direction, epoch, marker_number, lag_ms, lag_ms_max, owner, error)
VALUES (%(direction)s, %(epoch)s, %(number)s, %(lag_ms)s, %(lag_ms)s, %(owner)s, NULL)
ON CONFLICT (direction) DO UPDATE
SET epoch = excluded.epoch, marker_number = excluded.marker_number, lag_ms = excluded.lag_ms,
  lag_ms_max = CASE WHEN h.epoch = excluded.epoch
    THEN GREATEST(h.lag_ms_max, excluded.lag_ms) ELSE excluded.lag_ms END,
  beaten_at = pg_catalog.clock_timestamp(), owner = excluded.owner, error = NULL
