-- One row: whether a move has left its state here.
SELECT pg_catalog.to_regclass('changeover.copy') IS NOT NULL
  AND pg_catalog.to_regclass('changeover.moved_table') IS NOT NULL AS has_control
