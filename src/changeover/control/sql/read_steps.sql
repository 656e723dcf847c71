-- Per step of the rollout in an epoch, the newest first: percent, group, when it began and ended, the
-- breach that ended it.
SELECT s.percent, s.group_name, s.began_at, s.ended_at, s.breach
FROM changeover.rollout_step AS s
WHERE s.epoch = %(epoch)s
ORDER BY s.step_id DESC
LIMIT %(limit)s
