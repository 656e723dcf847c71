-- One row if the swap was where the caller thought: its number.
UPDATE changeover.swap AS s
SET phase = %(phase)s,
  lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %(lease_s)s),
  decided_at = CASE WHEN %(is_decision)s THEN pg_catalog.clock_timestamp() ELSE s.decided_at END,
  finished_at = CASE WHEN %(is_over)s THEN pg_catalog.clock_timestamp() END
WHERE s.swap_id = %(swap_id)s AND s.attempt = %(attempt)s AND s.phase = %(was)s
RETURNING s.swap_id
