-- One row: the row of the key $1 exists and can't change until this transaction ends.
SELECT true
FROM pg_catalog.jsonb_array_elements($1::jsonb) WITH ORDINALITY AS w (key, place)
JOIN {relation} AS t ON {match}
FOR SHARE OF t
