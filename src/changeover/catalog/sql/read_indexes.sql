-- Per table oid in %(oids)s: JSON arrays of its indexes, and of those unique ones that can be keys.
SELECT i.indrelid::bigint AS oid,
  pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'name', c.relname,
    'definition', pg_catalog.pg_get_indexdef(i.indexrelid),
    'is_unique', i.indisunique,
    'is_primary', i.indisprimary,
    'is_valid', i.indisvalid,
    'is_exclusion', i.indisexclusion,
    'constraint', k.conname
  ) ORDER BY c.relname COLLATE "C") AS indexes,
  COALESCE(pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
    'name', c.relname,
    'columns', names.columns,
    'is_primary', i.indisprimary,
    'is_constraint', k.oid IS NOT NULL,
    'is_deferrable', COALESCE(k.condeferrable, false),
    'is_exact', names.is_not_null AND NOT COALESCE(k.condeferrable, false)
  ) ORDER BY i.indisprimary DESC, c.relname COLLATE "C") FILTER (
    WHERE i.indisunique AND i.indisvalid AND i.indpred IS NULL AND i.indexprs IS NULL
      AND NOT i.indisexclusion
  ), '[]') AS keys
FROM pg_catalog.pg_index AS i
JOIN pg_catalog.pg_class AS c ON c.oid = i.indexrelid
LEFT JOIN pg_catalog.pg_constraint AS k
  ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid AND k.contype IN ('p', 'u', 'x')
JOIN LATERAL (
  SELECT pg_catalog.jsonb_agg(a.attname ORDER BY p.place) AS columns,
    pg_catalog.bool_and(a.attnotnull) AS is_not_null
  FROM pg_catalog.unnest(i.indkey::smallint[]) WITH ORDINALITY AS p (attnum, place)
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = i.indrelid AND a.attnum = p.attnum
  WHERE p.place <= i.indnkeyatts
) AS names ON true
WHERE i.indrelid = ANY (%(oids)s::oid[])
GROUP BY i.indrelid
