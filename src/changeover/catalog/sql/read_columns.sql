-- Per table oid in %(oids)s: a JSON array of its columns in order.
SELECT a.attrelid::bigint AS oid, pg_catalog.jsonb_agg(pg_catalog.jsonb_build_object(
  'name', a.attname,
  'position', a.attnum,
  'type', pg_catalog.format_type(a.atttypid, a.atttypmod),
  'base_type', pg_catalog.format_type(b.oid, NULL),
  'category', b.typcategory,
  'is_not_null', a.attnotnull,
  'default', CASE WHEN a.attgenerated = '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
  'identity', a.attidentity,
  'generated', a.attgenerated,
  'expression', CASE WHEN a.attgenerated <> '' THEN pg_catalog.pg_get_expr(d.adbin, d.adrelid) END,
  'collation', CASE WHEN a.attcollation <> 0 AND l.collname <> 'default' THEN l.collname ELSE '' END,
  'is_collation_deterministic', COALESCE(l.collisdeterministic, true),
  'equality', COALESCE((
      SELECT pg_catalog.format('OPERATOR(%%I.%%s)', on_.nspname, o.oprname)
      FROM pg_catalog.pg_opclass AS f
      JOIN pg_catalog.pg_am AS am ON am.oid = f.opcmethod AND am.amname = 'btree'
      JOIN pg_catalog.pg_amop AS w ON w.amopfamily = f.opcfamily
        AND w.amoplefttype = f.opcintype AND w.amoprighttype = f.opcintype AND w.amopstrategy = 3
      JOIN pg_catalog.pg_operator AS o ON o.oid = w.amopopr
      JOIN pg_catalog.pg_namespace AS on_ ON on_.oid = o.oprnamespace
      WHERE f.opcintype = b.oid AND f.opcdefault
    ), 'OPERATOR(pg_catalog.=)')
) ORDER BY a.attnum) AS columns
FROM pg_catalog.pg_attribute AS a
JOIN LATERAL (
  WITH RECURSIVE chain AS (
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory, 0 AS depth
    FROM pg_catalog.pg_type AS t WHERE t.oid = a.atttypid
    UNION ALL
    SELECT t.oid, t.typtype, t.typbasetype, t.typcategory, chain.depth + 1
    FROM chain JOIN pg_catalog.pg_type AS t ON t.oid = chain.typbasetype
    WHERE chain.typtype = 'd'
  )
  SELECT chain.oid, chain.typcategory FROM chain ORDER BY chain.depth DESC LIMIT 1
) AS b ON true
LEFT JOIN pg_catalog.pg_attrdef AS d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
LEFT JOIN pg_catalog.pg_collation AS l ON l.oid = a.attcollation
WHERE a.attrelid = ANY (%(oids)s::oid[]) AND a.attnum > 0 AND NOT a.attisdropped
GROUP BY a.attrelid
