"""A key in use never expires: it is prolonged on the primary, seldom, and by reads of its own."""

import datetime as dt

import pytest
from whatsapp_fault import count, counted, forgive, refuse

from changeover import Side, Stage, Standing
from salon.whatsapp import Authority, Settings


def expiry(way):
    """Return when the only key expires."""
    return way.ask("SELECT expires_at FROM whatsapp_keys")


def test_a_key_is_prolonged_when_less_than_half_of_its_life_is_left(way):
    """Not at half itself; then by its whole life, from now on, in a statement of its own."""
    session = way.open()
    way.done(session.set({"session": {"1": "a"}}))
    written = expiry(way)
    way.clock.move(days=3.5)
    assert way.done(session.get("session", ["1"])) == {"1": "a"}
    assert expiry(way) == written
    way.clock.move(microseconds=1)
    count(way)
    assert way.done(session.get("session", ["1"])) == {"1": "a"}
    assert expiry(way) == way.clock.now + dt.timedelta(days=7)
    assert counted(way) == (["UPDATE"], 1)


def test_it_is_prolonged_at_most_once_a_day(way):
    """A read that still sees the old moment, as of a copy that lags, asks for nothing again."""
    session = way.open()
    way.done(session.set({"session": {"1": "a", "2": "b"}}))
    way.clock.move(days=6)
    way.done(session.get("session", ["1"]))
    lagging = "UPDATE whatsapp_keys SET expires_at = %s WHERE key_id = '1'"
    way.sql.execute(lagging, (way.clock.now,))
    count(way)
    way.clock.move(hours=23)
    for _ in range(3):
        way.done(session.get("session", ["1"]))
    assert counted(way) == ([], 0)
    way.done(session.get("session", ["1", "2"]))
    assert counted(way) == (["UPDATE"], 1)
    way.clock.move(hours=1)
    way.done(session.get("session", ["1"]))
    assert counted(way) == (["UPDATE"], 1)


def test_another_process_does_not_prolong_what_is_prolonged(way):
    """The primary itself looks at what is left."""
    first, second = way.open(), way.open()
    way.done(first.set({"session": {"1": "a"}}))
    way.clock.move(days=6)
    way.done(first.get("session", ["1"]))
    prolonged = expiry(way)
    way.clock.move(hours=1)
    way.done(second.get("session", ["1"]))
    assert expiry(way) == prolonged


def test_an_expired_key_that_is_still_there_counts(way):
    """It is found and lives on; one without a moment never expires."""
    session = way.open()
    way.done(session.set({"session": {"1": "a"}}))
    way.sql.execute(
        "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value)"
        " VALUES ('42', 'session', 'forever', '1')"
    )
    way.clock.move(days=30)
    assert way.done(session.get("session", ["1", "forever"])) == {"1": "a", "forever": 1}
    assert way.done(way.store().cleanup()) == 0
    ends = "SELECT expires_at FROM whatsapp_keys WHERE key_id = 'forever'"
    assert way.ask(ends) is None


def test_a_shadow_read_prolongs_nothing(way):
    """A store that only reads leaves the moment as it is."""
    way.done(way.open().set({"session": {"1": "a"}}))
    written = expiry(way)
    way.clock.move(days=6)
    shadow = way.done(way.store(settings=Settings(is_read_only=True)).open("42"))
    assert way.done(shadow.get("session", ["1"])) == {"1": "a"}
    assert expiry(way) == written


@pytest.mark.parametrize("code", ["P0004", "57014", "40001"])
def test_a_read_needs_no_write(way, code):
    """In a swap, behind a lock, in a conflict the value comes; the next read prolongs it."""
    session = way.open()
    way.done(session.set({"session": {"1": "a"}}))
    way.clock.move(days=6)
    refuse(way, "UPDATE", code=code)
    assert way.done(session.get("session", ["1"])) == {"1": "a"}
    forgive(way)
    assert way.done(session.get("session", ["1"])) == {"1": "a"}
    assert expiry(way) == way.clock.now + dt.timedelta(days=7)


@pytest.mark.parametrize("colour", ["", " awaited"])
def test_it_is_prolonged_on_the_side_with_the_authority(make_way, colour):
    """The other side's row stays as it is."""
    source, target = make_way(f"client{colour}"), make_way(f"repositories{colour}")
    for one in (source, target):
        one.done(one.open().set({"session": {"1": "a"}}))
    written = expiry(source)
    standing = Standing(stage=Stage.RAMP_DOWN, primary=Side.TARGET, is_swapping=False)
    backends = {Side.SOURCE: source.store().backend, Side.TARGET: target.store().backend}
    source.clock.move(days=6)
    store = type(source.store()).over_sides(
        backends, Authority(lambda: standing), clock=source.clock
    )
    session = source.done(store.open("42"))
    source.done(session.get("session", ["1"]))
    assert expiry(source) == written
    assert expiry(target) == source.clock.now + dt.timedelta(days=7)
