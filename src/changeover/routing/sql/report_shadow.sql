-- One row: adds what the client $1 has compared, $2 and $3 as JSON.
SELECT changeover.report_shadow($1::uuid, $2::jsonb, $3::jsonb)
