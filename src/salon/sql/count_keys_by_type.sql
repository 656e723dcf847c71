-- One row per type of key: the type, and how many keys of it all sessions have together.
SELECT k.key_type, count(*)
FROM public.whatsapp_keys AS k
GROUP BY k.key_type
ORDER BY k.key_type
