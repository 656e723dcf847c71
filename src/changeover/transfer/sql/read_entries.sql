-- One row per object of the arrays %(numbers)s, %(catalogs)s, %(oids)s: what it is on this server.
-- Number, identity, its relation's schema, name and kind, whether it is that relation, root
-- relation's schema and name, constraint type, definition, whether validated, whether unique, name
-- of its index (on the root), function's schema, referenced schema and name, key columns,
-- referenced columns, roles of a policy, referenced types.
WITH entry AS (
  SELECT e.number, e.catalog, e.oid
  FROM ROWS FROM (
    pg_catalog.unnest(%(numbers)s::int[]), pg_catalog.unnest(%(catalogs)s::oid[]),
    pg_catalog.unnest(%(oids)s::oid[])
  ) AS e (number, catalog, oid)
), owned AS (
  SELECT e.*, x.indexrelid, x.indisunique OR x.indisexclusion AS is_unique,
    k.contype, k.convalidated, k.confrelid, k.conkey, k.confkey, k.conrelid, k.conname, t.tgname, t.tgfoid,
    p.polname, p.polroles,
    COALESCE(x.indexrelid, NULLIF(k.conindid, 0)) AS index_oid,
    CASE e.catalog
      WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN COALESCE(x.indrelid, s.refobjid, e.oid)
      WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN NULLIF(k.conrelid, 0)
      WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN d.adrelid
      WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN t.tgrelid
      WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN p.polrelid
      WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN r.ev_class
      WHEN 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass THEN st.stxrelid
    END AS relation
  FROM entry AS e
  LEFT JOIN pg_catalog.pg_index AS x
    ON e.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass AND x.indexrelid = e.oid
  LEFT JOIN pg_catalog.pg_depend AS s
    ON e.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass
    AND s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.objid = e.oid
    AND s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND s.deptype IN ('a', 'i')
    AND s.refobjsubid > 0
    AND EXISTS (SELECT FROM pg_catalog.pg_sequence AS q WHERE q.seqrelid = e.oid)
  LEFT JOIN pg_catalog.pg_constraint AS k
    ON e.catalog = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = e.oid
  LEFT JOIN pg_catalog.pg_attrdef AS d
    ON e.catalog = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND d.oid = e.oid
  LEFT JOIN pg_catalog.pg_trigger AS t
    ON e.catalog = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = e.oid
  LEFT JOIN pg_catalog.pg_policy AS p
    ON e.catalog = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = e.oid
  LEFT JOIN pg_catalog.pg_rewrite AS r
    ON e.catalog = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = e.oid
  LEFT JOIN pg_catalog.pg_statistic_ext AS st
    ON e.catalog = 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass AND st.oid = e.oid
)
SELECT pg_catalog.jsonb_build_object(
  'number', o.number,
  'identity', (pg_catalog.pg_identify_object(o.catalog, o.oid, 0)).identity,
  'name', COALESCE(o.conname, o.tgname, o.polname),
  'relation', CASE WHEN c.oid IS NOT NULL THEN
    pg_catalog.jsonb_build_object('schema', n.nspname, 'name', c.relname) END,
  'relation_kind', c.relkind,
  'is_relation', o.catalog = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.relation = o.oid,
  'root', CASE WHEN root.oid IS NOT NULL THEN
    pg_catalog.jsonb_build_object('schema', rn.nspname, 'name', root.relname) END,
  'constraint_type', o.contype,
  'definition', CASE WHEN o.contype = 'f' THEN pg_catalog.pg_get_constraintdef(o.oid) END,
  'is_validated', o.convalidated,
  'is_unique', o.is_unique,
  'index', (
    SELECT i.relname FROM pg_catalog.pg_class AS i
    WHERE i.oid = COALESCE(pg_catalog.pg_partition_root(o.index_oid), o.index_oid)),
  'function', CASE WHEN f.oid IS NOT NULL THEN
    pg_catalog.jsonb_build_object('schema', fn.nspname, 'name', f.proname) END,
  'references', CASE WHEN tc.oid IS NOT NULL THEN
    pg_catalog.jsonb_build_object('schema', tn.nspname, 'name', tc.relname) END,
  'columns', (
    SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.place)
    FROM pg_catalog.unnest(o.conkey) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = o.conrelid AND a.attnum = u.attnum
    WHERE o.contype = 'f'),
  'referenced_columns', (
    SELECT pg_catalog.jsonb_agg(a.attname ORDER BY u.place)
    FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = o.confrelid AND a.attnum = u.attnum
    WHERE o.contype = 'f'),
  'referenced_types', (
    SELECT pg_catalog.jsonb_agg(
      pg_catalog.format_type(a.atttypid, a.atttypmod) ORDER BY u.place)
    FROM pg_catalog.unnest(o.confkey) WITH ORDINALITY AS u (attnum, place)
    JOIN pg_catalog.pg_attribute AS a ON a.attrelid = o.confrelid AND a.attnum = u.attnum
    WHERE o.contype = 'f'),
  'roles', (
    SELECT pg_catalog.jsonb_agg(g.rolname ORDER BY g.rolname)
    FROM pg_catalog.pg_roles AS g WHERE g.oid = ANY (o.polroles))
) AS entry
FROM owned AS o
LEFT JOIN pg_catalog.pg_class AS c ON c.oid = o.relation
LEFT JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
LEFT JOIN pg_catalog.pg_class AS root
  ON root.oid = COALESCE(CASE WHEN c.relispartition THEN pg_catalog.pg_partition_root(c.oid) END, c.oid)
LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = root.relnamespace
LEFT JOIN pg_catalog.pg_proc AS f ON f.oid = o.tgfoid
LEFT JOIN pg_catalog.pg_namespace AS fn ON fn.oid = f.pronamespace
LEFT JOIN pg_catalog.pg_class AS tc ON tc.oid = NULLIF(o.confrelid, 0)
LEFT JOIN pg_catalog.pg_namespace AS tn ON tn.oid = tc.relnamespace
ORDER BY o.number
