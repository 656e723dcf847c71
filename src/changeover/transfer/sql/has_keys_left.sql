-- One row: whether the log holds an application key.
SELECT EXISTS (SELECT FROM changeover.change AS c WHERE c.table_id <> 0)
