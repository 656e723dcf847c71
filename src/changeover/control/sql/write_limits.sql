-- Nothing: the limits of the configuration, as clients poll them.
UPDATE changeover.rollout AS r
SET marker_age_ms_max = %(marker_age_ms_max)s, swap_wait_s_max = %(swap_wait_s_max)s,
  client_expiry_s = %(client_expiry_s)s, guard_window_s = %(guard_window_s)s
