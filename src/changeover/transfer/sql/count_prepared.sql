-- One row: how many prepared transactions this database holds.
SELECT pg_catalog.count(*)::int FROM pg_catalog.pg_prepared_xacts AS p
WHERE p.database = pg_catalog.current_database()
