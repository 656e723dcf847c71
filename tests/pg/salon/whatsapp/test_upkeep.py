"""Cleanup and health: under the authority in force, counted in the right table, never guessed."""

import datetime as dt

import pytest
from whatsapp_clock import BEGIN
from whatsapp_fault import outage
from whatsapp_way import NAMES

from changeover import Side, Stage, Standing
from salon.whatsapp import Authority, Status
from salon.whatsapp.health import Rounds

KEYS = (
    "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value, updated_at, expires_at)"
    " SELECT '42', 'session', %s || n, '1', %s, %s FROM generate_series(1, %s) AS n"
)


def keys(way, name, many, *, updated=None, expires=None):
    """Write keys by hand; spans are days from the clock's moment."""
    moments = [
        None if days is None else way.clock.now + dt.timedelta(days=days)
        for days in (updated, expires)
    ]
    way.sql.execute(KEYS, (name, *moments, many))


def test_cleanup_deletes_what_has_expired_and_nothing_else(way):
    """A key that expires at this moment, later or never stays."""
    keys(way, "gone", 150, expires=-0.001)
    keys(way, "now", 1, expires=0)
    keys(way, "later", 2, expires=1)
    keys(way, "never", 3)
    way.sql.execute("INSERT INTO whatsapp_auth VALUES ('42', '{}')")
    assert way.done(way.store().cleanup()) == 150
    assert way.ask("SELECT count(*) FROM whatsapp_keys") == 6
    assert way.ask("SELECT count(*) FROM whatsapp_auth") == 1
    assert way.done(way.store().cleanup()) == 0


def test_health_counts_keys_and_not_sessions(way):
    """Expired keys and ages are of the table of keys, whatever the table of credentials holds."""
    way.sql.execute("INSERT INTO whatsapp_auth SELECT n, '{}' FROM generate_series(1, 600) AS n")
    for name, days in (
        ("a", 0),
        ("b", -1),
        ("c", -1.1),
        ("d", -7),
        ("e", -14),
        ("f", -15),
        ("g", -30),
        ("h", -31),
    ):
        keys(way, name, 1, updated=days)
    keys(way, "expired", 120, updated=-100, expires=-1)
    keys(way, "undated", 2)
    found = way.done(way.store().health())
    assert (found.status, found.http_status, found.expired) == (Status.WARNING, 200, 120)
    assert found.ages == (2, 2, 1, 2, 121)
    assert found.undated == 2
    by_hand = "SELECT count(*) FROM whatsapp_keys"
    assert sum(found.ages) + found.undated == way.ask(by_hand)


def test_health_finds_two_spellings(way):
    """Keys under the spelling with the prefix are counted; `_` is no wildcard."""
    way.done(way.open().set({"session": {"1": 1}}))
    assert way.done(way.store().health()).misspelled == 0
    way.sql.execute(
        "INSERT INTO whatsapp_keys (company_id, key_type, key_id, value)"
        " SELECT name, 'session', n, '1' FROM generate_series(1, 2) AS n,"
        " unnest('{company_42,Company_43,companyX44,my_company_45}'::text[]) AS name"
    )
    assert way.done(way.store().health()).misspelled == 4


def test_a_check_that_could_not_run_is_unknown(way):
    """It does not raise, it is not healthy, and it says what was wrong."""
    with outage(way):
        found = way.done(way.store().health())
    assert (found.status, found.http_status, found.expired) == (Status.UNKNOWN, 500, None)
    assert found.problem == "CannotConnectError"


def test_rounds_do_what_is_due(way):
    """Health every five minutes, cleanup every six hours, one alarm in thirty minutes."""
    store = way.store()
    keys(way, "expired", 500, expires=-1)
    first = way.done(store.tend())
    assert (first.health.status, first.is_alarm, first.deleted) == (Status.CRITICAL, True, 500)
    alarms, looks, deletions = [], [], []
    for minutes in range(1, 361):
        way.clock.move(minutes=1)
        if minutes % 5 == 1:
            keys(way, f"more {minutes} ", 100, expires=-1)
        found = way.done(store.tend()) if minutes % 5 in (0, 4) else None
        if found is not None:
            alarms += [minutes] if found.is_alarm else []
            looks += [minutes] if found.health else []
            deletions += [minutes] if found.deleted is not None else []
    assert looks == list(range(5, 361, 5))
    assert alarms == list(range(30, 361, 30))
    assert deletions == [360]
    assert way.ask("SELECT count(*) FROM whatsapp_keys") == 0


def test_a_cleanup_that_failed_stays_due(way):
    """The round reports it, and the next one tries again."""
    store = way.store()
    with outage(way):
        found = way.done(store.tend())
    assert (found.deleted, found.error is not None, found.is_alarm) == (None, True, True)
    keys(way, "expired", 1, expires=-1)
    assert way.done(store.tend()).deleted == 1
    assert store.rounds == Rounds(cleaned=BEGIN, looked=BEGIN, alarmed=BEGIN)


@pytest.mark.parametrize("colour", ["", " awaited"])
def test_cleanup_follows_the_authority(make_way, colour):
    """After a swap it deletes on the new primary, and no longer on the old database."""
    source, target = make_way(f"client{colour}"), make_way(f"repositories{colour}")
    standings = [Side.SOURCE]
    backends = {Side.SOURCE: source.store().backend, Side.TARGET: target.store().backend}

    def read():
        return Standing(stage=Stage.LIVE, primary=standings[0], is_swapping=False)

    store = type(source.store()).over_sides(backends, Authority(read, poll_s=0), clock=source.clock)
    for one in (source, target):
        keys(one, "expired", 625, expires=-1)
    assert source.done(store.tend()).deleted == 625
    left = "SELECT count(*) FROM whatsapp_keys"
    assert (source.ask(left), target.ask(left)) == (0, 625)
    standings[0] = Side.TARGET
    keys(source, "old", 7, expires=-1)
    source.clock.move(hours=6)
    assert source.done(store.tend()).deleted == 625
    assert (source.ask(left), target.ask(left)) == (7, 0)


def test_every_way_is_tried():
    """Two backends in two colours."""
    assert len(set(NAMES)) == 4
