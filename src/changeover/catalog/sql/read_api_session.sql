-- One JSON object: the server's version, and the settings of each role that is granted to ours, each
-- as name, value, and whether everybody may set it.
SELECT pg_catalog.json_build_object(
  'version', pg_catalog.current_setting('server_version_num')::int,
  'role_settings', COALESCE((
    SELECT pg_catalog.json_object_agg(r.rolname, r.settings)
    FROM (
      SELECT o.rolname, pg_catalog.json_agg(
        pg_catalog.json_build_array(
          s.name,
          pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1),
          s.context = 'user')
        ORDER BY c.place) AS settings
      FROM pg_catalog.pg_roles AS o
      CROSS JOIN LATERAL pg_catalog.unnest(o.rolconfig) WITH ORDINALITY AS c (setting, place)
      JOIN pg_catalog.pg_settings AS s ON s.name = pg_catalog.split_part(c.setting, '=', 1)
      WHERE o.oid IN (
        SELECT m.roleid FROM pg_catalog.pg_auth_members AS m
        JOIN pg_catalog.pg_roles AS own ON own.oid = m.member
        WHERE own.rolname = current_user)
      GROUP BY o.rolname
    ) AS r
  ), '{}')
)::text AS session
