-- Script: the function by which a client asks the mirror for an answer, and takes answers.
-- The commit is asynchronous: a token that a crash takes along is a time-out, not a lost write.
CREATE OR REPLACE FUNCTION changeover.exchange_tokens(new uuid, outstanding uuid[])
RETURNS uuid[]
LANGUAGE plpgsql
SECURITY DEFINER
SET search_path = pg_catalog, pg_temp
AS $function$
DECLARE
  answered uuid[];
BEGIN
  PERFORM set_config('synchronous_commit', 'off', true);
  PERFORM set_config('idle_in_transaction_session_timeout', '5000', true);
  IF new IS NOT NULL THEN
    INSERT INTO changeover.token (token) VALUES (new) ON CONFLICT (token) DO NOTHING;
  END IF;
  WITH taken AS (
    DELETE FROM changeover.token AS t
    WHERE t.token = ANY (outstanding) AND t.answered_at IS NOT NULL
    RETURNING t.token
  )
  SELECT COALESCE(array_agg(k.token), '{}') INTO answered FROM taken AS k;
  RETURN answered;
END
$function$;

REVOKE ALL ON FUNCTION changeover.exchange_tokens(uuid, uuid[]) FROM PUBLIC;
