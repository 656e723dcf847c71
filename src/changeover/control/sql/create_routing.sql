-- Script, run by the target's owner: what clients poll and report, and its helpers nobody is granted.
CREATE TABLE IF NOT EXISTS changeover.rollout (
  is_single boolean PRIMARY KEY DEFAULT true CHECK (is_single),
  percent integer NOT NULL DEFAULT 0 CHECK (percent BETWEEN 0 AND 100),
  group_name text NOT NULL DEFAULT 'reads',
  members_digest text NOT NULL DEFAULT '',
  shadow_percent numeric NOT NULL DEFAULT 10 CHECK (shadow_percent BETWEEN 0 AND 100),
  shadow_run bigint NOT NULL DEFAULT 1,
  shadow_key text NOT NULL DEFAULT pg_catalog.replace(
    pg_catalog.gen_random_uuid()::text || pg_catalog.gen_random_uuid()::text, '-', ''
  ),
  killed text,
  stage_began_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  marker_age_ms_max double precision NOT NULL DEFAULT 10000,
  swap_wait_s_max double precision NOT NULL DEFAULT 10,
  client_expiry_s double precision NOT NULL DEFAULT 60,
  guard_window_s double precision NOT NULL DEFAULT 30
);
INSERT INTO changeover.rollout (is_single) VALUES (true) ON CONFLICT (is_single) DO NOTHING;

CREATE TABLE IF NOT EXISTS changeover.rollout_member (
  targeting_key text PRIMARY KEY,
  added_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
);

CREATE TABLE IF NOT EXISTS changeover.rollout_step (
  step_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  epoch bigint NOT NULL,
  percent integer NOT NULL,
  group_name text NOT NULL,
  began_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  ended_at timestamptz,
  breach text
);

CREATE TABLE IF NOT EXISTS changeover.client (
  client_id uuid PRIMARY KEY,
  name text NOT NULL,
  version text NOT NULL,
  role_name text NOT NULL,
  stage text NOT NULL,
  side text NOT NULL,
  seen text NOT NULL,
  queued jsonb NOT NULL DEFAULT '{}',
  breaker text,
  kill text,
  first_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  polled_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp()
) WITH (fillfactor = 50);

CREATE TABLE IF NOT EXISTS changeover.shadow_count (
  shadow_run bigint NOT NULL,
  table_name text NOT NULL,
  compared bigint NOT NULL DEFAULT 0,
  equal bigint NOT NULL DEFAULT 0,
  unsettled bigint NOT NULL DEFAULT 0,
  skipped bigint NOT NULL DEFAULT 0,
  dropped bigint NOT NULL DEFAULT 0,
  PRIMARY KEY (shadow_run, table_name)
);

CREATE TABLE IF NOT EXISTS changeover.shadow_mismatch (
  shadow_run bigint NOT NULL,
  table_name text NOT NULL,
  class text NOT NULL,
  columns text[] NOT NULL,
  key_hash text NOT NULL,
  stage text NOT NULL,
  times bigint NOT NULL,
  first_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  last_at timestamptz NOT NULL DEFAULT pg_catalog.clock_timestamp(),
  PRIMARY KEY (shadow_run, table_name, class, columns, key_hash)
);

CREATE INDEX IF NOT EXISTS token_waiting ON changeover.token (token) WHERE answered_at IS NULL;

CREATE OR REPLACE FUNCTION changeover.digest_members()
RETURNS trigger
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  UPDATE changeover.rollout SET members_digest = (
    SELECT COALESCE("left"(encode(sha256(convert_to(
      jsonb_agg(m.targeting_key ORDER BY m.targeting_key COLLATE "C")::text, 'UTF8')), 'hex'), 16), '')
    FROM changeover.rollout_member AS m
  );
  RETURN NULL;
END
$function$;
DROP TRIGGER IF EXISTS digest_members ON changeover.rollout_member;
CREATE TRIGGER digest_members
AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON changeover.rollout_member
FOR EACH STATEMENT EXECUTE FUNCTION changeover.digest_members();

CREATE OR REPLACE FUNCTION changeover.digest_state()
RETURNS text
LANGUAGE sql
STABLE
SET search_path = pg_catalog, pg_temp
AS $function$
  SELECT "left"(encode(sha256(convert_to(jsonb_build_array(
    c.stage, c.primary_side, c.epoch, r.percent, r.group_name, r.members_digest,
    trim_scale(r.shadow_percent), r.killed
  )::text, 'UTF8')), 'hex'), 16)
  FROM changeover.control AS c, changeover.rollout AS r
$function$;

CREATE OR REPLACE FUNCTION changeover.move_rollout(new_percent integer, new_group text, breach text)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog, pg_temp
AS $function$
BEGIN
  UPDATE changeover.rollout_step AS s
  SET ended_at = clock_timestamp(), breach = move_rollout.breach
  WHERE s.ended_at IS NULL;
  INSERT INTO changeover.rollout_step (epoch, percent, group_name)
  SELECT c.epoch, new_percent, new_group FROM changeover.control AS c;
  UPDATE changeover.rollout SET percent = new_percent, group_name = new_group;
END
$function$;

REVOKE ALL ON FUNCTION changeover.digest_members() FROM PUBLIC;
REVOKE ALL ON FUNCTION changeover.digest_state() FROM PUBLIC;
REVOKE ALL ON FUNCTION changeover.move_rollout(integer, text, text) FROM PUBLIC;
REVOKE ALL ON changeover.rollout, changeover.rollout_member, changeover.rollout_step,
  changeover.client, changeover.shadow_count, changeover.shadow_mismatch FROM PUBLIC;
