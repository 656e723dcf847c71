-- One row per transaction, other than ours, that holds a writer's lock on a moved table, on one of
-- its partitions or on the change log: virtual transaction and backend.
-- Source: https://www.postgresql.org/docs/current/view-pg-locks.html (fast-path locks are shown too)
SELECT DISTINCT l.virtualtransaction, COALESCE(l.pid, 0)
FROM pg_catalog.pg_locks AS l
WHERE l.locktype = 'relation' AND l.granted
  AND l.database = (
    SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database())
  AND l.mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
  AND l.pid IS DISTINCT FROM pg_catalog.pg_backend_pid()
  AND l.relation IN (
    SELECT m.relation FROM changeover.moved_table AS m
    UNION ALL
    SELECT t.relid::oid FROM changeover.moved_table AS m,
      LATERAL pg_catalog.pg_partition_tree(m.relation) AS t
    UNION ALL
    SELECT 'changeover.change'::pg_catalog.regclass::oid
  )
