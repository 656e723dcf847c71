-- One row: whether all that the snapshot could see is on disk.
SELECT pg_catalog.pg_current_wal_flush_lsn() >= %(lsn)s::pg_catalog.pg_lsn
