-- Per extension that moved tables of %(oids)s are made of (types, defaults, constraints, indexes,
-- policies): name, version, schema, and which tables need it. The bodies of functions aren't read.
WITH RECURSIVE start (root, classid, objid) AS (
  SELECT given.oid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, given.oid
  FROM pg_catalog.unnest(%(oids)s::oid[]) AS given (oid)
  UNION
  SELECT i.indrelid, 'pg_catalog.pg_class'::pg_catalog.regclass::oid, i.indexrelid
  FROM pg_catalog.pg_index AS i WHERE i.indrelid = ANY (%(oids)s::oid[])
  UNION
  SELECT d.adrelid, 'pg_catalog.pg_attrdef'::pg_catalog.regclass::oid, d.oid
  FROM pg_catalog.pg_attrdef AS d WHERE d.adrelid = ANY (%(oids)s::oid[])
  UNION
  SELECT k.conrelid, 'pg_catalog.pg_constraint'::pg_catalog.regclass::oid, k.oid
  FROM pg_catalog.pg_constraint AS k WHERE k.conrelid = ANY (%(oids)s::oid[])
  UNION
  SELECT p.polrelid, 'pg_catalog.pg_policy'::pg_catalog.regclass::oid, p.oid
  FROM pg_catalog.pg_policy AS p WHERE p.polrelid = ANY (%(oids)s::oid[])
),
reached (root, classid, objid) AS (
  SELECT start.root, start.classid, start.objid FROM start
  UNION
  SELECT reached.root, d.refclassid, d.refobjid
  FROM reached
  JOIN pg_catalog.pg_depend AS d ON d.classid = reached.classid AND d.objid = reached.objid
  WHERE d.refclassid IN (
    'pg_catalog.pg_type'::pg_catalog.regclass,
    'pg_catalog.pg_proc'::pg_catalog.regclass,
    'pg_catalog.pg_operator'::pg_catalog.regclass,
    'pg_catalog.pg_opclass'::pg_catalog.regclass,
    'pg_catalog.pg_opfamily'::pg_catalog.regclass,
    'pg_catalog.pg_collation'::pg_catalog.regclass,
    'pg_catalog.pg_am'::pg_catalog.regclass
  )
)
SELECT e.extname::text AS name, e.extversion AS version, x.nspname::text AS schema,
  pg_catalog.array_agg(DISTINCT n.nspname || '.' || c.relname) AS users
FROM reached
JOIN pg_catalog.pg_depend AS d
  ON d.classid = reached.classid AND d.objid = reached.objid AND d.deptype = 'e'
  AND d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass
JOIN pg_catalog.pg_extension AS e ON e.oid = d.refobjid
JOIN pg_catalog.pg_namespace AS x ON x.oid = e.extnamespace
JOIN pg_catalog.pg_class AS c ON c.oid = reached.root
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
GROUP BY e.extname, e.extversion, x.nspname
ORDER BY e.extname
