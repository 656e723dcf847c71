-- Per table that shadow reads of this run reached: its name and its counts.
SELECT n.table_name, n.compared, n.equal, n.unsettled, n.skipped, n.dropped
FROM changeover.shadow_count AS n
JOIN changeover.rollout AS r ON r.shadow_run = n.shadow_run
ORDER BY n.table_name COLLATE "C"
