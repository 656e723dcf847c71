-- One row per object that stays behind although it has to do with the schemas %(schemas)s: name,
-- why. Triggers of other tables that call functions there, default rights, rules on events.
SELECT 'TRIGGER ' || pg_catalog.quote_ident(t.tgname) || ' on ' || c.oid::pg_catalog.regclass AS name,
  'its table does not move, so it calls ' || p.oid::pg_catalog.regprocedure
    || ' on the source only: what it writes is refused there once the source is fenced' AS why
FROM pg_catalog.pg_trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
JOIN pg_catalog.pg_namespace AS f ON f.oid = p.pronamespace
WHERE NOT t.tgisinternal AND n.nspname <> ALL (%(schemas)s::text[])
  AND n.nspname <> 'changeover' AND f.nspname = ANY (%(schemas)s::text[])
UNION ALL
SELECT 'EVENT TRIGGER ' || pg_catalog.quote_ident(e.evtname),
  'it calls ' || p.oid::pg_catalog.regprocedure || ' at DDL, which only a superuser may set up'
FROM pg_catalog.pg_event_trigger AS e
JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid
JOIN pg_catalog.pg_namespace AS f ON f.oid = p.pronamespace
WHERE f.nspname = ANY (%(schemas)s::text[])
UNION ALL
SELECT 'DEFAULT PRIVILEGES of ' || pg_catalog.quote_ident(pg_catalog.pg_get_userbyid(d.defaclrole))
    || ' in ' || pg_catalog.quote_ident(n.nspname),
  'rights are granted object by object; new tables on the target are exposed to nobody by default'
FROM (
  SELECT DISTINCT a.defaclrole, a.defaclnamespace FROM pg_catalog.pg_default_acl AS a
) AS d
JOIN pg_catalog.pg_namespace AS n ON n.oid = d.defaclnamespace
WHERE n.nspname = ANY (%(schemas)s::text[])
UNION ALL
SELECT 'PUBLICATION ' || pg_catalog.quote_ident(s.pubname) || ' of ' || pg_catalog.quote_ident(s.schemaname)
    || '.' || pg_catalog.quote_ident(s.tablename),
  'who listens to it hears nothing of writes on the target'
FROM pg_catalog.pg_publication_tables AS s
WHERE s.schemaname = ANY (%(schemas)s::text[])
ORDER BY 1
