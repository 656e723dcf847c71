-- Per client that has been heard of within its expiry: what it last told, seconds since then, and
-- whether it obeys another state than the present one.
SELECT k.client_id::text, k.name, k.version, k.role_name, k.stage, k.side, k.queued, k.breaker,
  k.kill,
  EXTRACT(epoch FROM pg_catalog.clock_timestamp() - k.polled_at)::float8 AS polled_s_ago,
  k.seen <> d.seen AS is_stale
FROM changeover.client AS k, changeover.rollout AS r,
  (SELECT changeover.digest_state() AS seen) AS d
WHERE k.polled_at > pg_catalog.clock_timestamp()
  - pg_catalog.make_interval(secs => r.client_expiry_s)
ORDER BY k.name, k.client_id
