-- Per enabled event trigger: name, owner, event, function.
SELECT e.evtname::text AS name, pg_catalog.pg_get_userbyid(e.evtowner)::text AS owner,
  e.evtevent::text AS event, n.nspname || '.' || p.proname AS function
FROM pg_catalog.pg_event_trigger AS e
JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE e.evtenabled <> 'D'
ORDER BY e.evtname COLLATE "C"
