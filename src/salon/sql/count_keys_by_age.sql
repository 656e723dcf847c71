-- One row: a session's keys by their last change: within 1, 7, 14 and 30 days, and before.
SELECT
  count(*) FILTER (WHERE k.updated_at >= now() - interval '1 day'),
  count(*) FILTER (WHERE k.updated_at < now() - interval '1 day'
    AND k.updated_at >= now() - interval '7 days'),
  count(*) FILTER (WHERE k.updated_at < now() - interval '7 days'
    AND k.updated_at >= now() - interval '14 days'),
  count(*) FILTER (WHERE k.updated_at < now() - interval '14 days'
    AND k.updated_at >= now() - interval '30 days'),
  count(*) FILTER (WHERE k.updated_at < now() - interval '30 days')
FROM public.whatsapp_keys AS k
WHERE k.company_id = %(company_id)s
