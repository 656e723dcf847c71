-- One JSON array of the functions in the schemas %(schemas)s that can be called.
WITH RECURSIVE step AS (
  SELECT t.oid AS domain, t.typbasetype AS base
  FROM pg_catalog.pg_type AS t WHERE t.typtype = 'd'
  UNION ALL
  SELECT step.domain, t.typbasetype
  FROM step JOIN pg_catalog.pg_type AS t ON t.oid = step.base WHERE t.typtype = 'd'
),
domain AS (
  SELECT step.domain, step.base
  FROM step JOIN pg_catalog.pg_type AS t ON t.oid = step.base WHERE t.typtype <> 'd'
)
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', pg_catalog.json_build_object('schema', n.nspname, 'name', p.proname),
  'parameters', COALESCE(i.parameters, '[]'),
  'returns', CASE
    WHEN t.typtype = 'c' OR COALESCE(p.proargmodes && '{t,b,o}'::"char"[], false) THEN 'composite'
    WHEN t.oid = 'pg_catalog.record'::pg_catalog.regtype THEN 'record'
    WHEN t.oid = 'pg_catalog.void'::pg_catalog.regtype AND NOT p.proretset THEN 'void'
    ELSE 'scalar' END,
  'is_set', p.proretset,
  'returned_type', pg_catalog.format_type(p.prorettype, NULL),
  'returned_relation', CASE WHEN t.typtype = 'c' THEN
    pg_catalog.json_build_object('schema', tn.nspname, 'name', tc.relname) END,
  'volatility', p.provolatile,
  'is_variadic', p.provariadic <> 0,
  'settings', COALESCE((
    SELECT pg_catalog.json_agg(pg_catalog.json_build_array(
      pg_catalog.split_part(c.setting, '=', 1),
      pg_catalog.substr(c.setting, pg_catalog.strpos(c.setting, '=') + 1)) ORDER BY c.place)
    FROM pg_catalog.unnest(p.proconfig) WITH ORDINALITY AS c (setting, place)
  ), '[]'),
  'comment', pg_catalog.obj_description(p.oid, 'pg_proc')
)), '[]')::text AS routines
FROM pg_catalog.pg_proc AS p
JOIN pg_catalog.pg_namespace AS n ON n.oid = p.pronamespace
LEFT JOIN domain ON domain.domain = p.prorettype
JOIN pg_catalog.pg_type AS t ON t.oid = COALESCE(domain.base, p.prorettype)
JOIN pg_catalog.pg_namespace AS tn ON tn.oid = t.typnamespace
LEFT JOIN pg_catalog.pg_class AS tc ON tc.oid = t.typrelid
CROSS JOIN LATERAL (
  SELECT pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', COALESCE(o.name, ''),
    'type', o.type::pg_catalog.regtype::text,
    -- These cut or refuse what is longer than their length, which a cast to them alone makes 1.
    'type_without_length', CASE o.type
      WHEN 'pg_catalog.bit'::pg_catalog.regtype THEN 'bit varying'
      WHEN 'pg_catalog.bit[]'::pg_catalog.regtype THEN 'bit varying[]'
      WHEN 'pg_catalog.bpchar'::pg_catalog.regtype THEN 'character varying'
      WHEN 'pg_catalog.bpchar[]'::pg_catalog.regtype THEN 'character varying[]'
      ELSE o.type::pg_catalog.regtype::text END,
    'is_required', o.place <= p.pronargs - p.pronargdefaults,
    'is_variadic', o.mode = 'v'
  ) ORDER BY o.place) AS parameters
  FROM (
    SELECT a.name, a.type, COALESCE(a.mode, 'i') AS mode,
      pg_catalog.row_number() OVER (ORDER BY a.place) AS place
    FROM ROWS FROM (
      pg_catalog.unnest(p.proargnames),
      pg_catalog.unnest(COALESCE(p.proallargtypes, p.proargtypes::oid[])),
      pg_catalog.unnest(p.proargmodes)
    ) WITH ORDINALITY AS a (name, type, mode, place)
    WHERE COALESCE(a.mode, 'i') IN ('i', 'b', 'v')
  ) AS o
) AS i
WHERE n.nspname = ANY (%(schemas)s::text[])
  AND p.prokind = 'f'
  AND t.oid <> 'pg_catalog.trigger'::pg_catalog.regtype
  -- Arguments are given by name; a single one without a name can be a whole body.
  AND (p.pronargs = 0 OR p.proargnames IS NOT NULL OR p.pronargs = 1 AND p.proargtypes[0] IN (
    'pg_catalog.json'::pg_catalog.regtype, 'pg_catalog.jsonb'::pg_catalog.regtype,
    'pg_catalog.text'::pg_catalog.regtype, 'pg_catalog.xml'::pg_catalog.regtype,
    'pg_catalog.bytea'::pg_catalog.regtype))
