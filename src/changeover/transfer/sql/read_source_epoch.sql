-- One row: the source's epoch, NULL (it does not know the primary), whether it is a standby.
SELECT s.epoch, NULL::text AS primary_side, pg_catalog.pg_is_in_recovery() FROM changeover.side AS s
