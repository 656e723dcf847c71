-- One row: why reads were called back before, NULL if they were not.
UPDATE changeover.rollout AS r SET killed = %(reason)s
FROM changeover.rollout AS before
RETURNING before.killed
