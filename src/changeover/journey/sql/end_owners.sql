-- One row per session ended: owners of a swap that stopped inside a transaction, our role's own.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = session_user
  AND a.datname = pg_catalog.current_database()
  AND a.application_name = 'changeover swap'
  AND a.state LIKE 'idle in transaction%'
  AND a.pid <> pg_catalog.pg_backend_pid()
