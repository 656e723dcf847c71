-- Per client that was not heard of for its expiry and is dropped: its id and name. A row that its client
-- is writing just now is left alone.
DELETE FROM changeover.client AS k
WHERE k.client_id IN (
  SELECT o.client_id FROM changeover.client AS o, changeover.rollout AS r
  WHERE o.polled_at <= pg_catalog.clock_timestamp()
    - pg_catalog.make_interval(secs => r.client_expiry_s)
  FOR UPDATE OF o SKIP LOCKED
)
RETURNING k.client_id::text, k.name
