-- One row per transaction of %(names)s that is not over.
SELECT DISTINCT l.virtualtransaction
FROM pg_catalog.pg_locks AS l
WHERE l.locktype = 'virtualxid' AND l.virtualtransaction = ANY (%(names)s::text[])
