-- Returns (name, value) of the settings that ALTER ROLE … SET gives the connecting role, those for
-- this database last, so that they win.
SELECT left(one, strpos(one, '=') - 1), substr(one, strpos(one, '=') + 1)
FROM pg_catalog.pg_db_role_setting AS s
CROSS JOIN LATERAL unnest(s.setconfig) AS one
WHERE s.setrole = (SELECT oid FROM pg_catalog.pg_roles WHERE rolname = current_user)
  AND (s.setdatabase = 0
    OR s.setdatabase = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()))
ORDER BY s.setdatabase
