"""What a session reads and writes, on both backends and in both colours, against SQL by hand."""

import base64
import datetime as dt
from contextlib import ExitStack

import pytest
from supabase import ClientOptions, create_client
from whatsapp_fault import count, counted, forgive, refuse
from whatsapp_way import KEY, KEYS, URL

import changeover
from changeover import MalformedValueError, RejectedValueError
from salon.error import InvalidArgumentError
from salon.whatsapp import NoSessionError, Settings

DATA = bytes(range(256))
FORM = {"type": "Buffer", "data": base64.b64encode(DATA).decode()}
ODD_IDS = ['a,b"c\\d)(', "1203@g.us::70_1::0", "AAAAA001/+==", "ё %_*", "null", "7.0", "a&b=c#d"]
VALUES = {
    "number-like": "123456789012345678",
    "text": "just text",
    "quote": 'a "quoted" \\ text',
    "empty": "",
    "list": ["a", 1, None, [], {"x": [True]}],
    "list of numbers": [1, 2, 3],
    "number": 12345678901234567890,
    "float": 1.5,
    "true": True,
    "false": False,
    "zero": 0,
    "object": {"a": {"b": [DATA, {"c": DATA}]}, "text of a number": "1"},
    "braces": "{1,2}",
    "buffer": DATA,
    "lookalike": {"type": "Buffer", "data": [1, 2, 3], "note": "none"},
}
KINDS = {
    "number-like": "string",
    "text": "string",
    "quote": "string",
    "empty": "string",
    "list": "array",
    "list of numbers": "array",
    "number": "number",
    "float": "number",
    "true": "boolean",
    "false": "boolean",
    "zero": "number",
    "object": "object",
    "braces": "string",
    "buffer": "object",
    "lookalike": "object",
}


def test_every_kind_of_value_comes_back_as_it_was(way):
    """A text that looks like a number stays text; a list stays JSON; Buffers are bytes."""
    session = way.open()
    way.done(session.set({"lid-mapping": VALUES}))
    assert way.done(session.get("lid-mapping", VALUES)) == VALUES
    kinds = way.sql.execute("SELECT key_id, jsonb_typeof(value) FROM whatsapp_keys").fetchall()
    assert dict(kinds) == KINDS
    by_hand = way.keys()
    assert by_hand["lid-mapping", "object"]["a"]["b"] == [FORM, {"c": FORM}]
    assert by_hand["lid-mapping", "lookalike"] == VALUES["lookalike"]


def test_both_spellings_in_the_database_are_revived(way):
    """What another writer left as a list of numbers is bytes too, at any depth."""
    session = way.open()
    way.sql.execute(
        "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value) VALUES"
        """ ('42', 'session', 'list', '{"a": [{"type": "Buffer", "data": [0, 255]}]}'),"""
        """ ('42', 'session', 'text', '{"a": [{"type": "Buffer", "data": "AP8="}]}')"""
    )
    found = way.done(session.get("session", ["list", "text"]))
    assert found == {"list": {"a": [b"\x00\xff"]}, "text": {"a": [b"\x00\xff"]}}


def test_only_what_is_asked_for_is_found(way):
    """Another session, another type and another id are not; nothing asked for is nothing."""
    session, other = way.open(), way.open("43")
    way.done(session.set({"session": {"1": "a", "2": "b"}, "pre-key": {"1": "c"}}))
    way.done(other.set({"session": {"1": "d", "3": "e"}}))
    assert way.done(session.get("session", ["1", "3", "1"])) == {"1": "a"}
    assert way.done(session.get("session", [])) == {}


@pytest.mark.parametrize("many", [700])
def test_any_id_and_any_number_of_them(way, many):
    """Ids hold what a filter, an URL and a pattern have their own meaning for."""
    session = way.open()
    values = {key_id: number for number, key_id in enumerate(ODD_IDS)}
    values |= {f"{'1' * 30}{number}@s.whatsapp.net": number for number in range(many)}
    way.done(session.set({"session": values}))
    assert way.done(session.get("session", values)) == values
    way.done(session.set({"session": dict.fromkeys(ODD_IDS)}))
    assert way.done(session.get("session", ODD_IDS)) == {}
    assert way.ask("SELECT count(*) FROM whatsapp_keys") == many


def test_lives_by_type_to_the_microsecond(way):
    """7 days for four types, 14 for the others; credentials have none."""
    session = way.open()
    types = ["lid-mapping", "pre-key", "session", "sender-key", "app-state-sync-key", "new-type"]
    way.done(session.set({key_type: {"1": 1} for key_type in types}))
    rows = way.sql.execute("SELECT key_type, expires_at FROM whatsapp_keys").fetchall()
    days = dict(zip(types, [7, 7, 7, 7, 14, 14], strict=True))
    assert dict(rows) == {
        one: way.clock.now + dt.timedelta(days=span) for one, span in days.items()
    }
    session = way.open(settings=Settings(ttl={"session": dt.timedelta(days=3)}))
    way.done(session.set({"session": {"1": 2}}))
    expiry = way.ask("SELECT expires_at FROM whatsapp_keys WHERE key_type = 'session'")
    assert expiry == way.clock.now + dt.timedelta(days=3)


def test_a_key_that_is_written_again_is_the_same_row(way):
    """Value, change and end of life are new; the moment of its creation stays."""
    session = way.open()
    way.done(session.set({"session": {"1": "old"}}))
    row = "SELECT value, created_at, updated_at, expires_at FROM whatsapp_keys"
    value, created, changed, expires = way.sql.execute(row).fetchone()
    assert (value, changed) == ("old", way.clock.now)
    way.clock.move(days=1)
    way.done(session.set({"session": {"1": "new"}}))
    found = way.sql.execute(row).fetchone()
    assert found[:2] == ("new", created)
    # The tables' trigger has the last word on a change: the server's moment.
    assert found[2] > changed
    assert found[3] == expires + dt.timedelta(days=1)


@pytest.mark.parametrize("name", ["repositories", "client"])
def test_getting_many_keys_is_one_statement(make_way, name):
    """300 keys are asked for at once, and what is not due to live on is not written."""
    way, told = make_way(name), []
    with ExitStack() as after:
        dsn = way.database.dsn
        if way.has_transactions:
            reached = after.enter_context(changeover.connect(dsn, observer=told.append, slow_ms=-1))
        else:
            near = changeover.http_client(dsn, keys=KEYS, event_hooks={"request": [told.append]})
            reached = create_client(URL, KEY, ClientOptions(httpx_client=after.enter_context(near)))
        values = {str(number): number for number in range(300)}
        session = way.open(reached=reached)
        session.set({"pre-key": values})
        told.clear()
        assert session.get("pre-key", values) == values
    assert [one.method for one in told] == ["GET"]


def test_a_set_is_batches_and_not_single_inserts(way):
    """250 keys: three statements in one transaction on PostgreSQL, one request over the client."""
    session = way.open()
    count(way)
    gone = {"pre-key": {"gone": None}}
    way.done(session.set({"session": {str(n): n for n in range(250)}} | gone))
    events, transactions = counted(way)
    assert events.count("DELETE") == 1
    assert events.count("INSERT") == (3 if way.has_transactions else 1)
    assert transactions == (1 if way.has_transactions else 2)


def test_a_broken_set_has_changed_nothing_or_may_be_repeated(way):
    """A refused value undoes the deletes beside it; over the client none has been made yet."""
    session = way.open()
    way.done(session.set({"pre-key": {"1": "one"}, "session": {"s": "old"}}))
    before = way.keys()
    refuse(way, "INSERT", when="NEW.key_id = 'z150'")
    data = {"pre-key": {"1": None}, "session": {"s": "new"}}
    data["session"] |= {f"z{n:03d}": n for n in range(200)}
    with pytest.raises(RejectedValueError):
        way.done(session.set(data))
    assert way.keys() == before
    forgive(way)
    refuse(way, "DELETE")
    with pytest.raises(RejectedValueError):
        way.done(session.set(data))
    forgive(way)
    way.done(session.set(data))
    assert way.keys() == {("session", key): value for key, value in data["session"].items()}


def test_what_cannot_be_stored_is_refused_before_anything_is_written(way):
    """A value that JSON has not, an id that PostgreSQL has not."""
    session = way.open()
    for value in (float("nan"), object()):
        with pytest.raises(MalformedValueError):
            way.done(session.set({"session": {"good": 1, "bad": value}}))
    for key_id in ("", "a\0b", "\ud800", 5):
        with pytest.raises(InvalidArgumentError):
            way.done(session.set({"session": {"good": 1, key_id: 1}}))
        with pytest.raises(InvalidArgumentError):
            way.done(session.get("session", [key_id]))
    assert way.keys() == {}


def test_credentials_are_saved_as_they_are_now(way):
    """What was changed in place is written; cloned through plain JSON it is bytes again."""
    session = way.open()
    cloned = {"type": "Buffer", "data": list(DATA)}
    session.creds |= {"noiseKey": {"private": DATA}, "cloned": [cloned], "n": 2}
    way.done(session.save_creds())
    assert way.ask("SELECT creds FROM whatsapp_auth") == {
        "n": 2,
        "noiseKey": {"private": FORM},
        "cloned": [FORM],
    }
    again = way.open()
    assert again.creds == {"n": 2, "noiseKey": {"private": DATA}, "cloned": [DATA]}


def test_credentials_that_cannot_be_saved_are_an_error(way):
    """Nothing is skipped in silence."""
    session = way.open()
    refuse(way, "INSERT OR UPDATE", table="auth")
    with pytest.raises(RejectedValueError):
        way.done(session.save_creds())


def test_a_session_is_created_only_if_the_database_says_that_there_is_none(way):
    """Those that are there are read; without a maker nothing is made."""
    store, made = way.store(), []
    with pytest.raises(NoSessionError):
        way.done(store.open("42"))
    way.done(store.open("42", lambda: made.append(1) or {"of": "42"}))
    session = way.done(store.open("42", lambda: made.append(2) or {"of": "other"}))
    assert (session.creds, made) == ({"of": "42"}, [1])


def test_removing_takes_credentials_and_keys_of_one_session(way):
    """Both or neither on PostgreSQL; other sessions stay."""
    for name in ("42", "421", "4_"):
        way.done(way.open(name).set({"session": {"1": name}}))
    refuse(way, "DELETE", table="auth")
    with pytest.raises(RejectedValueError):
        way.done(way.store().remove("42"))
    left = way.ask("SELECT count(*) FROM whatsapp_keys WHERE company_id = '42'")
    assert left == (1 if way.has_transactions else 0)
    forgive(way)
    way.done(way.store().remove("42"))
    for table in ("auth", "keys"):
        names = f"SELECT array_agg(company_id ORDER BY 1) FROM whatsapp_{table}"
        assert way.ask(names) == ["421", "4_"]


def test_a_read_only_store_writes_nothing(way):
    """It reads what is there; a call that would write is refused."""
    way.done(way.open().set({"session": {"1": "a"}}))
    settings = Settings(is_read_only=True)
    session = way.done(way.store(settings=settings).open("42"))
    assert way.done(session.get("session", ["1"])) == {"1": "a"}
    store = way.store(settings=settings)
    for act in (
        lambda: session.set({"session": {"1": "b"}}),
        session.save_creds,
        lambda: store.remove("42"),
        store.cleanup,
        lambda: store.open("43", dict),
    ):
        with pytest.raises(InvalidArgumentError):
            way.done(act())
    assert way.keys() == {("session", "1"): "a"}


def test_the_public_face_names_what_the_store_raises():
    """A caller needs no name of the inside of the house."""
    for name in ("CannotConnectError", "WritesPausedError", "TransactionConflictError"):
        assert issubclass(getattr(changeover, name), changeover.ChangeoverError)
