-- One row at most: outcome, detail and age in seconds of a gate's newest evidence in an epoch.
SELECT e.outcome, e.detail,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - e.at)::float8 AS age_s
FROM changeover.evidence AS e
WHERE e.gate = %(gate)s AND e.epoch = %(epoch)s
ORDER BY e.at DESC
LIMIT 1
