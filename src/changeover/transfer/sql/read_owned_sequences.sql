-- One row per sequence that serves a column of the tables with the oids $1: its schema and name,
-- the table's oid, the column, the increment, the last value (NULL: none, or no right to read it).
SELECT n.nspname::text, c.relname::text, d.refobjid::bigint, a.attname::text, s.seqincrement,
  CASE WHEN pg_catalog.has_sequence_privilege(c.oid, 'USAGE,SELECT')
    THEN pg_catalog.pg_sequence_last_value(c.oid) END
FROM pg_catalog.pg_sequence AS s
JOIN pg_catalog.pg_class AS c ON c.oid = s.seqrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_depend AS d
  ON d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid
  AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype IN ('a', 'i')
JOIN pg_catalog.pg_attribute AS a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
WHERE d.refobjid = ANY ($1::oid[])
ORDER BY 1, 2
