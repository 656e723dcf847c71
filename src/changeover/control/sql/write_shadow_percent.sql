-- Nothing: how many of a hundred reads run on the other side too.
UPDATE changeover.rollout AS r SET shadow_percent = %(percent)s
