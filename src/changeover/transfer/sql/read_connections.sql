-- One row: the share of connections in use, in per cent of those that a plain role can have.
-- Every role may read the counters of pg_stat_database; background workers count too.
SELECT (100.0 * pg_catalog.sum(d.numbackends) / GREATEST(1,
  pg_catalog.current_setting('max_connections')::integer
  - pg_catalog.current_setting('superuser_reserved_connections')::integer))::double precision
FROM pg_catalog.pg_stat_database AS d
