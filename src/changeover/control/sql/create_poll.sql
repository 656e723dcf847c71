-- Script: the function by which a client learns what it must obey, and tells how it stands.
-- Async commit is set for the transaction, not for the function: a clause of the function would be
-- over before the commit. Source: https://www.postgresql.org/docs/current/sql-createfunction.html
-- `is_catching_up` is true where it is not known: while the target is the primary, the row of the
-- mirror stands on the source. Nobody asks it there, since reads follow the primary.
-- A client that stops inside its transaction must not keep locks that others wait for: the server ends
-- it after five seconds. The same in the other functions of clients.
CREATE OR REPLACE FUNCTION changeover.poll(client jsonb)
RETURNS jsonb
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  answer jsonb;
BEGIN
  IF client IS NOT NULL THEN
    PERFORM set_config('synchronous_commit', 'off', true);
    PERFORM set_config('idle_in_transaction_session_timeout', '5000', true);
    PERFORM changeover.note_client(client);
  END IF;
  SELECT jsonb_build_object(
    'version', c.version,
    'stage', c.stage,
    'primary', c.primary_side,
    'epoch', c.epoch,
    'is_swapping', EXISTS (
      SELECT FROM changeover.swap AS s
      WHERE s.finished_at IS NULL AND s.phase NOT IN ('opened', 'finished', 'aborted')
    ),
    'percent', r.percent,
    'group', r.group_name,
    'members_digest', r.members_digest,
    'shadow_percent', trim_scale(r.shadow_percent),
    'shadow_key', r.shadow_key,
    'killed', r.killed,
    'marker', (
      SELECT jsonb_build_object(
        'age_ms', (EXTRACT(epoch FROM clock_timestamp() - h.beaten_at) * 1000)::float8 + h.lag_ms,
        'error', h.error,
        'epoch', h.epoch
      )
      FROM changeover.heartbeat AS h WHERE h.direction = d.direction
    ),
    'is_catching_up', COALESCE(
      (SELECT m.is_catching_up FROM changeover.mirror AS m WHERE m.direction = d.direction), true
    ),
    'marker_age_ms_max', r.marker_age_ms_max,
    'swap_wait_s_max', r.swap_wait_s_max,
    'seen', changeover.digest_state()
  ) || CASE WHEN client ->> 'members_digest' IS DISTINCT FROM r.members_digest
      AND client IS NOT NULL
    THEN jsonb_build_object('members', (
      SELECT COALESCE(jsonb_agg(m.targeting_key), '[]') FROM changeover.rollout_member AS m
    ))
    ELSE '{}' END
  INTO answer
  FROM changeover.control AS c, changeover.rollout AS r,
    LATERAL (SELECT CASE c.primary_side WHEN 'source' THEN 'forward' ELSE 'reverse' END AS direction)
      AS d;
  RETURN answer;
END
$function$;

CREATE OR REPLACE FUNCTION changeover.note_client(client jsonb)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  IF (client ->> 'is_leaving')::boolean THEN
    DELETE FROM changeover.client AS k WHERE k.client_id = (client ->> 'id')::uuid;
    RETURN;
  END IF;
  DELETE FROM changeover.client AS k WHERE k.polled_at < clock_timestamp() - interval '1 hour';
  INSERT INTO changeover.client AS k
    (client_id, name, version, role_name, stage, side, seen, queued, breaker, kill)
  VALUES (
    (client ->> 'id')::uuid,
    "left"(COALESCE(client ->> 'name', ''), 200),
    "left"(COALESCE(client ->> 'version', ''), 50),
    SESSION_USER,
    "left"(COALESCE(client ->> 'stage', ''), 50),
    "left"(COALESCE(client ->> 'side', ''), 50),
    "left"(COALESCE(client ->> 'seen', ''), 50),
    CASE WHEN octet_length(client ->> 'queued') <= 1000 THEN client -> 'queued' ELSE '{}' END,
    "left"(client ->> 'breaker', 200),
    "left"(client ->> 'kill', 200)
  )
  ON CONFLICT (client_id) DO UPDATE
  SET name = excluded.name, version = excluded.version, role_name = excluded.role_name,
    stage = excluded.stage, side = excluded.side, seen = excluded.seen, queued = excluded.queued,
    breaker = excluded.breaker, kill = excluded.kill, polled_at = clock_timestamp();
END
$function$;

REVOKE ALL ON FUNCTION changeover.poll(jsonb) FROM PUBLIC;
REVOKE ALL ON FUNCTION changeover.note_client(jsonb) FROM PUBLIC;
