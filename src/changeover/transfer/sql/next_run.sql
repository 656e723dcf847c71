-- One row: the number of the next verification; the caller holds the table's lock.
SELECT COALESCE(pg_catalog.max(v.run_id), 0) + 1 FROM changeover.verification AS v
