-- Turns a table of which every range is done to copied: its rows_copied, or no row.
UPDATE changeover.copy AS c
SET state = 'copied', finished_at = pg_catalog.clock_timestamp(), rows_copied = (
  SELECT COALESCE(pg_catalog.sum(p.rows_copied), 0)
  FROM changeover.checkpoint AS p WHERE p.table_id = c.table_id
)
WHERE c.table_id = %(table_id)s AND NOT EXISTS (
  SELECT FROM changeover.checkpoint AS p WHERE p.table_id = c.table_id AND p.state = 'open'
)
RETURNING c.rows_copied
