-- One JSON object per effective right in the schemas %(schemas)s: role (public for all), kind and
-- identity of the object, its schema, column, right. Owners and superusers are left out.
WITH grantee AS (
  SELECT r.oid, r.rolname AS name FROM pg_catalog.pg_roles AS r
  WHERE NOT r.rolsuper AND r.rolname NOT LIKE 'pg\_%%' AND r.rolname NOT LIKE 'changeover\_mirror%%'
  UNION ALL
  SELECT 0, 'public'
), relation AS (
  SELECT c.oid, c.relkind, c.relowner, n.nspname, c.relname
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
), held AS (
  SELECT g.name AS grantee, 'TABLE' AS kind, c.nspname,
    'pg_catalog.pg_class'::pg_catalog.regclass AS catalog, c.oid, NULL::name AS "column",
    w.privilege
  FROM relation AS c
  CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE'), ('REFERENCES'),
    ('TRIGGER')) AS w (privilege)
  JOIN grantee AS g ON g.oid <> c.relowner
  WHERE c.relkind <> 'S' AND pg_catalog.has_table_privilege(g.name, c.oid, w.privilege)
  UNION ALL
  SELECT g.name, 'TABLE', c.nspname, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, a.attname,
    w.privilege
  FROM relation AS c
  JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attacl IS NOT NULL
  CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('REFERENCES')) AS w (privilege)
  JOIN grantee AS g ON g.oid <> c.relowner
  WHERE c.relkind <> 'S'
    AND NOT pg_catalog.has_table_privilege(g.name, c.oid, w.privilege)
    AND pg_catalog.has_column_privilege(g.name, c.oid, a.attnum, w.privilege)
  UNION ALL
  SELECT g.name, 'SEQUENCE', c.nspname, 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, NULL,
    w.privilege
  FROM relation AS c
  CROSS JOIN (VALUES ('USAGE'), ('SELECT'), ('UPDATE')) AS w (privilege)
  JOIN grantee AS g ON g.oid <> c.relowner
  WHERE c.relkind = 'S' AND pg_catalog.has_sequence_privilege(g.name, c.oid, w.privilege)
  UNION ALL
  SELECT g.name, 'ROUTINE', n.nspname, 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, NULL,
    'EXECUTE'
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
  JOIN grantee AS g ON g.oid <> p.proowner
  WHERE n.nspname = ANY (%(schemas)s::text[])
    AND pg_catalog.has_function_privilege(g.name, p.oid, 'EXECUTE')
  UNION ALL
  SELECT g.name, 'SCHEMA', n.nspname, 'pg_catalog.pg_namespace'::pg_catalog.regclass, n.oid, NULL,
    w.privilege
  FROM pg_catalog.pg_namespace AS n
  CROSS JOIN (VALUES ('USAGE'), ('CREATE')) AS w (privilege)
  JOIN grantee AS g ON g.oid <> n.nspowner
  WHERE n.nspname = ANY (%(schemas)s::text[])
    AND pg_catalog.has_schema_privilege(g.name, n.oid, w.privilege)
)
SELECT pg_catalog.jsonb_build_object(
  'grantee', h.grantee, 'kind', h.kind, 'schema', h.nspname,
  'identity', (pg_catalog.pg_identify_object(h.catalog, h.oid, 0)).identity,
  'column', h."column", 'privilege', h.privilege
) AS "grant"
FROM held AS h
ORDER BY h.nspname COLLATE "C", h.kind, h.oid, h."column" COLLATE "C", h.grantee COLLATE "C",
  h.privilege
