-- One JSON object per need of an object in the schemas %(schemas)s that lies outside of them, or in
-- an extension: who needs it (catalog, oid, relation), and what is needed (catalog, identity,
-- schema, extension). Bodies of functions are not followed, but for the helpers of the schema auth.
WITH member AS (
  SELECT d.classid, d.objid, e.extname
  FROM pg_catalog.pg_depend AS d
  JOIN pg_catalog.pg_extension AS e
    ON d.refclassid = 'pg_catalog.pg_extension'::pg_catalog.regclass AND d.refobjid = e.oid
  WHERE d.deptype = 'e' AND e.extname <> 'plpgsql'
), need AS (
  SELECT DISTINCT d.classid, d.objid, d.refclassid, d.refobjid,
    CASE d.classid
      WHEN 'pg_catalog.pg_class'::pg_catalog.regclass THEN d.objid
      WHEN 'pg_catalog.pg_attrdef'::pg_catalog.regclass THEN a.adrelid
      WHEN 'pg_catalog.pg_constraint'::pg_catalog.regclass THEN NULLIF(k.conrelid, 0)
      WHEN 'pg_catalog.pg_policy'::pg_catalog.regclass THEN p.polrelid
      WHEN 'pg_catalog.pg_trigger'::pg_catalog.regclass THEN t.tgrelid
      WHEN 'pg_catalog.pg_rewrite'::pg_catalog.regclass THEN r.ev_class
    END AS relation
  FROM pg_catalog.pg_depend AS d
  LEFT JOIN pg_catalog.pg_attrdef AS a
    ON d.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND a.oid = d.objid
  LEFT JOIN pg_catalog.pg_constraint AS k
    ON d.classid = 'pg_catalog.pg_constraint'::pg_catalog.regclass AND k.oid = d.objid
  LEFT JOIN pg_catalog.pg_policy AS p
    ON d.classid = 'pg_catalog.pg_policy'::pg_catalog.regclass AND p.oid = d.objid
  LEFT JOIN pg_catalog.pg_trigger AS t
    ON d.classid = 'pg_catalog.pg_trigger'::pg_catalog.regclass AND t.oid = d.objid AND NOT t.tgisinternal
  LEFT JOIN pg_catalog.pg_rewrite AS r
    ON d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass AND r.oid = d.objid
  WHERE d.deptype IN ('n', 'a', 'i')
    AND NOT COALESCE(k.contype = 'f', false)
    AND (d.classid <> 'pg_catalog.pg_trigger'::pg_catalog.regclass OR t.oid IS NOT NULL)
), placed AS (
  SELECT n.classid, n.objid, n.relation, n.refclassid, n.refobjid,
    COALESCE(c.relnamespace, fp.pronamespace, ft.typnamespace) AS schema,
    COALESCE(rc.relnamespace, rp.pronamespace, rt.typnamespace, rl.collnamespace,
      ro.oprnamespace, rx.opcnamespace) AS needed_schema,
    m.extname
  FROM need AS n
  LEFT JOIN pg_catalog.pg_class AS c ON c.oid = n.relation
  LEFT JOIN pg_catalog.pg_proc AS fp
    ON n.classid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND fp.oid = n.objid
  LEFT JOIN pg_catalog.pg_type AS ft
    ON n.classid = 'pg_catalog.pg_type'::pg_catalog.regclass AND ft.oid = n.objid
  LEFT JOIN pg_catalog.pg_class AS rc
    ON n.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND rc.oid = n.refobjid
  LEFT JOIN pg_catalog.pg_proc AS rp
    ON n.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass AND rp.oid = n.refobjid
  LEFT JOIN pg_catalog.pg_type AS rt
    ON n.refclassid = 'pg_catalog.pg_type'::pg_catalog.regclass AND rt.oid = n.refobjid
  LEFT JOIN pg_catalog.pg_collation AS rl
    ON n.refclassid = 'pg_catalog.pg_collation'::pg_catalog.regclass AND rl.oid = n.refobjid
  LEFT JOIN pg_catalog.pg_operator AS ro
    ON n.refclassid = 'pg_catalog.pg_operator'::pg_catalog.regclass AND ro.oid = n.refobjid
  LEFT JOIN pg_catalog.pg_opclass AS rx
    ON n.refclassid = 'pg_catalog.pg_opclass'::pg_catalog.regclass AND rx.oid = n.refobjid
  LEFT JOIN member AS m ON m.classid = n.refclassid AND m.objid = n.refobjid
), called AS (
  SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass::oid AS classid, p.oid AS objid, NULL::oid AS relation,
    'pg_catalog.pg_proc'::pg_catalog.regclass::oid AS refclassid, h.oid AS refobjid
  FROM pg_catalog.pg_proc AS p
  JOIN pg_catalog.pg_namespace AS n
    ON n.oid = p.pronamespace AND n.nspname = ANY (%(schemas)s::text[])
  JOIN pg_catalog.pg_proc AS h ON h.proname IN ('uid', 'role', 'jwt', 'email') AND h.pronargs = 0
  JOIN pg_catalog.pg_namespace AS hn ON hn.oid = h.pronamespace AND hn.nspname = 'auth'
  WHERE p.prosrc ~ ('\mauth\s*\.\s*' || h.proname || '\s*\(')
)
SELECT pg_catalog.jsonb_build_object(
  'catalog', f.classid::bigint, 'oid', f.objid::bigint, 'relation', f.relation::bigint,
  'needed_catalog', f.refclassid::bigint,
  'needed', (pg_catalog.pg_identify_object(f.refclassid, f.refobjid, 0)).identity,
  'schema', f.needed_schema, 'extension', f.extname
) AS need
FROM (
  SELECT p.classid, p.objid, p.relation, p.refclassid, p.refobjid,
    rn.nspname AS needed_schema, p.extname
  FROM placed AS p
  JOIN pg_catalog.pg_namespace AS n ON n.oid = p.schema AND n.nspname = ANY (%(schemas)s::text[])
  LEFT JOIN pg_catalog.pg_namespace AS rn ON rn.oid = p.needed_schema
  LEFT JOIN member AS own ON own.classid = p.classid AND own.objid = p.objid
  WHERE own.objid IS NULL
    AND (p.extname IS NOT NULL OR rn.nspname <> ALL (%(schemas)s::text[]) AND rn.nspname NOT IN
      ('pg_catalog', 'information_schema', 'pg_toast', 'changeover'))
  UNION
  SELECT c.classid, c.objid, c.relation, c.refclassid, c.refobjid, 'auth', NULL FROM called AS c
) AS f
ORDER BY f.classid, f.objid, f.refclassid, f.refobjid
