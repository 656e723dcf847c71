-- Nothing: clears the doubts about the table $1 that are older than its verification's start $2.
UPDATE changeover.doubt AS d SET cleared_at = pg_catalog.clock_timestamp()
WHERE d.table_id = $1 AND d.cleared_at IS NULL AND d.since < $2
