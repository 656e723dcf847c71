-- One row: triggers of ours on tables outside the schema changeover.
SELECT pg_catalog.count(*)::int
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace
  AND c.relnamespace <> 'changeover'::pg_catalog.regnamespace
