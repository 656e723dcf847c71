-- One JSON object per sequence in the schemas %(schemas)s, identity sequences included.
SELECT pg_catalog.jsonb_build_object(
  'name', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname),
  'last_value', CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE,SELECT')
    THEN pg_catalog.pg_sequence_last_value(c.oid) END,
  'start', s.seqstart, 'increment', s.seqincrement, 'minimum', s.seqmin, 'maximum', s.seqmax,
  'cache', s.seqcache, 'is_cycled', s.seqcycle,
  'owner_table', CASE WHEN t.oid IS NOT NULL THEN
    pg_catalog.jsonb_build_object('schema', tn.nspname, 'name', t.relname) END,
  'owner_column', a.attname
) AS sequence
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
  AND d.refobjsubid > 0
LEFT JOIN pg_catalog.pg_class AS t ON t.oid = d.refobjid
LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.relnamespace
LEFT JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE n.nspname = ANY (%(schemas)s::text[])
ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C"
