-- One row: version, epoch, primary_side, stage, whether the target is at rest by `replica`, and
-- whether its fence is open (fail closed: only the value 1 is open).
SELECT c.version, c.epoch, c.primary_side, c.stage, s.rest_mode = 'replica' AS is_replica,
  COALESCE(pg_catalog.pg_sequence_last_value('changeover.fence'::pg_catalog.regclass), 0) = 1
    AS is_open
FROM changeover.control AS c
CROSS JOIN changeover.side AS s
