-- No or one row: when the target's last marker that reached this source was written, as ISO text.
SELECT pg_catalog.to_char(m.written_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS held_until
FROM changeover.marker AS m
WHERE m.side = 'target'
