-- One row per session ended: mirrors under our role that hold a lock of a round for too long.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = session_user
  AND a.datname = pg_catalog.current_database()
  AND a.application_name = 'changeover mirror'
  AND a.pid <> pg_catalog.pg_backend_pid()
  AND a.xact_start < pg_catalog.clock_timestamp() - pg_catalog.make_interval(secs => %(seconds)s)
