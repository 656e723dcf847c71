-- One row per row found for the keys $1, a JSON array of arrays of texts: the key's place, the key
-- as the log holds it, the row's version, a hash per column.
SELECT w.place::integer, ARRAY[{logged}]::text[], t.xmin::text, ARRAY[{hashes}]::bigint[]
FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w (key, place)
JOIN {relation} AS t ON {match}
