-- One row: takes the advisory lock (%(room)s, %(number)s) until the session's end.
SELECT pg_catalog.pg_advisory_lock(%(room)s::integer, %(number)s::integer)
