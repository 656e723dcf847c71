-- One row: the move's epoch, the primary side, whether the target is a standby.
SELECT c.epoch, c.primary_side, pg_catalog.pg_is_in_recovery() FROM changeover.control AS c
