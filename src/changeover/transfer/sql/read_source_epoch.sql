-- One row: the source's epoch, NULL (it does not know the primary), whether it is a standby, and
-- false: of swaps it knows nothing.
SELECT s.epoch, NULL::text AS primary_side, pg_catalog.pg_is_in_recovery(), false AS is_swapping
FROM changeover.side AS s
