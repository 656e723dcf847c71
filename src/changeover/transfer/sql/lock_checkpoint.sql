-- The range %(range_id)s of table %(table_id)s, locked: state, lower_bound, upper_bound,
-- rows_copied.
SELECT p.state, p.lower_bound, p.upper_bound, p.rows_copied
FROM changeover.checkpoint AS p
WHERE p.table_id = %(table_id)s AND p.range_id = %(range_id)s
FOR UPDATE
