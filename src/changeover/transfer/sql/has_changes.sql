-- One row: whether the log holds a row of a table that is not being copied.
SELECT EXISTS (
  SELECT FROM changeover.change AS c WHERE c.table_id <> ALL (%(deferred)s::int[]))
