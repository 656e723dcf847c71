-- Per default of a column of %(oids)s that calls a sequence: the column, the sequence, whether the
-- column owns it, and whether it is in one of the schemas %(schemas)s.
SELECT n.nspname::text AS schema, c.relname::text AS name, a.attname::text AS column,
  sn.nspname::text AS sequence_schema, s.relname::text AS sequence,
  sn.nspname = ANY (%(schemas)s::text[]) AS is_in_scope,
  EXISTS (
    SELECT FROM pg_catalog.pg_depend AS o
    WHERE o.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.objid = s.oid
      AND o.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND o.refobjid = c.oid
      AND o.refobjsubid = a.attnum AND o.deptype IN ('a', 'i')
  ) AS is_owned
FROM pg_catalog.pg_attrdef AS d
JOIN pg_catalog.pg_class AS c ON c.oid = d.adrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.adrelid AND a.attnum = d.adnum
JOIN pg_catalog.pg_depend AS p
  ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid
  AND p.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass
JOIN pg_catalog.pg_class AS s ON s.oid = p.refobjid AND s.relkind = 'S'
JOIN pg_catalog.pg_namespace AS sn ON sn.oid = s.relnamespace
WHERE d.adrelid = ANY (%(oids)s::oid[])
ORDER BY 1, 2, 3
