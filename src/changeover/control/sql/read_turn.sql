-- Per session of this database that holds the advisory lock (%(room)s, %(number)s): its process,
-- its application's name and the time since when it is connected.
SELECT a.pid, a.application_name, pg_catalog.date_trunc('second', a.backend_start)::text
FROM pg_catalog.pg_locks AS l
JOIN pg_catalog.pg_database AS d ON d.oid = l.database
JOIN pg_catalog.pg_stat_activity AS a ON a.pid = l.pid
WHERE l.locktype = 'advisory' AND l.granted AND l.objsubid = 2
  AND l.classid::bigint = %(room)s AND l.objid::bigint = %(number)s
  AND d.datname = pg_catalog.current_database()
