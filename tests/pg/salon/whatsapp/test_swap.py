"""A real swap: what the store does before the fence, behind it, and on the new primary."""

from contextlib import ExitStack
from dataclasses import replace

import pytest
from supabase import ClientOptions, create_client
from whatsapp_clock import Clock
from whatsapp_way import KEY, KEYS, URL

import changeover
from changeover import Side, WritesPausedError
from changeover.control.move import installed_pairs
from changeover.control.swap import Kind
from changeover.journey.swap import Driver
from changeover.model.fault import Hooks
from salon.whatsapp import Authority, SessionStore, Settings

TABLES = (
    (
        "CREATE TABLE public.whatsapp_auth (company_id text PRIMARY KEY, creds jsonb NOT NULL,"
        " created_at timestamptz DEFAULT now(), updated_at timestamptz DEFAULT now())"
    ),
    (
        "CREATE TABLE public.whatsapp_keys (company_id text, key_type text, key_id text,"
        " value jsonb NOT NULL, created_at timestamptz DEFAULT now(),"
        " updated_at timestamptz DEFAULT now(), expires_at timestamptz,"
        " PRIMARY KEY (company_id, key_type, key_id))"
    ),
)
VALUES = "SELECT key_id, value FROM public.whatsapp_keys"


@pytest.fixture
def move(pair, ready):
    """A move of the two tables."""
    return ready(pair, *TABLES)


@pytest.fixture
def store(pair, move):
    """A store over both sides that asks the control tables, and does not wait for a swap."""
    with ExitStack() as after:
        near = after.enter_context(changeover.http_client(pair.source.dsn, keys=KEYS))
        database = after.enter_context(changeover.connect(pair.target.dsn))
        client = create_client(URL, KEY, ClientOptions(httpx_client=near))
        yield SessionStore.over_sides(
            {
                Side.SOURCE: SessionStore.over_client(client).backend,
                Side.TARGET: SessionStore.over_repositories(database).backend,
            },
            Authority(lambda: changeover.read_stage(pair.target.dsn), poll_s=0),
            settings=Settings(swap_wait_s_max=0.0),
            clock=Clock(),
        )


def swap(move, kind, reached):
    """Swap without asking gates; `reached` is called at each point."""
    seen = replace(move, hooks=Hooks(reached=reached))
    with move.connect_owner(Side.TARGET, "test") as target:
        Driver(seen, kind, target).run(installed_pairs(move))


def test_a_store_goes_with_the_authority_there_and_back(pair, move, store, rows):
    """Behind the fence it reads and writes nothing; afterwards the new primary alone is written."""
    session = store.open("42", lambda: {"n": 1})
    session.set({"session": {"1": "on the source"}})
    reached = []

    def behind_the_fence(point):
        if point == "swap.fenced":
            reached.append(point)
            with pytest.raises(WritesPausedError):
                session.set({"session": {"1": "in between"}})
            assert list(session.get("session", ["1"])) == ["1"]

    swap(move, Kind.CUTOVER, behind_the_fence)
    session.set({"session": {"1": "on the target"}})
    assert rows(pair.source, VALUES) == [("1", "on the source")]
    assert rows(pair.target, VALUES) == [("1", "on the target")]

    swap(move, Kind.ROLLBACK, behind_the_fence)
    session.set({"session": {"1": "on the source again"}})
    assert rows(pair.source, VALUES) == [("1", "on the source again")]
    assert rows(pair.target, VALUES) == [("1", "on the target")]
    assert len(reached) == 2


def test_cleanup_goes_with_the_authority(pair, move, store, rows):
    """What expires after the swap is deleted on the new primary; the old one is not touched."""
    store.open("42", dict).set({"session": {str(n): n for n in range(3)}})
    swap(move, Kind.CUTOVER, lambda _: None)
    store.setup.clock.move(days=8)
    assert store.tend().deleted == 3
    assert rows(pair.target, VALUES) == []
    assert len(rows(pair.source, VALUES)) == 3
