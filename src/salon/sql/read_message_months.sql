-- One row per partition of messages: name, lower and upper bound. Bounds are printed in the session's
-- zone and style, so both are pinned by the caller.
SELECT
  c.relname::text,
  substring(b.bounds FROM $re$FROM \('([^']+)'\)$re$)::timestamptz,
  substring(b.bounds FROM $re$TO \('([^']+)'\)$re$)::timestamptz
FROM pg_catalog.pg_inherits AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.inhrelid
CROSS JOIN LATERAL (SELECT pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS bounds) AS b
WHERE i.inhparent = 'public.messages'::regclass
ORDER BY 2
