-- One row: how many connections the server, the database and our role allow and have in use.
-- pg_stat_database counts sessions that pg_stat_activity hides from plain roles.
SELECT
  pg_catalog.current_setting('max_connections')::int AS most,
  pg_catalog.current_setting('superuser_reserved_connections')::int
    + COALESCE(pg_catalog.current_setting('reserved_connections', true), '0')::int AS reserved,
  (SELECT COALESCE(pg_catalog.sum(s.numbackends), 0)::int FROM pg_catalog.pg_stat_database AS s)
    AS used,
  d.datconnlimit AS database_limit,
  (
    SELECT s.numbackends FROM pg_catalog.pg_stat_database AS s WHERE s.datid = d.oid
  ) AS database_used,
  r.rolconnlimit AS role_limit,
  (
    SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_stat_activity AS a WHERE a.usesysid = r.oid
  ) AS role_used
FROM pg_catalog.pg_database AS d, pg_catalog.pg_roles AS r
WHERE d.datname = pg_catalog.current_database() AND r.rolname = session_user
