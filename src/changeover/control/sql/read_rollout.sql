-- One row: percent, group, listed keys, shadow percent, why killed, number of the run of shadow
-- reads, when the stage began, limits for the marker, a client's expiry, the digest of what clients
-- must obey.
SELECT r.percent, r.group_name,
  ARRAY(
    SELECT m.targeting_key FROM changeover.rollout_member AS m
    ORDER BY m.targeting_key COLLATE "C"
  ) AS members,
  r.shadow_percent::float8, r.killed, r.shadow_run, r.stage_began_at, r.marker_age_ms_max,
  r.client_expiry_s, changeover.digest_state() AS seen
FROM changeover.rollout AS r
