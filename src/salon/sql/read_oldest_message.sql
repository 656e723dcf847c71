-- One row: when the oldest message was written; NULL where there is none.
SELECT min(m.created_at) FROM public.messages AS m
