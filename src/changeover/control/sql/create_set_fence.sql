-- Function: opens or closes this side's fence for an attempt; an older attempt is refused (CO407).
-- The row lock comes first, then the sequence: setval is outside every snapshot and every rollback.
-- Source: https://www.postgresql.org/docs/current/functions-sequence.html
CREATE OR REPLACE FUNCTION changeover.set_fence(given_attempt bigint, is_open boolean)
RETURNS void
LANGUAGE plpgsql
SET search_path = pg_catalog
AS $function$
DECLARE
  known bigint;
BEGIN
  SELECT s.attempt INTO STRICT known FROM changeover.side AS s FOR UPDATE;
  IF given_attempt < known THEN
    RAISE EXCEPTION 'changeover: attempt % is older than attempt %', given_attempt, known
      USING ERRCODE = 'CO407';
  END IF;
  UPDATE changeover.side
  SET attempt = given_attempt, intention = CASE WHEN is_open THEN 'open' ELSE 'closed' END;
  PERFORM pg_catalog.setval('changeover.fence', CASE WHEN is_open THEN 1 ELSE 2 END, true);
END
$function$
