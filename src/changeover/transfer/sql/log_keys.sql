-- Nothing: puts the keys $2 of the tables $1 into the change log, in pairs.
INSERT INTO changeover.change (table_id, key)
SELECT k.table_id, k.key FROM unnest($1::integer[], $2::text[]) AS k (table_id, key)
