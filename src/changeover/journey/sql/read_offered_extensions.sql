-- Per extension of %(names)s that the server offers: the version offered and the one installed.
SELECT a.name::text AS name, a.default_version AS offered, e.extversion AS installed,
  n.nspname::text AS schema
FROM pg_catalog.pg_available_extensions AS a
LEFT JOIN pg_catalog.pg_extension AS e ON e.extname = a.name
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
WHERE a.name = ANY (%(names)s::name[])
