-- One row: whether somebody holds the advisory lock (%(room)s, %(number)s).
SELECT NOT pg_catalog.pg_try_advisory_xact_lock_shared(%(room)s::integer, %(number)s::integer)
