-- Function: who the caller is, from the claims of PostgREST; the older setting wins if it is there.
CREATE FUNCTION auth.uid() RETURNS uuid
LANGUAGE sql STABLE
AS $function$
  SELECT COALESCE(
    NULLIF(pg_catalog.current_setting('request.jwt.claim.sub', true), ''),
    NULLIF(pg_catalog.current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb
      OPERATOR(pg_catalog.->>) 'sub'
  )::pg_catalog.uuid
$function$
