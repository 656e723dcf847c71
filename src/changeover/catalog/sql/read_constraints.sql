-- Per table oid in %(oids)s: JSON arrays of its foreign keys and its CHECKs.
SELECT k.conrelid::bigint AS oid,
  COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'name', k.conname,
    'columns', own.columns,
    'references', pg_catalog.jsonb_build_object('schema', rn.nspname, 'name', r.relname),
    'referenced_columns', theirs.columns,
    'definition', pg_catalog.pg_get_constraintdef(k.oid),
    'on_delete', k.confdeltype,
    'on_update', k.confupdtype,
    'is_validated', k.convalidated,
    'is_deferrable', k.condeferrable
  ) ORDER BY k.conname COLLATE "C") FILTER (WHERE k.contype = 'f'), '[]') AS foreign_keys,
  COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'name', k.conname,
    'definition', pg_catalog.pg_get_constraintdef(k.oid),
    'is_validated', k.convalidated
  ) ORDER BY k.conname COLLATE "C") FILTER (WHERE k.contype = 'c'), '[]') AS checks
FROM pg_catalog.pg_constraint AS k
LEFT JOIN pg_catalog.pg_class AS r ON r.oid = k.confrelid
LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
LEFT JOIN LATERAL (
  SELECT pg_catalog.jsonb_agg(a.attname ORDER BY p.place) AS columns
  FROM pg_catalog.unnest(k.conkey) WITH ORDINALITY AS p (attnum, place)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = p.attnum
) AS own ON true
LEFT JOIN LATERAL (
  SELECT pg_catalog.jsonb_agg(a.attname ORDER BY p.place) AS columns
  FROM pg_catalog.unnest(k.confkey) WITH ORDINALITY AS p (attnum, place)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.confrelid AND a.attnum = p.attnum
) AS theirs ON true
WHERE k.conrelid = ANY (%(oids)s::oid[]) AND k.contype IN ('f', 'c') AND k.conparentid = 0
GROUP BY k.conrelid
