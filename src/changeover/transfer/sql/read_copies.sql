-- One row per planned table: table_id, state, version, shape, rows_copied, ranges, ranges done,
-- rows left out.
SELECT c.table_id, c.state, c.version, c.shape, c.rows_copied,
  pg_catalog.count(p.range_id) AS ranges,
  pg_catalog.count(p.range_id) FILTER (WHERE p.state = 'done') AS ranges_done,
  COALESCE(pg_catalog.sum(p.rows_left_out), 0)::bigint AS rows_left_out
FROM changeover.copy AS c
LEFT JOIN changeover.checkpoint AS p ON p.table_id = c.table_id
GROUP BY c.table_id
ORDER BY c.table_id
