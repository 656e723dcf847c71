-- One row of nothing: another percentage and group, the step before is ended.
SELECT changeover.move_rollout(%(percent)s, %(group)s, NULL)
