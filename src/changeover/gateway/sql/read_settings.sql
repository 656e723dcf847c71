-- Returns (name, value) of those of the named settings that the session has.
SELECT name, value
FROM unnest(%(names)s::text[]) AS name
CROSS JOIN LATERAL current_setting(name, true) AS value
WHERE value IS NOT NULL
