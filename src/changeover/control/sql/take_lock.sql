-- One row: takes the advisory lock (%(room)s, %(number)s) until the transaction's end.
SELECT pg_catalog.pg_advisory_xact_lock(%(room)s::integer, %(number)s::integer)
