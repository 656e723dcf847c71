-- One row per key among $2 of the table $1 that waits in the change log; NULL for the whole table.
SELECT DISTINCT c.key FROM changeover.change AS c
WHERE c.table_id = $1::integer AND (c.key IS NULL OR c.key = ANY ($2::text[]))
