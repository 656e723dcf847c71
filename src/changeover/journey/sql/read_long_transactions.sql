-- Per transaction of this database that is older than %(age_s)s seconds: process, role, state, age.
SELECT a.pid, COALESCE(a.usename::text, 'unknown') AS role, COALESCE(a.state, 'unknown') AS state,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - a.xact_start)::float8 AS age_s
FROM pg_catalog.pg_stat_activity AS a
WHERE a.datname = pg_catalog.current_database()
  AND a.pid <> pg_catalog.pg_backend_pid()
  AND COALESCE(a.backend_type, 'client backend') = 'client backend'
  AND a.xact_start < pg_catalog.clock_timestamp()
    - pg_catalog.make_interval(secs => %(age_s)s::float8)
ORDER BY a.xact_start
