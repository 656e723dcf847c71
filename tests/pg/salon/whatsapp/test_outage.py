"""An outage, a swap, two openers at once: what is raised, what is repeated, what is never empty."""

import asyncio
import threading
import time

import httpx
import pytest
from supabase import ClientOptions, create_client
from whatsapp_fault import count, counted, forgive, outage, refuse, refuse_tries
from whatsapp_way import KEY, KEYS, NAMES, URL

import changeover
from changeover import (
    CannotConnectError,
    NotAllowedError,
    NotInSchemaError,
    Side,
    Stage,
    Standing,
    TransactionConflictError,
    WritesPausedError,
)
from salon.whatsapp import Authority, SessionStore, Settings
from salon.whatsapp.driver import Backend


def test_an_outage_is_never_no_keys_and_no_session(way):
    """Get raises, and open makes nothing new; afterwards everything is there."""
    session, made = way.open(), []
    way.done(session.set({"session": {"1": "living"}}))
    with outage(way):
        with pytest.raises(CannotConnectError):
            way.done(session.get("session", ["1"]))
        with pytest.raises(CannotConnectError):
            way.done(way.store().open("42", lambda: made.append(1)))
        with pytest.raises(CannotConnectError):
            way.done(session.save_creds())
    assert made == []
    assert way.done(session.get("session", ["1"])) == {"1": "living"}


def test_an_api_that_is_not_there_is_no_empty_answer(make_way):
    """A refused connection is the same error as a database that is away."""
    way = make_way("client")
    with httpx.Client(trust_env=False) as http:
        dead = create_client("http://127.0.0.1:1", KEY, ClientOptions(httpx_client=http))
        with pytest.raises(CannotConnectError):
            way.store(dead).open("42", dict)


def test_an_answer_that_is_cut_short_is_an_error(make_way):
    """A cap on rows must not turn keys that are there into keys that are not."""
    way = make_way("client")
    way.open().set({"session": {str(n): n for n in range(5)}})
    api = changeover.ApiSettings(rows_max=2)
    with changeover.http_client(way.database.dsn, keys=KEYS, api=api) as near:
        capped = create_client(URL, KEY, ClientOptions(httpx_client=near))
        session = way.store(capped).open("42")
        with pytest.raises(CannotConnectError, match="2 of 5"):
            session.get("session", map(str, range(5)))


def test_a_key_that_is_refused_and_a_table_that_is_missing_are_raised(make_way):
    """Neither is an outage, and neither is tried again."""
    way = make_way("client")
    with changeover.http_client(way.database.dsn, keys=KEYS) as near:
        stranger = create_client(URL, "sb_secret_" + "another", ClientOptions(httpx_client=near))
        with pytest.raises(NotAllowedError):
            way.store(stranger).open("42")
    way.sql.execute("ALTER TABLE whatsapp_keys RENAME COLUMN expires_at TO until")
    try:
        with pytest.raises(NotInSchemaError):
            way.open().get("session", ["1"])
    finally:
        way.sql.execute("ALTER TABLE whatsapp_keys RENAME COLUMN until TO expires_at")


@pytest.mark.parametrize("code", ["40P01", "40001", "08006", "57P01"])
def test_a_transient_fault_of_a_write_is_tried_again(way, code):
    """Two attempts that fail are not seen by the caller."""
    session = way.open()
    refuse_tries(way, "keys", code=code, tries=2)
    way.done(session.set({"session": {"1": "a"}}))
    assert way.keys() == {("session", "1"): "a"}


def test_a_fault_that_lasts_is_raised_after_the_retries(way):
    """Credentials and keys: three times again, and then it is the caller's to know."""
    session = way.open()
    for table, act in (
        ("auth", session.save_creds),
        ("keys", lambda: session.set({"session": {"1": "a"}})),
    ):
        refuse_tries(way, table, code="40P01", tries=1000)
        with pytest.raises(TransactionConflictError):
            way.done(act())
        assert way.ask("SELECT last_value FROM public.tries") == 4
        forgive(way)
    assert way.keys() == {}


FIRST = """NEW.value = '"first"'"""


@pytest.mark.parametrize("name", NAMES[1::2])
def test_tasks_write_in_their_order(make_way, name):
    """A write that has to be made again is not overtaken by the next one."""
    way = make_way(name)
    session = way.open()
    refuse_tries(way, "keys", code="P0004", tries=1, of=FIRST)

    async def write():
        await asyncio.gather(
            *(session.set({"session": {"1": value}}) for value in ("first", "second"))
        )

    way.done(write())
    assert way.keys() == {("session", "1"): "second"}


def test_threads_write_in_their_order(blocking):
    """The same where threads share a session."""
    session = blocking.open()
    refuse_tries(blocking, "keys", code="P0004", tries=1, of=FIRST)
    first = threading.Thread(target=session.set, args=({"session": {"1": "first"}},))
    first.start()
    until(lambda: blocking.ask("SELECT is_called FROM public.tries"))
    session.set({"session": {"1": "second"}})
    first.join()
    assert blocking.keys() == {("session", "1"): "second"}


def until(is_so):
    """Wait for something that happens in another thread."""
    end = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < end, "it did not happen"


def test_the_end_of_patience_is_an_error(way):
    """A swap that lasts longer than the wait raises; what was refused is not there."""
    session = way.open(settings=Settings(swap_wait_s_max=0.2))
    refuse(way, "INSERT", code="P0004")
    with pytest.raises(WritesPausedError):
        way.done(session.set({"session": {"1": "a"}}))
    assert way.keys() == {}


class Swapping:
    """Control tables of which the second look sees the other side."""

    def __init__(self):
        self.looks = 0

    def read(self):
        """Return where the move stands."""
        self.looks += 1
        primary = Side.SOURCE if self.looks == 1 else Side.TARGET
        return Standing(stage=Stage.LIVE, primary=primary, is_swapping=False)


@pytest.mark.parametrize("colour", ["", " awaited"])
def test_a_write_that_a_fence_refused_is_made_on_the_new_primary(make_way, colour):
    """It waits the swap out and is made once, on the side that has the authority then."""
    source, target = make_way(f"client{colour}"), make_way(f"repositories{colour}")
    swapping = Swapping()
    backends: dict[Side, Backend] = {
        Side.SOURCE: source.store().backend,
        Side.TARGET: target.store().backend,
    }
    store = type(source.store()).over_sides(
        backends, Authority(swapping.read, poll_s=3600), clock=source.clock
    )
    session = source.done(store.open("42", lambda: {"n": 1}))
    refuse(source, "INSERT OR UPDATE OR DELETE", code="P0004")
    count(target)
    source.done(session.set({"session": {"1": "a"}}))
    assert (source.keys(), target.keys()) == ({}, {("session", "1"): "a"})
    assert counted(target)[0].count("INSERT") == 1
    assert swapping.looks == 2
    forgive(source)


def test_two_openers_at_once_have_one_session(blocking):
    """Both have been told that there is none; both end with the same credentials."""
    barrier, found = threading.Barrier(2, timeout=30), []

    def opened(number):
        def create():
            barrier.wait()
            return {"made by": number}

        found.append(blocking.store().open("42", create).creds)

    threads = [threading.Thread(target=opened, args=(number,)) for number in (1, 2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 2
    assert found[0] == found[1] == blocking.ask("SELECT creds FROM whatsapp_auth")


@pytest.mark.parametrize("name", NAMES[1::2])
def test_two_tasks_at_once_have_one_session(make_way, name):
    """The same in a loop."""
    way, store = make_way(name), make_way(name).store()

    async def opened():
        sessions = [store.open("42", lambda number=n: {"made by": number}) for n in range(5)]
        return [one.creds for one in await asyncio.gather(*sessions)]

    found = way.done(opened())
    assert found == [way.ask("SELECT creds FROM whatsapp_auth")] * 5


def test_a_store_over_sides_needs_to_know_the_authority(make_way):
    """Nobody answers and nobody has answered: no side is guessed."""
    way = make_way("repositories")

    def away():
        raise CannotConnectError("away")

    store = SessionStore.over_sides({Side.SOURCE: way.store().backend}, Authority(away))
    with pytest.raises(CannotConnectError):
        store.open("42", dict)
    assert way.ask("SELECT count(*) FROM whatsapp_auth") == 0
