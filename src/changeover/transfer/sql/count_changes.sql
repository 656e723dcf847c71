-- One row: how many keys wait in the change log, counted up to %(limit)s.
SELECT pg_catalog.count(*) FROM (SELECT FROM changeover.change LIMIT %(limit)s) AS c
