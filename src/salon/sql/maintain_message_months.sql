-- One row per month that was made, or that is old: the action ('created', 'old') and the name.
SELECT m.action, m.partition_name
FROM public.maintain_messages_partitions(%(months_ahead)s) AS m
