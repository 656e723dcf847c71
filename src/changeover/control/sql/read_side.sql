-- One row: side, version, epoch, attempt, mirror_role, secret_digest, rest_mode, fence value.
SELECT s.side, s.version, s.epoch, s.attempt, s.mirror_role, s.secret_digest, s.rest_mode,
  pg_catalog.pg_sequence_last_value('changeover.fence'::pg_catalog.regclass) AS fence
FROM changeover.side AS s
