-- Nothing; its row count is the number of log rows taken: %(limit)s at most, of a first backlog.
WITH gone AS (
  DELETE FROM changeover.change AS c
  WHERE c.ctid = ANY (ARRAY(
    SELECT l.ctid FROM changeover.change AS l
    WHERE l.table_id <> ALL (%(deferred)s::int[])
    LIMIT %(limit)s
  ))
  RETURNING c.table_id, c.key
)
INSERT INTO pg_temp.taken (table_id, key) SELECT g.table_id, g.key FROM gone AS g
