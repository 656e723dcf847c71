-- One row once nobody holds the advisory lock (%(room)s, %(number)s); an error after %(limit_ms)s ms.
SELECT pg_catalog.set_config('lock_timeout', %(limit_ms)s, true),
  pg_catalog.pg_advisory_xact_lock_shared(%(room)s::integer, %(number)s::integer)
