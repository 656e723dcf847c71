-- One row: whether control state and registered tables are here, the time.
SELECT pg_catalog.to_regclass('changeover.control') IS NOT NULL,
  pg_catalog.to_regclass('changeover.moved_table') IS NOT NULL,
  pg_catalog.to_regclass('changeover.change') IS NOT NULL,
  pg_catalog.clock_timestamp()
