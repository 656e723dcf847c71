-- Nothing: shadow reads are counted anew.
UPDATE changeover.rollout AS r SET shadow_run = r.shadow_run + 1
