-- Script: the function by which clients hand in what their shadow reads found; its rows are bounded.
-- Reports take turns by an advisory lock: a row's lock would be in the way of a swap's decision.
CREATE OR REPLACE FUNCTION changeover.report_shadow(client uuid, counts jsonb, mismatches jsonb)
RETURNS void
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  tables_max CONSTANT integer := 1000;
  rows_max CONSTANT integer := 100;
  run bigint;
  one record;
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM set_config('idle_in_transaction_session_timeout', '5000', true);
  PERFORM pg_advisory_xact_lock('changeover.shadow_mismatch'::regclass::oid::bigint);
  SELECT r.shadow_run INTO STRICT run FROM changeover.rollout AS r;
  FOR one IN
    SELECT "left"(e.key, 200) AS name, e.value FROM jsonb_each(COALESCE(counts, '{}')) AS e
  LOOP
    IF NOT EXISTS (
      SELECT FROM changeover.shadow_count AS n
      WHERE n.shadow_run = run AND n.table_name = one.name
    ) AND (
      SELECT count(*) FROM changeover.shadow_count AS n WHERE n.shadow_run = run
    ) >= tables_max
    THEN
      one.name := '(others)';
    END IF;
    INSERT INTO changeover.shadow_count AS n
      (shadow_run, table_name, compared, equal, unsettled, skipped, dropped)
    VALUES (
      run, one.name,
      COALESCE((one.value ->> 'compared')::bigint, 0), COALESCE((one.value ->> 'equal')::bigint, 0),
      COALESCE((one.value ->> 'unsettled')::bigint, 0),
      COALESCE((one.value ->> 'skipped')::bigint, 0), COALESCE((one.value ->> 'dropped')::bigint, 0)
    )
    ON CONFLICT (shadow_run, table_name) DO UPDATE
    SET compared = n.compared + excluded.compared, equal = n.equal + excluded.equal,
      unsettled = n.unsettled + excluded.unsettled, skipped = n.skipped + excluded.skipped,
      dropped = n.dropped + excluded.dropped;
  END LOOP;
  FOR one IN
    SELECT "left"(COALESCE(e.value ->> 'table', ''), 200) AS name,
      "left"(COALESCE(e.value ->> 'class', 'value'), 50) AS class,
      ARRAY(
        SELECT "left"(c.value, 63)
        FROM jsonb_array_elements_text(COALESCE(e.value -> 'columns', '[]')) AS c LIMIT 20
      ) AS columns,
      "left"(COALESCE(e.value ->> 'key_hash', ''), 64) AS key_hash,
      "left"(COALESCE(e.value ->> 'stage', ''), 50) AS stage,
      COALESCE((e.value ->> 'times')::bigint, 1) AS times
    FROM jsonb_array_elements(COALESCE(mismatches, '[]')) AS e
  LOOP
    IF NOT EXISTS (
      SELECT FROM changeover.shadow_mismatch AS m
      WHERE m.shadow_run = run AND m.table_name = one.name AND m.class = one.class
        AND m.columns = one.columns AND m.key_hash = one.key_hash
    ) THEN
      IF (
        SELECT count(*) FROM changeover.shadow_mismatch AS m
        WHERE m.shadow_run = run AND m.table_name = one.name AND m.class = one.class
      ) >= rows_max
      THEN
        one.columns := '{}';
        one.key_hash := '(others)';
      END IF;
      IF (
        SELECT count(*) FROM changeover.shadow_mismatch AS m WHERE m.shadow_run = run
      ) >= tables_max * 10
      THEN
        one.name := '(others)';
        one.class := 'value';
        one.columns := '{}';
        one.key_hash := '(others)';
      END IF;
    END IF;
    INSERT INTO changeover.shadow_mismatch AS m
      (shadow_run, table_name, class, columns, key_hash, stage, times)
    VALUES (run, one.name, one.class, one.columns, one.key_hash, one.stage, one.times)
    ON CONFLICT (shadow_run, table_name, class, columns, key_hash) DO UPDATE
    SET times = m.times + excluded.times, stage = excluded.stage, last_at = clock_timestamp();
  END LOOP;
END
$function$;

REVOKE ALL ON FUNCTION changeover.report_shadow(uuid, jsonb, jsonb) FROM PUBLIC;
