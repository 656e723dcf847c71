-- Per settled difference of this run, the most frequent first: table, class, columns, hash of the key,
-- stage, times, when it was first and last seen.
SELECT m.table_name, m.class, m.columns, m.key_hash, m.stage, m.times, m.first_at, m.last_at
FROM changeover.shadow_mismatch AS m
JOIN changeover.rollout AS r ON r.shadow_run = m.shadow_run
ORDER BY m.times DESC, m.table_name COLLATE "C", m.class, m.key_hash
