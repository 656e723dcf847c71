-- One JSON object: our role, the server's roles, what our role may do, extensions here and on offer.
SELECT pg_catalog.jsonb_build_object(
  'user', r.rolname,
  'roles', (SELECT pg_catalog.jsonb_agg(o.rolname) FROM pg_catalog.pg_roles AS o),
  'may_create_roles', r.rolsuper OR r.rolcreaterole,
  'may_bypass', r.rolsuper OR r.rolbypassrls AND r.rolcreaterole
    AND pg_catalog.current_setting('server_version_num')::int >= 160000,
  'may_create_schemas',
    pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE'),
  'is_superuser', r.rolsuper,
  'extensions', (SELECT pg_catalog.jsonb_agg(e.extname) FROM pg_catalog.pg_extension AS e),
  'available', (
    SELECT pg_catalog.jsonb_object_agg(v.name, v.trusted OR NOT v.superuser)
    FROM pg_catalog.pg_available_extensions AS a
    JOIN pg_catalog.pg_available_extension_versions AS v
      ON v.name = a.name AND v.version = a.default_version)
) AS rights
FROM pg_catalog.pg_roles AS r
WHERE r.rolname = CURRENT_USER
