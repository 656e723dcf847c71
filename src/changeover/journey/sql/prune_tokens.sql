-- Nothing: removes tokens that were answered long ago, or that nobody waits for any more.
DELETE FROM changeover.token AS t
WHERE t.written_at < pg_catalog.clock_timestamp() - interval '10 minutes'
