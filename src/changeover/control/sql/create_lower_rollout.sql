-- Script: the function of the guard rails; it never lets more readers in.
CREATE OR REPLACE FUNCTION changeover.lower_rollout(reason text, seen text)
RETURNS boolean
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  control changeover.control;
  rollout changeover.rollout;
  good integer := 0;
  why text := "left"(reason, 500);
BEGIN
  PERFORM set_config('idle_in_transaction_session_timeout', '5000', true);
  SELECT * INTO control FROM changeover.control AS c FOR SHARE;
  SELECT * INTO rollout FROM changeover.rollout AS r FOR UPDATE;
  IF control.stage IS DISTINCT FROM 'live' OR control.primary_side <> 'source'
    OR rollout.killed IS NOT NULL OR seen IS DISTINCT FROM changeover.digest_state()
  THEN
    RETURN false;
  END IF;
  IF rollout.percent > 0 THEN
    SELECT COALESCE(max(s.percent), 0) INTO good
    FROM (
      SELECT DISTINCT ON (h.percent) h.percent, h.breach, h.ended_at - h.began_at AS held
      FROM changeover.rollout_step AS h
      WHERE h.epoch = control.epoch AND h.group_name = rollout.group_name
        AND h.ended_at IS NOT NULL AND h.percent < rollout.percent
      ORDER BY h.percent, h.ended_at DESC
    ) AS s
    WHERE s.breach IS NULL AND s.held >= make_interval(secs => rollout.guard_window_s);
    PERFORM changeover.move_rollout(good, rollout.group_name, why);
  ELSIF rollout.members_digest <> '' THEN
    UPDATE changeover.rollout SET killed = 'guard rail: ' || why;
  ELSE
    RETURN false;
  END IF;
  INSERT INTO changeover.event (by_whom, what, detail) VALUES (
    'guard rail of a client, role ' || SESSION_USER,
    CASE WHEN rollout.percent > 0 THEN 'rollout lowered' ELSE 'kill' END,
    jsonb_build_object('from', rollout.percent, 'to', good, 'reason', why)
  );
  RETURN true;
END
$function$;

REVOKE ALL ON FUNCTION changeover.lower_rollout(text, text) FROM PUBLIC;
