-- One row: whether the log holds an entry for the whole table.
SELECT EXISTS (
  SELECT FROM changeover.change AS c WHERE c.table_id = %(table_id)s AND c.key IS NULL)
