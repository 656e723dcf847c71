-- One row: the lowest batch that is kept. Books older than %(keep_s)s seconds go, never the last 10.
WITH keep AS (
  SELECT COALESCE(pg_catalog.min(a.batch_id), 0) AS lowest FROM (
    SELECT b.batch_id FROM changeover.applied AS b
    WHERE b.direction = %(direction)s AND (
      b.applied_at > pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(keep_s)s)
      OR b.batch_id > (
        SELECT m.last_batch - 10 FROM changeover.mirror AS m WHERE m.direction = %(direction)s)
    )
  ) AS a
), gone AS (
  DELETE FROM changeover.applied AS a USING keep AS k
  WHERE a.direction = %(direction)s AND a.batch_id < k.lowest
)
SELECT k.lowest FROM keep AS k
