-- One row: how many tables move.
SELECT pg_catalog.count(*)::int FROM changeover.moved_table AS m
