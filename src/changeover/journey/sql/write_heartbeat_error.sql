-- Nothing: books why the mirror of a direction failed, be it before any marker came back.
INSERT INTO changeover.heartbeat AS h
  (direction, epoch, marker_number, lag_ms, lag_ms_max, beaten_at, owner, error)
SELECT %(direction)s, c.epoch, 0, 0, 0, 'epoch', %(owner)s, %(error)s
FROM changeover.control AS c
ON CONFLICT (direction) DO UPDATE SET error = excluded.error
