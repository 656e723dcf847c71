-- One row per object of the schemas %(schemas)s: oid of its catalog, identity.
-- Source: https://www.postgresql.org/docs/current/functions-info.html, pg_identify_object
SELECT o.catalog, (pg_catalog.pg_identify_object(o.catalog, o.oid, 0)).identity
FROM (
  SELECT 'pg_catalog.pg_namespace'::pg_catalog.regclass::oid AS catalog, n.oid, n.oid AS schema
  FROM pg_catalog.pg_namespace AS n
  UNION ALL
  SELECT 'pg_catalog.pg_class'::pg_catalog.regclass, c.oid, c.relnamespace FROM pg_catalog.pg_class AS c
  UNION ALL
  SELECT 'pg_catalog.pg_type'::pg_catalog.regclass, t.oid, t.typnamespace FROM pg_catalog.pg_type AS t
  UNION ALL
  SELECT 'pg_catalog.pg_proc'::pg_catalog.regclass, p.oid, p.pronamespace FROM pg_catalog.pg_proc AS p
  UNION ALL
  SELECT 'pg_catalog.pg_collation'::pg_catalog.regclass, l.oid, l.collnamespace
  FROM pg_catalog.pg_collation AS l
  UNION ALL
  SELECT 'pg_catalog.pg_operator'::pg_catalog.regclass, o.oid, o.oprnamespace FROM pg_catalog.pg_operator AS o
  UNION ALL
  SELECT 'pg_catalog.pg_opclass'::pg_catalog.regclass, o.oid, o.opcnamespace FROM pg_catalog.pg_opclass AS o
  UNION ALL
  SELECT 'pg_catalog.pg_opfamily'::pg_catalog.regclass, o.oid, o.opfnamespace FROM pg_catalog.pg_opfamily AS o
  UNION ALL
  SELECT 'pg_catalog.pg_conversion'::pg_catalog.regclass, o.oid, o.connamespace
  FROM pg_catalog.pg_conversion AS o
  UNION ALL
  SELECT 'pg_catalog.pg_statistic_ext'::pg_catalog.regclass, o.oid, o.stxnamespace
  FROM pg_catalog.pg_statistic_ext AS o
  UNION ALL
  SELECT 'pg_catalog.pg_ts_config'::pg_catalog.regclass, o.oid, o.cfgnamespace FROM pg_catalog.pg_ts_config AS o
  UNION ALL
  SELECT 'pg_catalog.pg_ts_dict'::pg_catalog.regclass, o.oid, o.dictnamespace FROM pg_catalog.pg_ts_dict AS o
  UNION ALL
  SELECT 'pg_catalog.pg_constraint'::pg_catalog.regclass, k.oid, k.connamespace
  FROM pg_catalog.pg_constraint AS k
) AS o
JOIN pg_catalog.pg_namespace AS n ON n.oid = o.schema
WHERE n.nspname = ANY (%(schemas)s::text[])
