-- One row: how many large objects the database holds.
SELECT pg_catalog.count(*) AS objects FROM pg_catalog.pg_largeobject_metadata
