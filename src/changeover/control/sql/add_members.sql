-- Per key that was not listed before: that key.
INSERT INTO changeover.rollout_member (targeting_key)
SELECT k.key FROM pg_catalog.unnest(%(keys)s::text[]) AS k (key)
ON CONFLICT (targeting_key) DO NOTHING
RETURNING targeting_key
