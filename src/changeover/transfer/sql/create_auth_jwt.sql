-- Function: all claims of the caller's token, as PostgREST hands them over.
CREATE FUNCTION auth.jwt() RETURNS jsonb
LANGUAGE sql STABLE
AS $function$
  SELECT COALESCE(
    NULLIF(pg_catalog.current_setting('request.jwt.claim', true), ''),
    NULLIF(pg_catalog.current_setting('request.jwt.claims', true), '')
  )::pg_catalog.jsonb
$function$
