-- One row: what this server and database are, and the settings that a new session of ours begins
-- with (before we pin ours).
SELECT
  pg_catalog.current_setting('server_version_num')::int AS version,
  pg_catalog.current_setting('server_version') AS version_text,
  pg_catalog.pg_is_in_recovery() AS is_in_recovery,
  pg_catalog.pg_postmaster_start_time()::text AS started_at,
  d.oid::bigint AS database_oid,
  d.datname AS database,
  pg_catalog.pg_encoding_to_char(d.encoding) AS encoding,
  d.datcollate AS collate,
  d.datctype AS ctype,
  COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocprovider', 'c') AS provider,
  COALESCE(pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale', '')
    AS locale,
  pg_catalog.to_jsonb(d) ->> 'datcollversion' AS collation_version,
  pg_catalog.to_regclass('auth.users') IS NOT NULL AS has_auth,
  (
    SELECT pg_catalog.array_agg(r.rolname::text ORDER BY r.rolname) FROM pg_catalog.pg_roles AS r
    WHERE r.rolname IN ('supabase_admin', 'supabase_auth_admin', 'authenticator', 'anon',
      'authenticated', 'service_role')
  ) AS platform_roles,
  (
    SELECT pg_catalog.jsonb_object_agg(s.name, s.reset_val) FROM pg_catalog.pg_settings AS s
    WHERE s.name IN (
      'TimeZone', 'DateStyle', 'IntervalStyle', 'extra_float_digits', 'bytea_output',
      'xmloption', 'lc_monetary', 'lc_numeric', 'default_text_search_config',
      'standard_conforming_strings', 'default_transaction_read_only', 'transform_null_equals',
      'default_transaction_isolation', 'max_identifier_length', 'array_nulls', 'fsync',
      'full_page_writes', 'transaction_timeout', 'idle_session_timeout', 'synchronous_commit'
    )
  ) AS settings
FROM pg_catalog.pg_database AS d
WHERE d.datname = pg_catalog.current_database()
