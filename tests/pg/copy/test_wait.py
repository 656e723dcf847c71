"""The copy waits while something speaks against it, says why, and goes on by itself."""

import threading
import time
from dataclasses import replace

import pytest

from changeover.model.errors import ConfigurationError
from changeover.model.observation import CopyProgressed, CopyThrottled
from changeover.transfer.copy import copy
from changeover.transfer.knob import turn_knob
from changeover.transfer.throttle import Throttle

ITEMS = "CREATE TABLE items (id integer PRIMARY KEY, v text)"
FILL = "INSERT INTO items SELECT g, 'v' FROM generate_series(1, 1000) g"
WAIT_S_MAX = 20.0


class Watched:
    """A copy in a thread and what it has said."""

    def __init__(self, move, threads):
        """Start it."""
        self.seen = []
        self.report = None
        self._threads = threads
        self._move = replace(move, observer=self.seen.append)
        self.thread = threading.Thread(target=self._run)
        self.thread.start()

    def _run(self):
        self.report = copy(self._move, executor=self._threads)

    def wait_for(self, kind, text=""):
        """Wait until something of a kind was said."""
        end = time.monotonic() + WAIT_S_MAX
        while not any(isinstance(one, kind) and text in str(one) for one in tuple(self.seen)):
            assert time.monotonic() < end, f"not said in time: {self.seen}"
            assert self.thread.is_alive()
            threading.Event().wait(0.02)


@pytest.fixture
def watched():
    """A function that starts a copy; it is waited for after the test."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415

    with ThreadPoolExecutor(2) as threads:
        yield lambda move: Watched(move, threads)


REASONS = {
    "paused": ("paused", "on", "paused by an operator"),
    "no workers": ("workers", "0", "paused by an operator"),
    "latency": ("source_latency_ms_max", "0", "source latency is"),
    "connections": ("source_connections_percent_max", "0", "of the source's connections are used"),
    "log": ("lag_keys_max", "3", "more than 3 keys wait"),
    "disk": ("disk_free_percent_min", "101", "of the disk is free"),
}


@pytest.mark.parametrize("name", REASONS)
def test_any_one_factor_is_enough(pair, prepared, watched, tmp_path, name):
    """A knob that is turned while it runs stops the copy with its reason, and lets it go again."""
    knob, value, reason = REASONS[name]
    move = prepared(pair, ITEMS, fill=[FILL])
    with pair.source.connect() as source:
        source.execute("UPDATE items SET v = 'w' WHERE id < 9")
    turn_knob(move, "disk_path", str(tmp_path))
    turn_knob(move, knob, value)
    running = watched(move)
    running.wait_for(CopyThrottled, reason)
    assert not any(isinstance(one, CopyProgressed) for one in running.seen)
    turn_knob(move, knob, None)
    running.thread.join(WAIT_S_MAX)
    assert running.report.rows == 1000


def test_a_factor_that_cannot_be_read_is_a_reason(pair, prepared, watched, tmp_path):
    """A disk that is not there and a probe without its right make the copy wait, by name."""
    move = prepared(pair, ITEMS, fill=[FILL])
    turn_knob(move, "disk_path", str(tmp_path / "away"))
    running = watched(move)
    running.wait_for(CopyThrottled, "disk: unreadable: No such file")
    turn_knob(move, "disk_path", None)
    running.thread.join(WAIT_S_MAX)
    assert running.report.rows == 1000


def test_an_unreadable_probe_of_the_source_is_a_reason(pair, prepared):
    """A change log that may not be read is not a short one."""
    move = prepared(pair, ITEMS, fill=[FILL])
    turn_knob(move, "lag_keys_max", "5")
    with pair.source.connect() as source:
        role = source.execute("SELECT mirror_role FROM changeover.side").fetchone()[0]
        source.execute(f"REVOKE SELECT ON changeover.change FROM {role}")
    with Throttle(move) as throttle:
        reason = throttle.reason()
    assert reason.startswith("log depth: unreadable: source: permission denied")


def test_the_probe_of_the_source_is_a_commit(pair, prepared, one):
    """A read is fast on a source whose commits wait for a disk that the copy has taken."""
    move = prepared(pair, ITEMS, fill=[FILL])
    flushes = "SELECT flushes FROM changeover.side"
    before = one(pair.source, flushes)
    with Throttle(move) as throttle:
        assert throttle.reason() is None
    assert one(pair.source, flushes) == before + 1


def test_a_knob_that_cannot_be_understood_is_a_reason(pair, prepared):
    """A mistyped row of the table stops the copy by name instead of being passed over."""
    move = prepared(pair, ITEMS, fill=[FILL])
    with pair.target.connect() as target:
        target.execute("INSERT INTO changeover.knob VALUES ('copy.pased', 'on')")
    with Throttle(move) as throttle:
        assert throttle.reason() == "knobs: unreadable: 'copy.pased' is not a knob of the copy"


def test_a_knob_is_checked_before_it_is_turned(pair, prepared, one):
    """A value that can't be read is refused, and nothing is written."""
    move = prepared(pair, ITEMS)
    for name, value in (("pased", "on"), ("paused", "maybe"), ("workers", "-1")):
        with pytest.raises(ConfigurationError):
            turn_knob(move, name, value)
    assert one(pair.target, "SELECT count(*) FROM changeover.knob") == 0


def test_a_reason_is_said_once_while_it_lasts(pair, prepared):
    """A moving figure is no new reason."""
    said = []
    move = prepared(pair, ITEMS, observer=said.append)
    turn_knob(move, "source_latency_ms_max", "0")
    said.clear()
    with Throttle(move) as throttle:
        for _ in range(3):
            throttle._read_at = float("-inf")
            assert throttle.reason().startswith("source latency")
    assert len(said) == 1
