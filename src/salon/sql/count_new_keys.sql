-- One row per UTC day on which keys of a session were made: the day, and how many.
SELECT (k.created_at AT TIME ZONE 'UTC')::date, count(*)
FROM public.whatsapp_keys AS k
WHERE k.company_id = %(company_id)s
  AND k.created_at >= now() - make_interval(days => %(days)s::integer)
GROUP BY 1
ORDER BY 1
