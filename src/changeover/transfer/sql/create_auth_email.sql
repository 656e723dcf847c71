-- Function: the address that the caller's token names, from the claims of PostgREST.
CREATE FUNCTION auth.email() RETURNS text
LANGUAGE sql STABLE
AS $function$
  SELECT COALESCE(
    NULLIF(pg_catalog.current_setting('request.jwt.claim.email', true), ''),
    NULLIF(pg_catalog.current_setting('request.jwt.claims', true), '')::pg_catalog.jsonb
      OPERATOR(pg_catalog.->>) 'email'
  )
$function$
