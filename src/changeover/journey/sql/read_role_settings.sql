-- Per setting of a role, a database or both that matters here: role (empty for all), name, value.
SELECT COALESCE(r.rolname::text, '') AS role,
  s.setdatabase <> 0 AS is_of_database,
  pg_catalog.split_part(c.setting, '=', 1) AS name,
  pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1) AS value
FROM pg_catalog.pg_db_role_setting AS s
LEFT JOIN pg_catalog.pg_roles AS r ON r.oid = s.setrole
CROSS JOIN LATERAL pg_catalog.unnest(s.setconfig) AS c (setting)
WHERE s.setdatabase IN (0, (
    SELECT d.oid FROM pg_catalog.pg_database AS d WHERE d.datname = pg_catalog.current_database()
  ))
  AND (s.setrole = 0 OR r.oid IS NOT NULL)
  AND pg_catalog.lower(pg_catalog.split_part(c.setting, '=', 1)) IN (
    'timezone', 'datestyle', 'intervalstyle', 'extra_float_digits', 'bytea_output', 'xmloption',
    'lc_monetary', 'statement_timeout', 'lock_timeout', 'idle_in_transaction_session_timeout',
    'idle_session_timeout', 'transaction_timeout'
  )
ORDER BY 1, 3, 2
