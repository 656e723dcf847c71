-- A row a role that may call a function of clients and is not among those named: its name.
SELECT DISTINCT r.rolname::text
FROM pg_catalog.pg_proc AS p
CROSS JOIN LATERAL pg_catalog.aclexplode(p.proacl) AS a
JOIN pg_catalog.pg_roles AS r ON r.oid = a.grantee
WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace
  AND p.proname IN ('poll', 'exchange_tokens', 'lower_rollout', 'report_shadow')
  AND a.grantee <> p.proowner
  AND r.rolname::text <> ALL (%(roles)s)
