-- One row: whether this session has got the advisory lock (%(room)s, %(number)s), until it ends.
SELECT pg_catalog.pg_try_advisory_lock(%(room)s::integer, %(number)s::integer)
