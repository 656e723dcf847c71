-- One row: how many of a session's keys have expired and are not yet cleaned up.
SELECT count(*)
FROM public.whatsapp_keys AS k
WHERE k.company_id = %(company_id)s AND k.expires_at < now()
