-- Per key that was listed: that key.
DELETE FROM changeover.rollout_member AS m
WHERE m.targeting_key = ANY (%(keys)s::text[])
RETURNING m.targeting_key
