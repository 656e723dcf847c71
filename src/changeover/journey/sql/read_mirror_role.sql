-- One row: the role of this session, and whether no policy hides a row from it.
SELECT r.rolname AS role, r.rolsuper OR r.rolbypassrls AS sees_all
FROM pg_catalog.pg_roles AS r WHERE r.rolname = session_user
