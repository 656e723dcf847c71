-- One row: whether our role may create in the schema changeover, and see locks and other sessions.
SELECT
  EXISTS (
    SELECT FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = 'changeover' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
  ) AS has_schema,
  pg_catalog.has_table_privilege('pg_catalog.pg_locks', 'SELECT') AS sees_locks,
  pg_catalog.pg_has_role('pg_read_all_stats', 'USAGE') AS sees_activity
