-- Nothing: takes the markers (%(marker)s) out of the log.
WITH gone AS (
  DELETE FROM changeover.change AS c WHERE c.table_id = %(marker)s RETURNING c.table_id, c.key
)
INSERT INTO pg_temp.taken (table_id, key) SELECT g.table_id, g.key FROM gone AS g
