-- One row: the number of the swap just begun. A second open one is a unique violation.
INSERT INTO changeover.swap (kind, attempt, epoch, phase, owner, deadline_at, lease_until)
VALUES (%(kind)s, %(attempt)s, %(epoch)s, %(phase)s, %(owner)s,
  pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %(deadline_s)s),
  pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %(lease_s)s))
RETURNING swap_id
