-- One row: the session whose credentials were saved longest ago. None where there is no session.
SELECT a.company_id, a.updated_at
FROM public.whatsapp_auth AS a
ORDER BY a.updated_at
LIMIT 1
