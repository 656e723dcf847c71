-- One JSON array of the relations in the schemas %(schemas)s that are no partitions, by name.
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
),
relation AS (
  SELECT c.oid, n.nspname, c.relname, c.relkind, CASE
      WHEN c.relkind IN ('r', 'p') THEN 28
      WHEN c.relkind IN ('v', 'f') THEN pg_catalog.pg_relation_is_updatable(c.oid, true)
      ELSE 0 END AS events
  FROM pg_catalog.pg_class AS c
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
  WHERE n.nspname = ANY (%(schemas)s::text[])
    AND n.nspname NOT IN ('pg_catalog', 'information_schema')
    AND c.relkind IN ('r', 'v', 'm', 'f', 'p')
    AND NOT c.relispartition
),
label AS (
  SELECT e.enumtypid, pg_catalog.json_agg(e.enumlabel ORDER BY e.enumsortorder) AS labels
  FROM pg_catalog.pg_enum AS e GROUP BY e.enumtypid
),
attribute AS (
  SELECT a.attrelid, pg_catalog.json_agg(pg_catalog.json_build_object(
    'name', a.attname,
    'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
    'base_type', pg_catalog.format_type(COALESCE(domain.base, t.oid), NULL),
    'is_nullable', NOT (a.attnotnull OR t.typtype = 'd' AND t.typnotnull),
    'default', CASE
      WHEN t.typtype = 'd' AND d.adbin IS NULL THEN pg_catalog.pg_get_expr(t.typdefaultbin, 0)
      WHEN a.attidentity = 'd' THEN (
        SELECT pg_catalog.format('nextval(%%L)', s.objid::pg_catalog.regclass)
        FROM pg_catalog.pg_depend AS s
        WHERE s.classid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND s.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
          AND s.refobjid = a.attrelid AND s.refobjsubid = a.attnum AND s.deptype = 'i')
      WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
    'labels', COALESCE(label.labels, '[]')
  ) ORDER BY a.attnum) AS columns
  FROM relation
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = relation.oid
  JOIN pg_catalog.pg_type AS t ON t.oid = a.atttypid
  LEFT JOIN domain ON domain.domain = t.oid
  LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
  LEFT JOIN label ON label.enumtypid = COALESCE(domain.base, t.oid)
  WHERE a.attnum > 0 AND NOT a.attisdropped
  GROUP BY a.attrelid
),
key AS (
  -- By name, which is the order that a Location has in PostgREST.
  SELECT k.conrelid, pg_catalog.json_agg(a.attname ORDER BY a.attname) AS columns
  FROM pg_catalog.pg_constraint AS k
  JOIN pg_catalog.pg_attribute AS a ON a.attrelid = k.conrelid AND a.attnum = ANY (k.conkey)
  WHERE k.contype = 'p'
  GROUP BY k.conrelid
)
SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object(
  'name', pg_catalog.json_build_object('schema', relation.nspname, 'name', relation.relname),
  'kind', relation.relkind,
  'is_insertable', relation.events & 8 <> 0,
  'is_updatable', relation.events & 4 <> 0,
  'is_deletable', relation.events & 16 <> 0,
  'columns', COALESCE(attribute.columns, '[]'),
  'primary_key', COALESCE(key.columns, '[]'),
  'comment', pg_catalog.obj_description(relation.oid, 'pg_class')
) ORDER BY relation.nspname, relation.relname), '[]')::text AS relations
FROM relation
LEFT JOIN attribute ON attribute.attrelid = relation.oid
LEFT JOIN key ON key.conrelid = relation.oid
