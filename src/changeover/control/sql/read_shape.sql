-- One row per moved table: number, whether its relation still has its name, and three digests:
-- shape (columns, types, enum labels, partition tree), files (file nodes), triggers (ours, with
-- tgenabled and xmin), and whether one of ours is not ENABLE ALWAYS.
WITH member AS (
  SELECT m.table_id, COALESCE(t.relid::oid, m.relation) AS relid
  FROM changeover.moved_table AS m
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(m.relation) AS t ON true
), columns AS (
  SELECT m.table_id, pg_catalog.md5(pg_catalog.string_agg(
    c.relname || '.' || a.attnum || '.' || a.attname || '.' || a.atttypid || '.' || a.atttypmod
      || '.' || a.attnotnull || '.' || a.attgenerated::text || '.' || a.attidentity::text
      || '.' || COALESCE((
        SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum AS e WHERE e.enumtypid = a.atttypid), ''),
    '|' ORDER BY c.oid, a.attnum)) AS shape
  FROM changeover.moved_table AS m
  JOIN member AS b ON b.table_id = m.table_id
  JOIN pg_catalog.pg_class AS c ON c.oid = b.relid
  JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
  GROUP BY m.table_id
), files AS (
  SELECT b.table_id, pg_catalog.md5(pg_catalog.string_agg(
    c.oid || '.' || c.relfilenode, '|' ORDER BY c.oid)) AS files
  FROM member AS b JOIN pg_catalog.pg_class AS c ON c.oid = b.relid
  GROUP BY b.table_id
), ours AS (
  SELECT b.table_id, pg_catalog.md5(pg_catalog.string_agg(
      t.tgrelid || '.' || t.tgname || '.' || t.tgenabled::text || '.' || t.xmin::text, '|'
      ORDER BY t.tgrelid, t.tgname)) AS triggers,
    pg_catalog.bool_and(t.tgenabled = 'A') AS is_always,
    pg_catalog.count(*) AS trigger_count
  FROM member AS b
  JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = b.relid
  JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
  WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace
  GROUP BY b.table_id
)
SELECT m.table_id,
  EXISTS (
    SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = m.relation AND c.relname = m.table_name AND n.nspname = m.schema_name
  ) AS is_there,
  COALESCE(columns.shape, '') AS shape,
  COALESCE(files.files, '') AS files,
  COALESCE(ours.triggers, '') AS triggers,
  COALESCE(ours.is_always, false) AS is_always,
  COALESCE(ours.trigger_count, 0)::int AS trigger_count,
  m.shape = COALESCE(columns.shape, '') AS is_shape_known,
  m.files = COALESCE(files.files, '') AS are_files_known,
  m.triggers = COALESCE(ours.triggers, '') AS are_triggers_known
FROM changeover.moved_table AS m
LEFT JOIN columns USING (table_id)
LEFT JOIN files USING (table_id)
LEFT JOIN ours USING (table_id)
ORDER BY m.table_id
