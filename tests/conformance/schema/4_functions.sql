-- Functions of every kind.
CREATE FUNCTION api.add(a int, b int) RETURNS int IMMUTABLE LANGUAGE sql AS $$ SELECT a + b $$;
CREATE FUNCTION api.greet(name text DEFAULT 'world', mark text DEFAULT '!') RETURNS text
  STABLE LANGUAGE sql AS $$ SELECT 'hello ' || name || mark $$;
CREATE FUNCTION api.need_one(a int, b int DEFAULT 2) RETURNS int LANGUAGE sql AS $$ SELECT a * b $$;
CREATE FUNCTION api.nothing() RETURNS void LANGUAGE sql AS $$ SELECT $$;
CREATE FUNCTION api.answer() RETURNS int LANGUAGE sql AS $$ SELECT 42 $$;
CREATE FUNCTION api.nil() RETURNS int LANGUAGE sql AS $$ SELECT NULL::int $$;
CREATE FUNCTION api.words() RETURNS text[] LANGUAGE sql AS $$ SELECT '{a,"b c"}'::text[] $$;
CREATE FUNCTION api.document() RETURNS json LANGUAGE sql AS $$ SELECT '{"a": [1, 2.50]}'::json $$;
CREATE FUNCTION api.mood() RETURNS api.state LANGUAGE sql AS $$ SELECT 'open'::api.state $$;
CREATE FUNCTION api.mark() RETURNS api.grade LANGUAGE sql AS $$ SELECT 'A'::api.grade $$;
CREATE FUNCTION api.three() RETURNS SETOF int LANGUAGE sql AS $$ SELECT generate_series(1, 3) $$;
CREATE FUNCTION api.no_ints() RETURNS SETOF int LANGUAGE sql AS $$ SELECT 1 WHERE false $$;
CREATE FUNCTION api.docs() RETURNS SETOF json LANGUAGE sql AS
  $$ SELECT '{"a":1}'::json UNION ALL SELECT '[2]' $$;
CREATE FUNCTION api.get_ship(id int) RETURNS api.ship STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.ship s WHERE s.id = get_ship.id $$;
CREATE FUNCTION api.all_ships() RETURNS SETOF api.ship STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.ship $$;
CREATE FUNCTION api.ships_since(year int) RETURNS SETOF api.ship STABLE LANGUAGE sql AS
  $$ SELECT * FROM api.ship WHERE built >= year $$;
CREATE FUNCTION api.ship_titles() RETURNS TABLE (id int, title text) STABLE LANGUAGE sql AS
  $$ SELECT id, name FROM api.ship $$;
CREATE FUNCTION api.one_column() RETURNS TABLE (n int) LANGUAGE sql AS $$ SELECT 5 $$;
CREATE FUNCTION api.out_pair(OUT a int, OUT b text) LANGUAGE sql AS $$ SELECT 1, 'x' $$;
CREATE FUNCTION api.out_one(OUT a int) LANGUAGE sql AS $$ SELECT 9 $$;
CREATE FUNCTION api.inout_one(INOUT x int) LANGUAGE sql AS $$ SELECT x + 1 $$;
CREATE FUNCTION api.rec() RETURNS record LANGUAGE sql AS $$ SELECT 1 AS a, 'x'::text AS b $$;
CREATE FUNCTION api.recs() RETURNS SETOF record LANGUAGE sql AS
  $$ SELECT a, b FROM (VALUES (1, 'x'::text), (2, 'y')) AS v (a, b) $$;
CREATE FUNCTION api.composite() RETURNS api.point2 LANGUAGE sql AS $$ SELECT (1, 'z')::api.point2 $$;
CREATE FUNCTION api.total(VARIADIC n int[] DEFAULT '{}') RETURNS bigint IMMUTABLE LANGUAGE sql AS
  $$ SELECT coalesce(sum(v), 0) FROM unnest(n) v $$;
CREATE FUNCTION api.over(a int) RETURNS text LANGUAGE sql AS $$ SELECT 'one' $$;
CREATE FUNCTION api.over(a int, b int) RETURNS text LANGUAGE sql AS $$ SELECT 'two' $$;
CREATE FUNCTION api.over(a int, b int, c int DEFAULT 0) RETURNS text LANGUAGE sql AS $$ SELECT 'three' $$;
CREATE FUNCTION api.clash(a int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION api.clash(a text) RETURNS text LANGUAGE sql AS $$ SELECT 'text' $$;
CREATE FUNCTION api.raw_json(json) RETURNS json LANGUAGE sql AS $$ SELECT $1 $$;
CREATE FUNCTION api.raw_jsonb(jsonb) RETURNS jsonb LANGUAGE sql AS $$ SELECT $1 $$;
CREATE FUNCTION api.raw_text(text) RETURNS text LANGUAGE sql AS $$ SELECT upper($1) $$;
CREATE FUNCTION api.raw_bytes(bytea) RETURNS int LANGUAGE sql AS $$ SELECT length($1) $$;
CREATE FUNCTION api.named_json(payload json) RETURNS json LANGUAGE sql AS $$ SELECT payload $$;
CREATE FUNCTION api.typed_in(d date, n numeric, j jsonb, ints int[]) RETURNS json LANGUAGE sql AS
  $$ SELECT json_build_object('d', d, 'n', n, 'j', j, 'ints', ints) $$;
CREATE FUNCTION api.fixed(c char(3)) RETURNS int LANGUAGE sql AS $$ SELECT length(c) $$;
CREATE FUNCTION api.plain_word(word text) RETURNS text LANGUAGE sql AS $$ SELECT word $$;
CREATE FUNCTION api.two_unnamed(int, int) RETURNS int LANGUAGE sql AS $$ SELECT $1 + $2 $$;
CREATE FUNCTION api.one_unnamed(int) RETURNS int LANGUAGE sql AS $$ SELECT $1 $$;
CREATE FUNCTION api."odd name"("a b" int) RETURNS int LANGUAGE sql AS $$ SELECT "a b" $$;
CREATE PROCEDURE api.proc() LANGUAGE sql AS $$ SELECT $$;
CREATE AGGREGATE api.summed(int) (SFUNC = int4pl, STYPE = int, INITCOND = '0');

CREATE FUNCTION api.setting(name text) RETURNS text STABLE LANGUAGE sql AS
  $$ SELECT current_setting(name, true) $$;
CREATE FUNCTION api.volatile_setting(name text) RETURNS text VOLATILE LANGUAGE sql AS
  $$ SELECT current_setting(name, true) $$;
CREATE FUNCTION api.hoisted() RETURNS text LANGUAGE sql
  SET statement_timeout = '7s' SET default_transaction_isolation = 'repeatable read' AS
  $$ SELECT current_setting('statement_timeout') || ' ' || current_setting('transaction_isolation') $$;
CREATE FUNCTION api.whoami() RETURNS text STABLE LANGUAGE sql AS $$ SELECT current_user::text $$;
CREATE FUNCTION api.now_zone() RETURNS timestamptz STABLE LANGUAGE sql AS
  $$ SELECT '2024-01-02 03:04:05+00'::timestamptz $$;
CREATE FUNCTION api.write_item() RETURNS SETOF api.item VOLATILE LANGUAGE sql AS
  $$ INSERT INTO api.item (id, name) VALUES (900, 'written') RETURNING * $$;
CREATE FUNCTION api.rename_items() RETURNS SETOF api.item VOLATILE LANGUAGE sql AS
  $$ UPDATE api.item SET kind = 'renamed' RETURNING * $$;

CREATE FUNCTION api.reserved("order" int, "select" int DEFAULT 0) RETURNS int LANGUAGE sql AS
  $$ SELECT "order" + "select" $$;
CREATE FUNCTION api.mixed(x int) RETURNS text LANGUAGE sql AS $$ SELECT 'int' $$;
CREATE FUNCTION api.mixed(jsonb) RETURNS text LANGUAGE sql AS $$ SELECT 'json' $$;
CREATE FUNCTION api.header(name text) RETURNS text STABLE LANGUAGE sql AS
  $$ SELECT current_setting('request.headers', true)::json->>name $$;
CREATE FUNCTION api.cookie(name text) RETURNS text STABLE LANGUAGE sql AS
  $$ SELECT current_setting('request.cookies', true)::json->>name $$;
CREATE FUNCTION api.claim(name text) RETURNS text STABLE LANGUAGE sql AS
  $$ SELECT current_setting('request.jwt.claims', true)::json->>name $$;
CREATE FUNCTION api.set_headers(value text) RETURNS text STABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('response.headers', value, true); RETURN 'ok'; END $$;
CREATE FUNCTION api.set_status(value text) RETURNS text STABLE LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('response.status', value, true); RETURN 'ok'; END $$;
CREATE FUNCTION api.set_and_fail() RETURNS text LANGUAGE plpgsql AS $$
BEGIN PERFORM set_config('response.status', '202', true); RAISE 'failed'; END $$;
CREATE FUNCTION api.fail(state text, message text, detail text DEFAULT NULL, hint text DEFAULT NULL)
  RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF detail IS NULL AND hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message;
  ELSIF hint IS NULL THEN
    RAISE EXCEPTION USING ERRCODE = state, MESSAGE = message, DETAIL = detail;
  ELSE
    RAISE EXCEPTION USING
      ERRCODE = state, MESSAGE = message, DETAIL = coalesce(detail, ''), HINT = hint;
  END IF;
END $$;

CREATE FUNCTION other.shout(word text) RETURNS text LANGUAGE sql AS $$ SELECT upper(word) $$;
CREATE FUNCTION other.show_path() RETURNS text STABLE LANGUAGE sql AS
  $$ SELECT current_setting('search_path') $$;
CREATE FUNCTION private.before_each() RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF current_setting('request.headers', true)::json->>'x-refuse' IS NOT NULL THEN
    RAISE SQLSTATE 'PT403' USING MESSAGE = 'refused before';
  END IF;
  PERFORM set_config('response.headers', '[{"X-Before":"each"}]', true);
END $$;
