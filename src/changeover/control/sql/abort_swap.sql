-- Nothing: gives a swap up under a newer attempt.
UPDATE changeover.swap AS s
SET phase = 'aborting', attempt = %(attempt)s, error = %(error)s,
  lease_until = pg_catalog.clock_timestamp() + pg_catalog.make_interval(secs => %(lease_s)s)
WHERE s.swap_id = %(swap_id)s
