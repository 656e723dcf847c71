-- Per table oid in %(oids)s: a JSON array of its triggers that are not internal.
SELECT t.tgrelid::bigint AS oid, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
  'name', t.tgname,
  'definition', pg_catalog.pg_get_triggerdef(t.oid),
  'enabled', t.tgenabled,
  'function', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', p.proname)
) ORDER BY t.tgname COLLATE "C") AS triggers
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
WHERE t.tgrelid = ANY (%(oids)s::oid[]) AND NOT t.tgisinternal
GROUP BY t.tgrelid
