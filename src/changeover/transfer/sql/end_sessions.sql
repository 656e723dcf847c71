-- One row per session of the role %(role)s: whether it was told to end.
SELECT pg_catalog.pg_terminate_backend(a.pid)
FROM pg_catalog.pg_stat_activity AS a
WHERE a.usename = %(role)s AND pg_catalog.pg_has_role(%(role)s, 'USAGE')
