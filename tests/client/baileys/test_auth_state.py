"""The authentication state of Baileys before a gateway: what it keeps, throws and repeats."""

import base64
import json

import psycopg
import pytest
import whatsapp_schema
from gateway_process import SECRET_KEY, gateway_process, wait_for

import changeover
from salon.whatsapp import SessionStore

NOW_MS = 1_775_811_600_000
DAY_MS = 86_400_000
DATA = bytes(range(256))
BASE64 = base64.b64encode(DATA).decode()
FORM = {"type": "Buffer", "data": BASE64}
PLANTED = """
CREATE SEQUENCE IF NOT EXISTS public.tries;
GRANT ALL ON SEQUENCE public.tries TO PUBLIC;
CREATE FUNCTION public.planted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'planted' USING ERRCODE = '{code}';
END
$$;
CREATE TRIGGER planted BEFORE {event} ON public.whatsapp_keys
FOR EACH ROW WHEN (nextval('public.tries') > 0 AND {when})
EXECUTE FUNCTION public.planted();
"""
FORGIVEN = "DROP FUNCTION IF EXISTS public.planted() CASCADE; DROP SEQUENCE IF EXISTS public.tries"


@pytest.fixture(scope="module")
def database(source_template):
    """A Supabase-like database with the tables."""
    database = source_template.clone("baileys")
    whatsapp_schema.create(database)
    yield database
    database.drop()


@pytest.fixture(scope="module")
def gateway(database, tmp_path_factory):
    """A gateway before it."""
    directory = tmp_path_factory.mktemp("gateway")
    dsn = database.dsn_of("authenticator")
    with gateway_process(dsn, directory, table="has_access_log = false") as gateway:
        yield gateway


@pytest.fixture
def sql(database):
    """A session of the tables' owner; the tables are empty, and what was planted is taken away."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("TRUNCATE whatsapp_auth, whatsapp_keys")
        yield connection
        connection.execute(FORGIVEN)


@pytest.fixture
def baileys(make_baileys, gateway, sql):
    """A process with an open session."""
    baileys = make_baileys()
    baileys.do("open", url=gateway.url, key=SECRET_KEY, company="42")
    return baileys


def thrown(said):
    """Return what was thrown."""
    assert "thrown" in said, said
    return said["thrown"]


def test_what_is_written_is_what_baileys_itself_would_write(baileys):
    """Bytes at any depth have the form of BufferJSON, and come back."""
    value = {"a": [{"$bytes": DATA.hex()}, {"b": {"$bytes": ""}}], "n": 1.5, "t": "1"}
    found = baileys.do("forms", value=value)
    assert found["ours"] == baileys.do("theirs", value=value)
    assert found["ours"]["a"] == [FORM, {"b": {"type": "Buffer", "data": ""}}]
    assert found["again"] == value
    assert baileys.do("initial") == {"again": True, "cloned": True, "theirs": True}


@pytest.mark.parametrize(
    "value",
    [
        {"type": "Buffer", "data": [1, 2, 3], "note": "more"},
        {"type": "Buffer", "data": "AP8=", "note": "more"},
        {"type": "Buffer", "data": [256]},
        {"type": "Buffer", "data": "no base64!"},
        {"type": "Buffer"},
        {"0": 1, "1": 2},
    ],
    ids=json.dumps,
)
def test_what_looks_alike_stays_as_it_is(baileys, value):
    """BufferJSON would make a Buffer of some of these, or lose a member."""
    found = baileys.do("forms", value={"in": [value]})
    assert found["ours"] == found["again"] == {"in": [value]}


def test_a_list_of_bytes_is_revived(baileys, sql):
    """The other spelling, which BufferJSON does not read."""
    sql.execute(
        "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value) VALUES"
        """ ('42', 'tctoken', '1', '{"token": {"type": "Buffer", "data": [0, 255]}}')"""
    )
    found = baileys.do("get", type="tctoken", ids=["1"])
    assert found == {"1": {"token": {"$bytes": "00ff"}}}


def test_every_kind_of_value_keeps_its_type(baileys, sql):
    """A text that looks like a number, a list that looks like an array, odd ids."""
    values = {
        "number-like": "123456789012345678",
        'a,b"c\\d)(': ["{1,2}", None, True, 1.5, []],
        "AAAA/+==": {"deep": [{"x": {"$bytes": DATA.hex()}}]},
        "ё %_*&=#": "",
        "__proto__": {"__proto__": False},
    }
    kinds = ["string", "array", "object", "string", "object"]
    baileys.do("set", data={"device-list": values})
    assert baileys.do("get", type="device-list", ids=[*values, "absent"]) == values
    found = sql.execute("SELECT key_id, jsonb_typeof(value) FROM whatsapp_keys").fetchall()
    assert dict(found) == dict(zip(values, kinds, strict=True))
    baileys.do("set", data={"device-list": dict.fromkeys(values)})
    assert sql.execute("SELECT count(*) FROM whatsapp_keys").fetchone() == (0,)


@pytest.mark.parametrize(
    ("key_type", "key_id"),
    [
        ("pre-key", "5"),
        ("lid-mapping", "100000000000001_reverse"),
        ("app-state-sync-key", "AAAA/+=="),
        ("sender-key", "120363000000000001-15@g.us::70000000001_1::0"),
    ],
)
def test_types_and_ids_are_stored_as_they_are(baileys, sql, key_type, key_id):
    """Names of files, where `pre-key-5` became type `pre`, have no part in it."""
    baileys.do("set", data={key_type: {key_id: {}}})
    stored = sql.execute("SELECT company_id, key_type, key_id FROM whatsapp_keys").fetchall()
    assert stored == [("42", key_type, key_id)]
    assert list(baileys.do("get", type=key_type, ids=[key_id])) == [key_id]


def test_many_keys_are_written_at_once_and_all_read(baileys, sql):
    """More than an API answers in one page, with ids that fill more than one URL."""
    values = {f"1203630000000000{n:04}-15@g.us::70000000001_1::0": "x" for n in range(1100)}
    before = baileys.do("counts")["requests"]
    baileys.do("set", data={"sender-key": values})
    assert baileys.do("counts")["requests"] == before + 1
    assert baileys.do("get", type="sender-key", ids=list(values)) == values
    baileys.do("set", data={"sender-key": dict.fromkeys(values)})
    assert sql.execute("SELECT count(*) FROM whatsapp_keys").fetchone() == (0,)


def test_writes_of_one_key_keep_their_order(baileys):
    """The last one that was asked for stays, be it a value or nothing."""
    some = [{"session": {"1": n, "2": None if n % 2 else n}} for n in range(20)]
    baileys.do("setAll", all=some)
    assert baileys.do("get", type="session", ids=["1", "2"]) == {"1": 19}


def test_an_outage_and_a_wrong_key_are_thrown(baileys, gateway, make_baileys, sql):
    """Neither is an empty answer, and no credentials are made."""
    baileys.do("set", data={"session": {"1": "a"}})
    away = "http://127.0.0.1:1"
    baileys.do("url", url=away)
    for act in ("get", "socketGet"):
        error = thrown(baileys.ask(act, type="session", ids=["1"]))
        assert (error["name"], error["status"]) == ("AuthStateError", 0)
    assert thrown(baileys.ask("save", patch={}))["name"] == "AuthStateError"
    assert thrown(baileys.ask("set", data={"session": {"1": None}}))["name"] == "AuthStateError"
    other = make_baileys()
    for url, key, status in ((away, SECRET_KEY, 0), (gateway.url, "sb_secret_" + "another", 401)):
        assert thrown(other.ask("open", url=url, key=key, company="43"))["status"] == status
    assert sql.execute("SELECT company_id FROM whatsapp_auth").fetchall() == [("42",)]
    baileys.do("url", url=gateway.url)
    assert baileys.do("get", type="session", ids=["1"]) == {"1": "a"}


def test_baileys_takes_a_session_that_it_can_not_load_for_none(baileys):
    """What the manual warns of: a Baileys that throws here makes the warning needless."""
    baileys.do("url", url="http://127.0.0.1:1")
    said = baileys.do("validate", jid="100000000000002@lid")
    assert said == {"exists": False, "reason": "no session"}


def test_what_passes_by_itself_is_asked_again(baileys, sql):
    """Two refusals that tell of a conflict, then the write is taken."""
    at_first = "currval('public.tries') < 3"
    sql.execute(PLANTED.format(code="40001", event="INSERT", when=at_first))
    baileys.do("set", data={"session": {"1": "a"}})
    assert sql.execute("SELECT last_value FROM public.tries").fetchone() == (3,)
    assert baileys.do("get", type="session", ids=["1"]) == {"1": "a"}


def test_an_answer_that_is_cut_short_is_thrown(baileys, database, gateway_of):
    """A cap on rows must not turn keys that are there into keys that are not."""
    baileys.do("set", data={"device-list": {str(n): [] for n in range(5)}})
    capped = gateway_of(database.dsn_of("authenticator"), max_rows=2)
    baileys.do("url", url=capped.url)
    error = thrown(baileys.ask("get", type="device-list", ids=[str(n) for n in range(5)]))
    assert error["code"] == "CUT"


def test_two_openers_at_once_have_one_session(baileys, gateway, sql):
    """Both end with the credentials that are stored; so does the next one."""
    asked = {"url": gateway.url, "key": SECRET_KEY, "company": "43"}
    first, second = baileys.do("openTwice", **asked)
    assert first == second == baileys.do("open", **asked)
    assert sql.execute("SELECT count(*) FROM whatsapp_auth").fetchone() == (2,)


@pytest.mark.parametrize("name", ["company_42", "Company_42", "", "4%", "4" * 51, 42])
def test_another_spelling_is_refused(baileys, gateway, sql, name):
    """Two spellings of a name would be two sessions."""
    said = baileys.ask("open", url=gateway.url, key=SECRET_KEY, company=name)
    assert thrown(said)["name"] == "TypeError"
    assert sql.execute("SELECT count(*) FROM whatsapp_auth").fetchone() == (1,)


def test_a_name_is_no_pattern(make_baileys, gateway, sql):
    """The session 4_2 is another one than 412."""
    for name in ("412", "4_2"):
        baileys = make_baileys()
        baileys.do("open", url=gateway.url, key=SECRET_KEY, company=name)
        assert baileys.do("get", type="session", ids=["1"]) == {}
        baileys.do("set", data={"session": {"1": name}})
    baileys.do("remove")
    for table in ("auth", "keys"):
        names = sql.execute(f"SELECT company_id FROM whatsapp_{table}").fetchall()
        assert names == [("412",)]


def test_a_broken_set_has_deleted_nothing(baileys, sql):
    """The upsert comes first; after an error of either the whole call may be repeated."""
    baileys.do("set", data={"device-list": {"1": ["old"]}})
    data = {"device-list": {"1": None, "2": ["new"]}}
    for event in ("INSERT", "DELETE"):
        sql.execute(PLANTED.format(code="23514", event=event, when="true"))
        assert thrown(baileys.ask("set", data=data))["code"] == "23514"
        assert "1" in baileys.do("get", type="device-list", ids=["1"])
        sql.execute(FORGIVEN)
    baileys.do("set", data=data)
    assert baileys.do("get", type="device-list", ids=["1", "2"]) == {"2": ["new"]}


def test_a_swap_is_waited_out(baileys, sql):
    """A write that a fence refuses is repeated until it is taken, and is then there."""
    sql.execute(PLANTED.format(code="P0004", event="INSERT", when="true"))
    baileys.say("set", data={"device-list": {"1": ["new"]}})
    tries = "SELECT last_value > 2 FROM public.tries"
    wait_for(lambda: sql.execute(tries).fetchone()[0], what="a third attempt")
    assert sql.execute("SELECT count(*) FROM whatsapp_keys").fetchone() == (0,)
    sql.execute("DROP FUNCTION public.planted() CASCADE")
    assert baileys.answer() == {"found": None}
    assert baileys.do("get", type="device-list", ids=["1"]) == {"1": ["new"]}
    assert baileys.do("counts")["refused"] > 2


def test_patience_with_a_swap_has_an_end(make_baileys, gateway, sql):
    """Then the refusal is thrown."""
    baileys = make_baileys()
    options = {"swapWaitMs": 150}
    baileys.do("open", url=gateway.url, key=SECRET_KEY, company="42", options=options)
    sql.execute(PLANTED.format(code="P0004", event="INSERT", when="true"))
    assert thrown(baileys.ask("set", data={"device-list": {"1": []}}))["code"] == "P0004"


def test_a_key_in_use_is_prolonged_once_a_day_at_most(make_baileys, gateway, sql):
    """At less than half of its life it gets a whole one, in a write of its own."""

    def at(days):
        baileys = make_baileys()
        options = {"now": NOW_MS + days * DAY_MS + 0.125}
        baileys.do("open", url=gateway.url, key=SECRET_KEY, company="42", options=options)
        return baileys

    def expiry():
        query = "SELECT (extract(epoch FROM expires_at) * 1000000)::bigint FROM whatsapp_keys"
        return sql.execute(query).fetchone()[0] - NOW_MS * 1000

    at(0).do("set", data={"session": {"1": "a"}})
    assert expiry() == 7 * DAY_MS * 1000 + 125
    at(3.4).do("get", type="session", ids=["1"])
    assert expiry() == 7 * DAY_MS * 1000 + 125
    later = at(3.6)
    later.do("get", type="session", ids=["1"])
    assert expiry() == (3.6 + 7) * DAY_MS * 1000 + 125
    sql.execute("UPDATE whatsapp_keys SET expires_at = '2026-01-01'")
    stale = expiry()
    assert later.do("get", type="session", ids=["1"]) == {"1": "a"}
    assert expiry() == stale


def test_an_expired_key_is_there_until_somebody_cleans(baileys, sql):
    """It is found, and lives on since it is used; under a swap's fence it is found all the same."""
    baileys.do("set", data={"session": {"1": "a"}})
    sql.execute("UPDATE whatsapp_keys SET expires_at = '2020-01-01'")
    sql.execute(PLANTED.format(code="P0004", event="UPDATE", when="true"))
    lives = "SELECT expires_at > now() FROM whatsapp_keys"
    for code, is_alive in (("P0004", False), (None, True)):
        assert baileys.do("get", type="session", ids=["1"]) == {"1": "a"}
        assert sql.execute(lives).fetchone() == (is_alive,), code
        sql.execute(FORGIVEN)


def test_lives_are_set_by_type(make_baileys, gateway, sql):
    """Those that nothing is said of live as long as the table of the manual says."""
    baileys = make_baileys()
    options = {"now": NOW_MS, "ttlDays": {"pre-key": 30, "tctoken": 3}, "ttlDaysOther": 20}
    opened = {"url": gateway.url, "key": SECRET_KEY, "company": "42"}
    baileys.do("open", **opened, options=options)
    types = ("pre-key", "tctoken", "session", "lid-mapping", "sender-key", "device-list")
    baileys.do("set", data={one: {"1": []} for one in types})
    query = "SELECT key_type, extract(epoch FROM expires_at) FROM whatsapp_keys"
    found = {name: (s - NOW_MS // 1000) / 86400 for name, s in sql.execute(query)}
    assert found == dict(zip(types, (30, 3, 7, 7, 7, 20), strict=True))
    said = baileys.ask("open", **opened, options={"ttlDays": {"session": 1}})
    assert thrown(said)["name"] == "TypeError"


def test_credentials_are_saved_and_the_session_is_removed(baileys, gateway, sql):
    """What was changed is read by the next one; afterwards there is nothing."""
    baileys.do("save", patch={"registered": True, "routingInfo": {"$bytes": DATA.hex()}})
    asked = {"url": gateway.url, "key": SECRET_KEY, "company": "42"}
    creds = baileys.do("open", **asked)
    assert (creds["registered"], creds["routingInfo"]) == (True, {"$bytes": DATA.hex()})
    baileys.do("set", data={"session": {"1": {"$bytes": DATA.hex()}}})
    baileys.do("remove")
    for table in ("auth", "keys"):
        assert sql.execute(f"SELECT count(*) FROM whatsapp_{table}").fetchone() == (0,)


def test_python_and_node_read_each_other(baileys, database):
    """The same session over SQL: what one writes the other has, byte for byte."""
    baileys.do("set", data={"session": {"node": {"$bytes": DATA.hex()}}})
    with changeover.connect(database.dsn) as connected:
        session = SessionStore.over_repositories(connected).open("42")
        assert session.get("session", ["node"]) == {"node": DATA}
        assert isinstance(session.creds["noiseKey"]["private"], bytes)
        session.set({"session": {"python": {"deep": [DATA]}}})
    found = baileys.do("get", type="session", ids=["python"])
    assert found == {"python": {"deep": [{"$bytes": DATA.hex()}]}}


def test_the_librarys_own_folder_is_imported(baileys, database, tmp_path):
    """All 728 keys of all types that Baileys' multi-file state has written, and its credentials."""
    written = baileys.do("folder", path=str(tmp_path / "auth"))
    with changeover.connect(database.dsn) as connected:
        store = SessionStore.over_repositories(connected)
        assert store.import_from("44", tmp_path / "auth") == len(written["keys"]) == 728
        session = store.open("44")
        private = bytes.fromhex(written["creds"]["noiseKey"]["private"]["$bytes"])
        assert session.creds["noiseKey"]["private"] == private
        by_type = {}
        for one in written["keys"]:
            by_type.setdefault(one["type"], {})[one["id"]] = one["value"]
        for key_type, values in by_type.items():
            assert set(session.get(key_type, values)) == set(values), key_type
        found = session.get("pre-key", by_type["pre-key"])
    assert {key_id: value["private"].hex() for key_id, value in found.items()} == {
        key_id: value["private"]["$bytes"] for key_id, value in by_type["pre-key"].items()
    }
