-- Who may do what. The connecting role has no right of its own.
GRANT USAGE ON SCHEMA api, other, extra TO visitor, author, member;
GRANT USAGE ON SCHEMA private TO visitor, author, member;
GRANT EXECUTE ON FUNCTION private.before_each() TO visitor, author, member;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA api, other TO visitor, author, member;
GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA api TO visitor, author, member;
REVOKE ALL ON api.sealed, api.dropbox, api.note FROM visitor, author;
REVOKE ALL ON api.sealed FROM member;
GRANT INSERT ON api.dropbox TO visitor;
GRANT SELECT (id, owner, body), INSERT, UPDATE, DELETE ON api.note TO member;

CREATE FUNCTION private.reset() RETURNS void LANGUAGE sql AS $$
  SELECT setval(pg_get_serial_sequence('api.item', 'id'), 100, false);
  SELECT setval(pg_get_serial_sequence('api.ticket', 'id'), 500, false);
$$;

CREATE FUNCTION private.digest(relation text) RETURNS text LANGUAGE plpgsql AS $$
DECLARE found text;
BEGIN
  EXECUTE format('SELECT md5(string_agg(t::text, E''\n'' ORDER BY t::text)) FROM %s t', relation)
    INTO found;
  RETURN found;
END $$;
