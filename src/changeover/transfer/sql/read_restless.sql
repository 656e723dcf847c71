-- One row per trigger, rule or foreign key of a moved table that would act on what the mirror writes:
-- kind, schema, table, name, definition, tgenabled, whether validated. %(mode)s: drop or replica.
WITH member AS (
  SELECT m.relation AS relid FROM changeover.moved_table AS m
  UNION
  SELECT t.relid::oid FROM changeover.moved_table AS m,
    LATERAL pg_catalog.pg_partition_tree(m.relation) AS t
)
SELECT 'trigger' AS kind, n.nspname, c.relname, t.tgname,
  pg_catalog.pg_get_triggerdef(t.oid) AS definition, t.tgenabled::text, true AS is_validated
FROM pg_catalog.pg_trigger AS t
JOIN member AS b ON b.relid = t.tgrelid
JOIN pg_catalog.pg_class AS c ON c.oid = t.tgrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
WHERE NOT t.tgisinternal
  AND p.pronamespace <> 'changeover'::pg_catalog.regnamespace
  AND t.tgenabled <> 'D'
  AND (%(mode)s = 'drop' AND t.tgenabled IN ('O', 'A')
    OR %(mode)s = 'replica' AND t.tgenabled IN ('A', 'R'))
UNION ALL
SELECT 'rule', n.nspname, c.relname, w.rulename, pg_catalog.pg_get_ruledef(w.oid),
  w.ev_enabled::text, true
FROM pg_catalog.pg_rewrite AS w
JOIN member AS b ON b.relid = w.ev_class
JOIN pg_catalog.pg_class AS c ON c.oid = w.ev_class
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE w.ev_type <> '1'
  AND (%(mode)s = 'drop' AND w.ev_enabled IN ('O', 'A')
    OR %(mode)s = 'replica' AND w.ev_enabled IN ('A', 'R'))
UNION ALL
SELECT 'foreign_key', n.nspname, c.relname, k.conname,
  pg_catalog.pg_get_constraintdef(k.oid), '', k.convalidated
FROM pg_catalog.pg_constraint AS k
JOIN pg_catalog.pg_class AS c ON c.oid = k.conrelid
JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
WHERE k.contype = 'f' AND k.conparentid = 0 AND %(mode)s = 'drop'
  AND (k.conrelid IN (SELECT relid FROM member) OR k.confrelid IN (SELECT relid FROM member))
ORDER BY 1 DESC, 2, 3, 4
