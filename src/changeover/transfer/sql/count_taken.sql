-- One row per table that was changed: number, distinct keys, whether it has to be carried whole.
SELECT t.table_id, pg_catalog.count(DISTINCT t.key), pg_catalog.bool_or(t.key IS NULL)
FROM pg_temp.taken AS t
GROUP BY t.table_id
ORDER BY t.table_id
