-- One row of JSON arrays: views, functions, types, extensions, policies of the schemas %(schemas)s.
SELECT
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname),
      'kind', c.relkind, 'definition', pg_catalog.pg_get_viewdef(c.oid)
    ) ORDER BY n.nspname, c.relname)
    FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.relkind IN ('v', 'm') AND n.nspname = ANY (%(schemas)s::text[])
  ), '[]') AS views,
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', p.proname),
      'identity', p.proname || '(' || pg_catalog.pg_get_function_identity_arguments(p.oid) || ')',
      'language', l.lanname, 'is_security_definer', p.prosecdef,
      'body_digest', pg_catalog.md5(CASE WHEN p.prokind = 'a' THEN p.proname::text
        ELSE pg_catalog.pg_get_functiondef(p.oid) END)
    ) ORDER BY n.nspname, p.proname, p.oid)
    FROM pg_catalog.pg_proc AS p
    JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
    JOIN pg_catalog.pg_language AS l ON l.oid = p.prolang
    WHERE n.nspname = ANY (%(schemas)s::text[]) AND NOT EXISTS (
      SELECT FROM pg_catalog.pg_depend AS d
      WHERE d.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass
        AND d.objid = p.oid AND d.deptype = 'e')
  ), '[]') AS functions,
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', t.typname),
      'kind', t.typtype,
      'labels', COALESCE((
        SELECT pg_catalog.jsonb_agg(e.enumlabel ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = t.oid), '[]'),
      'definition', CASE t.typtype
        WHEN 'd' THEN pg_catalog.format_type(t.typbasetype, t.typtypmod)
          || CASE WHEN t.typnotnull THEN ' NOT NULL' ELSE '' END
          || COALESCE(' DEFAULT ' || t.typdefault, '')
          || COALESCE((SELECT pg_catalog.string_agg(' ' || pg_catalog.pg_get_constraintdef(k.oid), ''
               ORDER BY k.conname) FROM pg_catalog.pg_constraint AS k WHERE k.contypid = t.oid), '')
        WHEN 'c' THEN (SELECT pg_catalog.string_agg(a.attname || ' '
               || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
             FROM pg_catalog.pg_attribute AS a
             WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
        WHEN 'r' THEN (SELECT pg_catalog.format_type(r.rngsubtype, NULL)
             FROM pg_catalog.pg_range AS r WHERE r.rngtypid = t.oid)
        ELSE '' END
    ) ORDER BY n.nspname, t.typname)
    FROM pg_catalog.pg_type AS t
    JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
    LEFT JOIN pg_catalog.pg_class AS c ON c.oid = t.typrelid
    WHERE n.nspname = ANY (%(schemas)s::text[])
      AND (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'c' AND c.relkind = 'c'))
      AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_depend AS d
        WHERE d.classid = 'pg_catalog.pg_type'::pg_catalog.regclass
          AND d.objid = t.oid AND d.deptype = 'e')
  ), '[]') AS types,
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'name', e.extname, 'version', e.extversion, 'schema', n.nspname) ORDER BY e.extname)
    FROM pg_catalog.pg_extension AS e JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
  ), '[]') AS extensions,
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'table', pg_catalog.jsonb_build_object('schema', p.schemaname, 'name', p.tablename),
      'name', p.policyname, 'command', p.cmd, 'is_permissive', p.permissive = 'PERMISSIVE',
      'roles', pg_catalog.to_jsonb(p.roles), 'using', p.qual, 'check', p.with_check
    ) ORDER BY p.schemaname, p.tablename, p.policyname)
    FROM pg_catalog.pg_policies AS p WHERE p.schemaname = ANY (%(schemas)s::text[])
  ), '[]') AS policies,
  COALESCE((
    SELECT pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
      'table', pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname),
      'grantee', r.rolname, 'privilege', w.privilege
    ) ORDER BY n.nspname, c.relname, r.rolname, w.privilege)
    FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    CROSS JOIN (VALUES ('SELECT'), ('INSERT'), ('UPDATE'), ('DELETE'), ('TRUNCATE')) AS w (privilege)
    JOIN pg_catalog.pg_roles AS r ON NOT r.rolsuper AND r.rolname NOT LIKE 'pg\_%%'
      AND r.rolname <> 'changeover_mirror'
    WHERE n.nspname = ANY (%(schemas)s::text[]) AND c.relkind IN ('r', 'p', 'v', 'm')
      AND NOT c.relispartition
      AND pg_catalog.has_table_privilege(r.oid, c.oid, w.privilege)
      AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
  ), '[]') AS privileges
