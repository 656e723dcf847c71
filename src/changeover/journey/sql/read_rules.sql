-- Per rule of a moved table of %(oids)s: table, name, event, whether it acts instead.
SELECT n.nspname AS schema, c.relname AS name, r.rulename AS rule, r.is_instead,
  CASE r.ev_type WHEN '1' THEN 'SELECT' WHEN '2' THEN 'UPDATE' WHEN '3' THEN 'INSERT'
    ELSE 'DELETE' END AS event
FROM pg_catalog.pg_rewrite AS r
JOIN pg_catalog.pg_class AS c ON c.oid = r.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE c.oid = ANY (%(oids)s::oid[])
ORDER BY 1, 2, 3
