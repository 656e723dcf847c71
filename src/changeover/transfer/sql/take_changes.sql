-- Nothing; its row count is the number of log rows taken: every visible one, but for tables that
-- are still being copied (%(deferred)s).
WITH gone AS (
  DELETE FROM changeover.change AS c
  WHERE c.table_id <> ALL (%(deferred)s::int[])
  RETURNING c.table_id, c.key
)
INSERT INTO pg_temp.taken (table_id, key) SELECT g.table_id, g.key FROM gone AS g
