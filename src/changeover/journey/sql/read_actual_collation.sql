-- One row: the version that the operating system or ICU gives the database's collation now.
SELECT pg_catalog.pg_database_collation_actual_version(d.oid) AS version
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
