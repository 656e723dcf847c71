"""What a swap does while writers wait: as little as can be, and nobody is in its way."""

import threading
from dataclasses import replace

import pytest

from changeover.control.move import installed_pairs
from changeover.control.swap import Kind
from changeover.journey.daemon import Daemon
from changeover.journey.swap import Driver
from changeover.model.errors import CaptureBrokenError
from changeover.model.fault import Hooks
from changeover.model.side import Side

TABLE = "CREATE TABLE public.note (id bigint PRIMARY KEY, text text)"


@pytest.fixture
def move(pair, ready):
    """A move of one table with a row that no mirror has carried yet."""
    made = ready(pair, TABLE)
    with pair.source.connect() as source:
        source.execute("INSERT INTO public.note VALUES (1, 'n')")
    return made


def swap(move, reached=lambda _: None):
    """Cut over without asking gates; every point that is reached is told."""
    hooked = replace(move, hooks=Hooks(reached=reached))
    with hooked.connect_owner(Side.TARGET, "test") as target:
        Driver(hooked, Kind.CUTOVER, target).run(installed_pairs(hooked))


def test_one_round_drains_a_log_that_it_empties(pair, move):
    """The log itself is asked whether it is empty, not a second round."""
    seen = []

    def reached(point):
        seen.append(point)
        if point == "swap.before_request":
            with pair.source.connect() as source:
                source.execute("INSERT INTO public.note VALUES (2, 'n')")

    swap(move, reached)
    under_fence = seen[seen.index("swap.fenced") : seen.index("swap.drained")]
    assert under_fence.count("round.committed") == 1


def test_what_is_amiss_is_found_before_the_fence(pair, move, rows):
    """A trigger that is off on the target ends the swap before it was requested."""
    with pair.target.connect() as target:
        target.execute('ALTER TABLE public.note DISABLE TRIGGER "!changeover_fence"')
    with pytest.raises(CaptureBrokenError, match="target"):
        swap(move)
    assert rows(pair.target, "SELECT count(*) FROM changeover.swap") == [(0,)]
    with pair.source.connect() as source:
        source.execute("INSERT INTO public.note VALUES (2, 'n')")


def test_the_decision_waits_for_the_disk(move):
    """What can't be repeated is on disk before anybody is told; what can be is not waited for."""
    found = {}
    with move.connect_owner(Side.TARGET, "test") as target:

        def reached(point):
            if point == "swap.inside_decision":
                found[point] = target.execute("SHOW synchronous_commit").fetchone()[0]

        hooked = replace(move, hooks=Hooks(reached=reached))
        Driver(hooked, Kind.CUTOVER, target).run(installed_pairs(hooked))
    assert found == {"swap.inside_decision": "on"}


def test_the_daemon_leaves_the_draining_to_a_living_owner(pair, move, rows):
    """It runs no round under the fence of a swap whose owner is alive, and one when it is not."""
    is_fenced, may_go_on = threading.Event(), threading.Event()

    def reached(point):
        if point == "swap.before_request":
            with pair.source.connect() as source:
                source.execute("INSERT INTO public.note VALUES (2, 'n')")
        if point == "swap.fenced":
            is_fenced.set()
            assert may_go_on.wait(30)

    thread = threading.Thread(target=swap, args=(move, reached))
    thread.start()
    daemon = Daemon(move)
    try:
        assert is_fenced.wait(30)
        assert daemon.step() is False
        assert rows(pair.target, "SELECT id FROM note ORDER BY id") == [(1,)]
        with pair.target.connect() as target:
            target.execute("UPDATE changeover.swap SET lease_until = now() - interval '1 s'")
        assert daemon.step() is True
        assert rows(pair.target, "SELECT id FROM note ORDER BY id") == [(1,), (2,)]
    finally:
        may_go_on.set()
        thread.join(30)
        daemon.close()
