-- Nothing: answers the tokens %(tokens)s.
UPDATE changeover.token AS t SET answered_at = pg_catalog.clock_timestamp()
WHERE t.token = ANY (%(tokens)s::uuid[])
