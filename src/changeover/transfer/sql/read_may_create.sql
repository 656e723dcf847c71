-- One row: whether our role may make the schema changeover here, or create in the one that is there.
SELECT pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')
  OR EXISTS (
    SELECT FROM pg_catalog.pg_namespace AS n
    WHERE n.nspname = 'changeover' AND pg_catalog.has_schema_privilege(n.oid, 'CREATE')
  )
