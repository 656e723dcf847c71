-- One row: whether the log holds more than %(limit)s rows.
SELECT EXISTS (SELECT FROM changeover.change AS c OFFSET %(limit)s LIMIT 1)
