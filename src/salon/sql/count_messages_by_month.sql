-- One row per UTC month in which there are messages: its first day, and how many.
SELECT date_trunc('month', m.created_at AT TIME ZONE 'UTC')::date, count(*)
FROM public.messages AS m
GROUP BY 1
ORDER BY 1
