-- One JSON array of the functions in the schemas %(schemas)s that lead from one row to rows.
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
  'function', pg_catalog.json_build_object('schema', n.nspname, 'name', p.proname),
  'parent', pg_catalog.json_build_object('schema', an.nspname, 'name', a.relname),
  'child', pg_catalog.json_build_object('schema', rn.nspname, 'name', r.relname),
  'is_to_one', NOT p.proretset OR p.prorows = 1
) ORDER BY n.nspname, p.proname, p.oid), '[]')::text AS computed
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
JOIN pg_catalog.pg_class AS a ON a.reltype = p.proargtypes[0]
JOIN pg_catalog.pg_namespace AS an ON an.oid = a.relnamespace
JOIN pg_catalog.pg_class AS r ON r.reltype = p.prorettype
JOIN pg_catalog.pg_namespace AS rn ON rn.oid = r.relnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND p.prokind = 'f' AND p.pronargs = 1
  AND p.proargtypes[0] <> 0 AND p.prorettype <> 0
  AND a.relkind IN ('r', 'v', 'm', 'f', 'p') AND r.relkind IN ('r', 'v', 'm', 'f', 'p')
