"""What SQL sees of the transaction that a request runs in."""

import json

import pytest

from changeover.model.name import TableName
from changeover.model.secret import Secret
from changeover.stores.key import KeyMode

SEEN = """
CREATE FUNCTION seen() RETURNS json LANGUAGE sql STABLE AS $$
  SELECT json_build_object(
    'role', current_user, 'session', session_user,
    'path', current_setting('search_path'),
    'timeout', current_setting('statement_timeout'),
    'work_mem', current_setting('work_mem'),
    'zone', current_setting('TimeZone'),
    'claims', current_setting('request.jwt.claims')::json,
    'method', current_setting('request.method'), 'target', current_setting('request.path'),
    'headers', current_setting('request.headers')::json,
    'cookies', current_setting('request.cookies')::json,
    'own', current_setting('app.settings.own', true),
    'isolation', current_setting('transaction_isolation'),
    'read_only', current_setting('transaction_read_only'),
    'pre', current_setting('test.pre', true))
$$;
"""


@pytest.fixture
def seen(run):
    """The function `seen`, which returns what it sees."""
    run(SEEN)


@pytest.mark.usefixtures("seen")
def test_a_function_sees_who_asks_and_what(store, message, token, read):
    """Role, claims, verb, path, headers and cookies are told as PostgREST tells them."""
    asked = message(
        "/rpc/seen", bearer=token(sub="u1"), x_a="é", cookie=" a=1; b=x=y;c", accept="*/*"
    )
    found = read(store.send(asked))
    assert (found["role"], found["session"]) == ("authenticated", "authenticator")
    assert found["claims"] == {"role": "authenticated", "sub": "u1"}
    assert (found["method"], found["target"]) == ("GET", "/rpc/seen")
    assert found["headers"]["x-a"] == "é"
    assert found["headers"]["authorization"].startswith("Bearer ")
    assert "cookie" not in found["headers"]
    assert found["cookies"] == {"a": "1", "b": "x=y", "c": ""}


@pytest.mark.usefixtures("seen")
def test_the_anonymous_have_claims_too(store, message, read):
    """Without a token the claims say the role, and the other settings are as for anybody."""
    found = read(store.send(message("/rpc/seen")))
    assert (found["role"], found["claims"]) == ("anon", {"role": "anon"})
    assert (found["cookies"], found["headers"]) == ({}, {})


@pytest.mark.usefixtures("seen")
def test_the_transaction_fits_the_verb(store, message, read, run):
    """GET is READ ONLY, a POST of a stable function too, that of a volatile one is not."""
    run("CREATE FUNCTION writes() RETURNS json LANGUAGE sql VOLATILE AS 'SELECT seen()'")
    asked = (message("/rpc/seen"), message("/rpc/seen", method="POST", body={}))
    assert [read(store.send(one))["read_only"] for one in asked] == ["on", "on"]
    found = read(store.send(message("/rpc/writes", method="POST", body={})))
    assert (found["read_only"], found["isolation"]) == ("off", "read committed")


@pytest.mark.usefixtures("seen")
def test_settings_come_from_roles_functions_and_configuration(make_store, message, read, run):
    """A role's settings, then the function's that are hoisted, then the configuration's."""
    run("CREATE FUNCTION slow() RETURNS json LANGUAGE sql STABLE AS 'SELECT seen()'")
    run("ALTER FUNCTION slow() SET statement_timeout = '7s'")
    run("ALTER FUNCTION slow() SET default_transaction_isolation = 'repeatable read'")
    store = make_store(
        extra_search_path=('odd "one"', "public"), application_settings=(("own", "x'y"),)
    )
    found = read(store.send(message("/rpc/seen")))
    assert found["timeout"] == "3s"
    assert found["path"] == '"public", "odd ""one""", "public"'
    assert found["own"] == "x'y"
    found = read(store.send(message("/rpc/slow")))
    assert (found["timeout"], found["isolation"]) == ("7s", "repeatable read")


@pytest.mark.usefixtures("seen")
def test_a_client_may_choose_the_time_zone(store, message, read):
    """Prefer timezone is set as it is; UTC without it, and a bad one is the server's 22023."""
    assert read(store.send(message("/rpc/seen")))["zone"] == "UTC"
    wished = message("/rpc/seen", prefer="timezone=Asia/Tokyo")
    assert read(store.send(wished))["zone"] == "Asia/Tokyo"
    reply = store.send(message("/rpc/seen", prefer="timezone=Jupiter/Red"))
    assert (reply.status, read(reply)["code"]) == (400, "22023")


@pytest.mark.usefixtures("seen")
def test_the_pre_request_function_runs_first(make_store, message, read, run):
    """It runs as the role, after the settings and before the statement; its error is the answer."""
    run("CREATE SCHEMA inner_part")
    run("GRANT USAGE ON SCHEMA inner_part TO anon, authenticated")
    run("""CREATE FUNCTION inner_part.check() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      IF current_setting('request.path') = '/film' THEN
        RAISE SQLSTATE 'PT403' USING MESSAGE = 'not here', HINT = 'elsewhere';
      END IF;
      PERFORM set_config('test.pre', current_user, true); END $$""")
    store = make_store(pre_request=TableName("inner_part", "check"))
    assert read(store.send(message("/rpc/seen")))["pre"] == "anon"
    reply = store.send(message("/film"))
    assert (reply.status, reply.reason) == (403, "not here")
    assert read(reply)["hint"] == "elsewhere"


@pytest.mark.usefixtures("seen")
def test_nothing_of_a_request_is_left(make_store, message, token, read):
    """On one connection, the next request sees nothing of the last; between them nothing is set."""
    store = make_store(pool={"connections_max": 1})
    asked = message("/rpc/seen", bearer=token(sub="u1"), x_own="s", prefer="timezone=Asia/Tokyo")
    assert read(store.send(asked))["claims"]["sub"] == "u1"
    found = read(store.send(message("/rpc/seen")))
    assert (found["claims"], found["headers"], found["zone"]) == ({"role": "anon"}, {}, "UTC")
    session = store._pool.take()
    row = session.pgconn.exec_(
        b"SELECT current_user, current_setting('request.jwt.claims', true),"
        b" current_setting('request.headers', true), current_setting('role')"
    )
    store._pool.give(session)
    assert [row.get_value(0, at) for at in range(4)] == [b"authenticator", b"", b"", b"none"]


ODD = {
    "TimeZone": "Europe/Moscow",
    "DateStyle": "German, DMY",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "-5",
    "bytea_output": "escape",
    "xmloption": "document",
}


@pytest.mark.parametrize("is_pooled", [False, True])
def test_values_have_one_text_whatever_the_server_is_set_to(
    is_pooled, database, make_store, message
):
    """Dates, intervals, floats and bytes come in the form of the documentation."""
    with database.connect_as_superuser() as connection:
        for name, value in ODD.items():
            connection.execute(f"ALTER DATABASE {database.name} SET {name} = '{value}'")
    with database.connect() as connection:
        connection.execute("""CREATE TABLE kind AS SELECT
          '2024-01-02 03:04:05.12+00'::timestamptz AS moment, '2024-01-02'::date AS day,
          tstzrange('2024-01-01 00:00+00', NULL) AS span, interval '1 day 02:03:04' AS lasting,
          0.1::float8 + 0.2::float8 AS ratio, '\\xdeadbeef'::bytea AS data""")
        connection.execute("GRANT ALL ON kind TO anon")
    store = make_store(pool={"is_pooled": is_pooled})
    reply = store.send(message("/kind"))
    assert reply.status == 200
    assert json.loads(reply.body) == [
        {
            "moment": "2024-01-02T03:04:05.12+00:00",
            "day": "2024-01-02",
            "span": '["2024-01-01 00:00:00+00",)',
            "lasting": "1 day 02:03:04",
            "ratio": 0.30000000000000004,
            "data": "\\xdeadbeef",
        }
    ]


def test_a_session_whose_settings_were_changed_is_not_used_again(make_store, message, run):
    """A function may change the session for good: such a connection is closed."""
    run("""CREATE FUNCTION spoil() RETURNS text LANGUAGE sql VOLATILE AS
      $$ SELECT set_config('TimeZone', 'Asia/Tokyo', false) $$""")
    run("CREATE FUNCTION pid() RETURNS int LANGUAGE sql STABLE AS 'SELECT pg_backend_pid()'")
    store = make_store(pool={"connections_max": 1})
    first = store.send(message("/rpc/pid")).body
    assert store.send(message("/rpc/pid")).body == first
    assert store.send(message("/rpc/spoil", method="POST", body={})).status == 200
    assert store.send(message("/rpc/pid")).body != first


def test_single_role_mode_stays_the_connecting_role(make_store, message, read, run):
    """The service key is answered as the role that logs in, without becoming another."""
    run(SEEN)
    keys = {
        "mode": KeyMode.SUPABASE,
        "is_single_role": True,
        "secret_keys": (Secret("sb_secret_x"),),
        "publishable_keys": (Secret("sb_publishable_x"),),
    }
    store = make_store(keys=keys)
    run("GRANT USAGE ON SCHEMA public TO authenticator")
    found = read(store.send(message("/rpc/seen", apikey="sb_secret_x")))
    assert (found["role"], found["claims"]) == ("authenticator", {"role": "service_role"})
    assert store.send(message("/rpc/seen", apikey="sb_publishable_x")).status == 403


def test_a_new_catalog_keeps_a_functions_isolation(make_store, message, run):
    """Forgetting old statements is no part of the transaction, whose snapshot it would take."""
    run(
        "CREATE FUNCTION level() RETURNS text LANGUAGE sql VOLATILE"
        " SET default_transaction_isolation = 'serializable'"
        " AS $$SELECT current_setting('transaction_isolation')$$"
    )
    store = make_store(pool={"connections_max": 1})
    asked = message("/rpc/level", method="POST", body={})
    for number in range(3):
        reply = store.send(asked)
        assert (reply.status, reply.body) == (200, b'"serializable"')
        assert store.send(asked).status == 200
        before = store.desk
        run(f"CREATE TABLE news_{number} ()")
        assert store._counter.holder.refresh().result(20) is not before
