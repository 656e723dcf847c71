-- One row: the database's collation provider (from 15; libc before), its collation.
SELECT COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c'), d.datcollate::text
FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
