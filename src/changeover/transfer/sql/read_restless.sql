-- One row per trigger, rule or foreign key of a moved table that would act on what the mirror writes:
-- kind, schema, table, name, definition, tgenabled, whether validated. %(mode)s: drop or replica.
-- Each round asks it, and nothing is found: what is found is looked at last.
WITH trigger AS MATERIALIZED (
  SELECT t.oid, t.tgrelid, t.tgname, t.tgenabled
  FROM pg_catalog.pg_trigger AS t
  WHERE NOT t.tgisinternal
    AND (%(mode)s = 'drop' AND t.tgenabled IN ('O', 'A')
      OR %(mode)s = 'replica' AND t.tgenabled IN ('A', 'R'))
    AND t.tgfoid NOT IN (
      SELECT p.oid FROM pg_catalog.pg_proc AS p
      WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace)
), rule AS MATERIALIZED (
  SELECT w.oid, w.ev_class, w.rulename, w.ev_enabled
  FROM pg_catalog.pg_rewrite AS w
  WHERE w.ev_type <> '1'
    AND (%(mode)s = 'drop' AND w.ev_enabled IN ('O', 'A')
      OR %(mode)s = 'replica' AND w.ev_enabled IN ('A', 'R'))
), foreign_key AS MATERIALIZED (
  SELECT k.oid, k.conrelid, k.confrelid, k.conname, k.convalidated
  FROM pg_catalog.pg_constraint AS k
  WHERE k.contype = 'f' AND k.conparentid = 0 AND %(mode)s = 'drop'
), member AS MATERIALIZED (
  SELECT m.relation AS relid FROM changeover.moved_table AS m
  UNION
  SELECT t.relid::oid FROM changeover.moved_table AS m,
    LATERAL pg_catalog.pg_partition_tree(m.relation) AS t
)
SELECT 'trigger' AS kind, n.nspname, c.relname, t.tgname,
  pg_catalog.pg_get_triggerdef(t.oid) AS definition, t.tgenabled::text, true AS is_validated
FROM trigger AS t
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE t.tgrelid = ANY (ARRAY(SELECT b.relid FROM member AS b))
UNION ALL
SELECT 'rule', n.nspname, c.relname, w.rulename, pg_catalog.pg_get_ruledef(w.oid),
  w.ev_enabled::text, true
FROM rule AS w
JOIN pg_catalog.pg_class AS c ON c.oid = w.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE w.ev_class = ANY (ARRAY(SELECT b.relid FROM member AS b))
UNION ALL
SELECT 'foreign_key', n.nspname, c.relname, k.conname,
  pg_catalog.pg_get_constraintdef(k.oid), '', k.convalidated
FROM foreign_key AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.conrelid = ANY (ARRAY(SELECT b.relid FROM member AS b))
  OR k.confrelid = ANY (ARRAY(SELECT b.relid FROM member AS b))
ORDER BY 1 DESC, 2, 3, 4
