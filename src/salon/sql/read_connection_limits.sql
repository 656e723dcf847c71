-- One row: the server's limit, what it keeps back for others than us, the limits of database and role
-- (-1 for none). reserved_connections came with version 16: unknown before, and then nothing is kept.
SELECT
  current_setting('max_connections')::integer AS connections_max,
  current_setting('superuser_reserved_connections')::integer
    + COALESCE(current_setting('reserved_connections', true), '0')::integer AS kept_back,
  (SELECT d.datconnlimit FROM pg_catalog.pg_database AS d
   WHERE d.datname = current_database()) AS database_max,
  (SELECT r.rolconnlimit FROM pg_catalog.pg_roles AS r WHERE r.rolname = session_user) AS role_max
