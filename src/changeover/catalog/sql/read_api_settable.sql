-- One JSON array: of the settings %(names)s those that our role may set; PostgreSQL 15 and later.
SELECT COALESCE(pg_catalog.json_agg(n.name), '[]')::text AS names
FROM pg_catalog.unnest(%(names)s::text[]) AS n (name)
WHERE pg_catalog.has_parameter_privilege(n.name, 'SET')
