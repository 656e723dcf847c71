-- One row: how many application keys the log holds.
SELECT pg_catalog.count(*) FROM changeover.change AS c WHERE c.table_id <> 0
