-- One row: those of the tokens $2 that the mirror has answered; $1 is put, unless it is NULL.
SELECT pg_catalog.array_to_json(changeover.exchange_tokens($1::uuid, $2::uuid[]))
