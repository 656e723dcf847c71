-- One row per doubt that nobody cleared: table number, reason.
SELECT d.table_id, d.reason FROM changeover.doubt AS d
WHERE d.cleared_at IS NULL
ORDER BY d.table_id, d.since
