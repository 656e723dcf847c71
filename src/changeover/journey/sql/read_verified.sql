-- One row per table: number, differences and unsettled rows at its last verification in the epoch,
-- age in seconds.
SELECT DISTINCT ON (v.table_id) v.table_id, v.missing + v.extra + v.different AS wrong, v.unsettled,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - v.finished_at)::float8 AS age_s
FROM changeover.verification AS v
WHERE v.epoch = %(epoch)s
ORDER BY v.table_id, v.finished_at DESC
