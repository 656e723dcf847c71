-- One row: whether a transaction in this database holds the advisory lock (%(room)s, %(number)s).
SELECT EXISTS (
  SELECT FROM pg_catalog.pg_locks AS l
  JOIN pg_catalog.pg_database AS d ON d.oid = l.database
  WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
    AND l.classid::bigint = %(room)s AND l.objid::bigint = %(number)s
    AND d.datname = pg_catalog.current_database()
)
