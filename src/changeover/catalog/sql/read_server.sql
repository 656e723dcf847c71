-- One row: version, database, user, and the settings that change behaviour, as one JSON object.
SELECT pg_catalog.jsonb_build_object(
  'version', pg_catalog.current_setting('server_version_num')::int,
  'database', pg_catalog.current_database(),
  'user', session_user,
  'settings', (
    -- Of a setting that our session pins, the value that other sessions begin with.
    SELECT pg_catalog.jsonb_object_agg(s.name, CASE WHEN s.name IN (
        'TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output', 'lc_monetary',
        'synchronous_commit'
      ) THEN s.reset_val ELSE s.setting END)
    FROM pg_catalog.pg_settings AS s
    WHERE s.name IN (
      'TimeZone', 'DateStyle', 'IntervalStyle', 'bytea_output',
      'server_encoding', 'lc_collate', 'lc_ctype', 'lc_monetary', 'default_text_search_config',
      'max_connections', 'superuser_reserved_connections', 'reserved_connections',
      'max_prepared_transactions', 'fsync', 'full_page_writes', 'synchronous_commit',
      'synchronous_standby_names', 'transaction_read_only', 'wal_level', 'ssl', 'block_size',
      'integer_datetimes', 'max_identifier_length', 'max_locks_per_transaction',
      'default_tablespace', 'default_table_access_method', 'idle_session_timeout',
      'hot_standby'
    )
  ) || (
    SELECT pg_catalog.jsonb_strip_nulls(pg_catalog.jsonb_build_object(
      'locale_provider', pg_catalog.to_jsonb(d) ->> 'datlocprovider',
      'locale', COALESCE(
        pg_catalog.to_jsonb(d) ->> 'datlocale', pg_catalog.to_jsonb(d) ->> 'daticulocale'),
      'collation_version', pg_catalog.to_jsonb(d) ->> 'datcollversion',
      'datcollate', d.datcollate, 'datctype', d.datctype,
      'is_in_recovery', pg_catalog.pg_is_in_recovery()::text
    ))
    FROM pg_catalog.pg_database AS d
    WHERE d.datname = pg_catalog.current_database()
  )
) AS server
