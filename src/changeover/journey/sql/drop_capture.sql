-- Script: removes log, markers and trigger functions from the target; evidence and books stay.
DROP TRIGGER IF EXISTS changeover_marker ON changeover.marker;
DROP FUNCTION IF EXISTS changeover.capture_marker();
DROP FUNCTION IF EXISTS changeover.refuse_unless_open();
DO $script$
DECLARE
  one record;
BEGIN
  FOR one IN
    SELECT p.proname FROM pg_catalog.pg_proc AS p
    WHERE p.pronamespace = 'changeover'::pg_catalog.regnamespace
      AND p.proname ~ '^capture_[0-9]+$'
  LOOP
    EXECUTE pg_catalog.format('DROP FUNCTION changeover.%I()', one.proname);
  END LOOP;
END
$script$;
DROP TABLE IF EXISTS changeover.change;
