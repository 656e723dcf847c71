-- One row: how far the log of the server was written at this snapshot, and %(last)s if that batch
-- is booked on the secondary but not here: the round that follows repeats it.
SELECT pg_catalog.pg_current_wal_insert_lsn()::text AS lsn,
  CASE WHEN %(last)s::bigint > 0 AND NOT EXISTS (
    SELECT FROM changeover.removed AS r
    WHERE r.direction = %(direction)s AND r.batch_id = %(last)s::bigint
  ) THEN %(last)s::bigint END AS repeats
