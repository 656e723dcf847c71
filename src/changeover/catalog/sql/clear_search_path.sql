-- One row; within the transaction every name outside of pg_catalog is printed with its schema.
SELECT pg_catalog.set_config('search_path', '', true) AS search_path
