"""Shadow reads: what an offer costs its caller when the other side hangs."""

import socket
import threading

import pytest

from changeover.engine.message import Message, Reply
from changeover.model.routing_observation import ShadowDropped
from changeover.model.secret import Secret
from changeover.model.side import Side, Stage
from changeover.routing.rule import State
from changeover.routing.shadow import UNPARSED, Shadow, ShadowSettings
from changeover.stores.counter import StoreSettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import PostgresStore
from changeover.stores.supabase import SupabaseStore

MESSAGE = Message(method="GET", path="/film")
REPLY = Reply(status=200, body=b"[]")
DOWN = State(stage=Stage.RAMP_DOWN, primary=Side.TARGET, shadow_percent=100)


class Told:
    """A link that remembers what it was told."""

    shadow_key = b"k" * 32

    def __init__(self, *, is_reached=True):
        """Begin with nothing."""
        self.is_reached = is_reached
        self.counts = []

    def confirm(self, _timeout_s):
        """Say that the mirror is away."""
        return False

    def report_shadow(self, counts, _mismatches):
        """Remember counts, if the control tables can be reached."""
        if self.is_reached:
            self.counts.append(counts)
        return self.is_reached


@pytest.fixture
def hung():
    """The URL of a server that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=50) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.fixture
def make_shadow(hung):
    """A function that returns shadow reads whose source hangs and whose target is never asked."""
    made = []

    def make(link, observer=lambda _: None, **settings):
        target = PostgresStore(
            StoreSettings(pool=PoolSettings(dsn=Secret("host=127.0.0.1 port=1")))
        )
        shadow = Shadow(SupabaseStore(hung), target, link, ShadowSettings(**settings), observer)
        made.append(shadow)
        return shadow

    yield make
    for shadow in made:
        shadow.close()


def test_a_side_that_hangs_costs_dropped_reads_and_no_caller(make_shadow):
    """With the queue full, reads are dropped and counted; who offers them goes on."""
    link, observed = Told(), []
    shadow = make_shadow(link, observed.append, queue_max=3)
    for _ in range(20):
        shadow.offer(MESSAGE, REPLY, Side.TARGET, DOWN)
    # One may be under way, three wait; the rest is dropped.
    assert not shadow.wait(0)
    (counts,) = link.counts
    assert counts[UNPARSED]["dropped"] in (16, 17)
    assert ShadowDropped(count=counts[UNPARSED]["dropped"]) in observed


@pytest.mark.parametrize(
    "state",
    [
        State(stage=Stage.SHADOW, shadow_percent=0),
        State(stage=Stage.OFF, shadow_percent=100),
        State(stage=Stage.DUAL_WRITE, shadow_percent=100),
        State(stage=Stage.COMPLETE, primary=Side.TARGET, shadow_percent=100),
    ],
)
def test_what_is_not_sampled_starts_nothing(make_shadow, state):
    """Without a sample, or in a stage without a comparison, not even a thread is started."""
    shadow = make_shadow(Told())
    before = threading.active_count()
    shadow.offer(MESSAGE, REPLY, Side.SOURCE, state)
    assert (shadow.depth, threading.active_count()) == (0, before)


def test_counts_that_cannot_be_told_are_kept(make_shadow):
    """While the control tables are away, counts are kept and told later, once."""
    link = Told(is_reached=False)
    shadow = make_shadow(link, queue_max=1)
    for _ in range(5):
        shadow.offer(MESSAGE, REPLY, Side.TARGET, DOWN)
    assert not shadow.wait(0)
    link.is_reached = True
    shadow.wait(0)
    shadow.wait(0)
    (counts,) = link.counts
    assert counts[UNPARSED]["dropped"] in (3, 4)


def test_a_child_starts_anew(make_shadow):
    """In a forked child nothing waits that was the parent's."""
    shadow = make_shadow(Told())
    shadow.offer(MESSAGE, REPLY, Side.TARGET, DOWN)
    shadow.begin_anew()
    assert shadow.depth == 0


def test_after_the_end_nothing_is_taken(make_shadow):
    """An offer after `close` is dropped without a word, and starts nothing."""
    shadow = make_shadow(Told())
    shadow.close()
    before = threading.active_count()
    shadow.offer(MESSAGE, REPLY, Side.TARGET, DOWN)
    assert threading.active_count() == before
    shadow.close()
