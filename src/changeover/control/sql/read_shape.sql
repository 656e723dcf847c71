-- One row per moved table, in the order of transfer.guard.TableState: digests of its shape (columns,
-- types, enum labels), of its file nodes and of our triggers (with tgenabled and xmin), the members of
-- its partition tree, and how each stands against the baseline. Members that the baseline doesn't know
-- are compared by nothing but their being there. No statement trigger is cloned to a new partition.
WITH member AS (
  SELECT m.table_id, b.relid, b.relid = ANY (m.tree) AS is_known, c.relname, n.nspname, c.relkind,
    c.relfilenode
  FROM changeover.moved_table AS m
  LEFT JOIN LATERAL pg_catalog.pg_partition_tree(m.relation) AS t ON true
  CROSS JOIN LATERAL (SELECT COALESCE(t.relid::oid, m.relation) AS relid) AS b
  JOIN pg_catalog.pg_class AS c ON c.oid = b.relid
  JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
), columns AS (
  SELECT m.table_id, pg_catalog.md5(pg_catalog.string_agg(
    a.attnum || '.' || a.attname || '.' || a.atttypid || '.' || a.atttypmod
      || '.' || a.attnotnull || '.' || a.attgenerated::text || '.' || a.attidentity::text
      || '.' || COALESCE((
        SELECT pg_catalog.string_agg(e.enumlabel, ',' ORDER BY e.enumsortorder)
        FROM pg_catalog.pg_enum AS e
        WHERE e.enumtypid = a.atttypid OR e.enumtypid = (
          SELECT y.typelem FROM pg_catalog.pg_type AS y
          WHERE y.oid = a.atttypid AND y.typcategory = 'A')), ''),
    '|' ORDER BY a.attnum)) AS shape
  FROM changeover.moved_table AS m
  JOIN pg_catalog.pg_attribute AS a
    ON a.attrelid = m.relation AND a.attnum > 0 AND NOT a.attisdropped
  GROUP BY m.table_id
), ours AS (
  SELECT b.relid,
    pg_catalog.string_agg(t.tgname || '.' || t.tgenabled::text || '.' || t.xmin::text, ','
      ORDER BY t.tgname) AS triggers,
    pg_catalog.bool_and(t.tgenabled = 'A') AS is_always,
    pg_catalog.count(*) AS trigger_count,
    pg_catalog.count(*) FILTER (
      WHERE t.tgname IN ('!changeover_fence', 'changeover_capture_truncate')) = 2 AS is_guarded,
    pg_catalog.bool_or(t.tgname = 'changeover_capture_row') AS has_row,
    pg_catalog.count(*) FILTER (
      WHERE t.tgname IN ('changeover_capture_insert', 'changeover_capture_update',
        'changeover_capture_delete')) = 3 AS has_set
  FROM member AS b
  JOIN pg_catalog.pg_trigger AS t ON t.tgrelid = b.relid
  JOIN pg_catalog.pg_proc AS p ON p.oid = t.tgfoid
  WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace
  GROUP BY b.relid
), state AS (
  SELECT b.table_id,
    pg_catalog.array_agg(b.relid ORDER BY b.relid) AS tree,
    pg_catalog.md5(pg_catalog.string_agg(
      b.relid || '.' || b.relfilenode, '|' ORDER BY b.relid)) AS files,
    pg_catalog.md5(pg_catalog.string_agg(
      b.relid || '.' || b.relfilenode, '|' ORDER BY b.relid) FILTER (WHERE b.is_known)
    ) AS known_files,
    pg_catalog.md5(pg_catalog.string_agg(
      b.relid || '.' || o.triggers, '|' ORDER BY b.relid)) AS triggers,
    pg_catalog.md5(pg_catalog.string_agg(
      b.relid || '.' || o.triggers, '|' ORDER BY b.relid) FILTER (WHERE b.is_known)
    ) AS known_triggers,
    COALESCE(pg_catalog.bool_and(
      COALESCE(o.is_always AND o.is_guarded AND (o.has_row OR (o.has_set AND NOT EXISTS (
        SELECT FROM pg_catalog.pg_subscription_rel AS r WHERE r.srrelid = b.relid
      ))), false)
    ) FILTER (WHERE b.is_known OR w.has_no_baseline), true) AS is_always,
    COALESCE(pg_catalog.sum(o.trigger_count), 0)::int AS trigger_count,
    COALESCE(pg_catalog.array_agg(ARRAY[b.nspname::text, b.relname::text, b.relkind::text]
      ORDER BY b.relid) FILTER (WHERE NOT b.is_known), '{}') AS new_members
  FROM member AS b
  JOIN (
    SELECT m.table_id, m.tree = '{}' AS has_no_baseline FROM changeover.moved_table AS m
  ) AS w ON w.table_id = b.table_id
  LEFT JOIN ours AS o ON o.relid = b.relid
  GROUP BY b.table_id
)
SELECT m.table_id,
  EXISTS (
    SELECT FROM pg_catalog.pg_class AS c
    JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
    WHERE c.oid = m.relation AND c.relname = m.table_name AND n.nspname = m.schema_name
  ) AS is_there,
  COALESCE(columns.shape, '') AS shape,
  COALESCE(s.files, '') AS files,
  COALESCE(s.triggers, '') AS triggers,
  COALESCE(s.is_always, false) AS is_always,
  COALESCE(s.trigger_count, 0) AS trigger_count,
  m.shape = COALESCE(columns.shape, '') AS is_shape_known,
  m.files = COALESCE(s.known_files, '') AS are_files_known,
  m.triggers = COALESCE(s.known_triggers, '') AS are_triggers_known,
  COALESCE(s.tree, '{}') AS tree,
  m.tree <@ COALESCE(s.tree, '{}') AS is_tree_whole,
  COALESCE(s.new_members, '{}') AS new_members
FROM changeover.moved_table AS m
LEFT JOIN columns USING (table_id)
LEFT JOIN state AS s USING (table_id)
ORDER BY m.table_id
