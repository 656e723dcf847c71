-- Function: the role that the caller's token names, from the claims of PostgREST.
CREATE FUNCTION auth.role() RETURNS text
LANGUAGE sql STABLE
AS $function$
  SELECT COALESCE(
    NULLIF(pg_catalog.current_setting('request.jwt.claim.role', true), ''),
    NULLIF(pg_catalog.current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb
      OPERATOR(pg_catalog.->>) 'role'
  )
$function$
