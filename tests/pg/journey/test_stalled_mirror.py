"""A mirror that stalled in a round: its successor goes on, and nothing stale is ever applied."""

from dataclasses import replace

import pytest

from changeover.control.move import installed_pairs
from changeover.control.swap import Kind
from changeover.journey.swap import Driver
from changeover.model.errors import ChangeoverError, MirrorHeldError, StaleEpochError
from changeover.model.fault import Hooks
from changeover.model.settings import MirrorSettings
from changeover.model.side import Direction, Side
from changeover.transfer import book
from changeover.transfer.mirror import Mirror
from changeover.transfer.round_session import Authority

ITEMS = "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)"
POINTS = (
    "round.locked",
    "round.before_snapshot",
    "round.taken",
    "round.staged",
    "round.merged",
    "round.before_secondary_commit",
    "round.between_commits",
)
NOTES = "SELECT id, note FROM items ORDER BY id"


@pytest.fixture
def move(pair, ready):
    """A move whose mirrors wait no longer than 200 ms for a lock."""
    return ready(pair, ITEMS, mirror=MirrorSettings(lock_timeout_ms=200))


@pytest.fixture
def stalled(pair, move, mirror_of, make_stop, in_thread):
    """A function that lets a mirror stall at a point, after it has seen the row `old`."""

    def stall(point):
        with pair.source.connect() as source:
            source.execute("INSERT INTO items VALUES (1, 'old')")
        stop = make_stop(point=point)
        mirror = mirror_of(replace(move, hooks=Hooks(reached=stop)))
        task = in_thread(mirror.round)
        assert stop.is_reached.wait(20), task.error
        return stop, task

    return stall


def take_over(mirror, until):
    """Run a round of a successor as soon as its predecessor is out of the way."""

    def try_round():
        try:
            return mirror.round()
        except MirrorHeldError:
            return None

    return until(try_round, "the successor runs its round")


def balance(move, direction):
    """Return how the books of a direction stand."""
    with (
        move.connect_owner(direction.primary, "test") as primary,
        move.connect_owner(direction.secondary, "test") as secondary,
    ):
        return book.balance(primary, secondary, direction)


@pytest.mark.parametrize("point", POINTS)
def test_a_successor_goes_on_and_the_stalled_one_applies_nothing(
    *, pair, move, mirror_of, stalled, until, rows, point
):
    """Woken after its successor has carried a newer row, the stalled round fails."""
    stop, task = stalled(point)
    with pair.source.connect() as source:
        source.execute("UPDATE items SET note = 'new'")
    successor = mirror_of(move)
    take_over(successor, until)
    assert rows(pair.target, NOTES) == [(1, "new")]
    stop.may_go.set()
    assert task.join().error is not None
    assert rows(pair.target, NOTES) == [(1, "new")]
    with pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (2, 'after')")
    successor.round()
    assert rows(pair.target, NOTES) == [(1, "new"), (2, "after")]
    assert balance(move, Direction.FORWARD).is_balanced


@pytest.mark.parametrize("point", ["round.locked", "round.merged", "round.between_commits"])
def test_a_mirror_that_stalled_past_a_swap_applies_nothing(
    *, pair, move, stalled, until, rows, point
):
    """The swap ends the stalled round first; woken, it can't undo what the new primary wrote."""
    stop, task = stalled(point)

    def cut_over():
        with move.connect_owner(Side.TARGET, "test") as target:
            try:
                return Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))
            except MirrorHeldError:
                return None

    until(cut_over, "the swap got past the stalled mirror")
    with pair.target.connect() as target:
        assert target.execute("SELECT note FROM items").fetchall() == [("old",)]
        target.execute("UPDATE items SET note = 'newest'")
    stop.may_go.set()
    assert task.join().error is not None
    assert rows(pair.target, NOTES) == [(1, "newest")]
    assert rows(pair.source, NOTES) == [(1, "old")]


def test_two_mirrors_at_once_carry_every_key_once(pair, move, mirror_of, in_thread, rows):
    """Rounds of two mirrors take turns: the books balance, and no key is carried twice."""
    one, two = mirror_of(move), mirror_of(move)
    carried = []

    def run(mirror):
        for _ in range(15):
            try:
                carried.append(mirror.round().keys)
            except MirrorHeldError:
                carried.append(0)

    tasks = [in_thread(lambda mirror=mirror: run(mirror)) for mirror in (one, two)]
    with pair.source.connect() as source:
        for number in range(60):
            source.execute("INSERT INTO items VALUES (%s, 'x')", (number,))
    for task in tasks:
        assert task.join().error is None
    carried.append(one.round().keys)
    assert sum(carried) == 60
    assert rows(pair.target, NOTES) == rows(pair.source, NOTES)
    assert balance(move, Direction.FORWARD).is_balanced


@pytest.mark.parametrize("side", list(Side), ids=str)
def test_a_side_in_another_epoch_refuses_the_round(pair, move, mirror_of, rows, side):
    """Either side's epoch alone stops a mirror; nothing is applied and the log keeps the key."""
    mirror = mirror_of(move)
    with pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (1, 'old')")
    table = "control" if side is Side.TARGET else "side"
    with move.connect_owner(side, "test") as session:
        session.execute(f"UPDATE changeover.{table} SET epoch = epoch + 1")
    with pytest.raises(StaleEpochError, match=str(side)):
        mirror.round()
    assert rows(pair.target, NOTES) == []
    assert rows(pair.source, "SELECT count(*) FROM changeover.change") == [(1,)]


def test_a_mirror_in_the_wrong_direction_is_refused(move):
    """A reverse mirror of the right epoch does not run while the source is primary."""
    mirror = Mirror(move, Authority(direction=Direction.REVERSE, epoch=1), installed_pairs(move))
    with pytest.raises(StaleEpochError):
        mirror.round()
    mirror.close()


def test_no_round_runs_before_the_new_secondary_is_at_rest(
    *, pair, ready, mirror_of, make_stop, in_thread, rows
):
    """After a rollback's decision the target's own triggers must not act on what is mirrored."""
    move = ready(
        pair,
        "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)",
        "CREATE FUNCTION public.loud() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.note := NEW.note || chr(33); RETURN NEW; END'",
        "CREATE TRIGGER loud BEFORE INSERT ON public.items FOR EACH ROW"
        " EXECUTE FUNCTION public.loud()",
        "ALTER TABLE public.items ENABLE ALWAYS TRIGGER loud",
    )
    stop = make_stop(point="swap.before_other_at_rest")

    def swap(kind, hooks):
        with move.connect_owner(Side.TARGET, "test") as target:
            Driver(replace(move, hooks=hooks), kind, target).run(installed_pairs(move))

    swap(Kind.CUTOVER, Hooks())
    task = in_thread(lambda: swap(Kind.ROLLBACK, Hooks(reached=stop)))
    assert stop.is_reached.wait(20), task.error
    with pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (1, 'once')")
    mirror = mirror_of(move)
    with pytest.raises(ChangeoverError):
        mirror.round()
    assert rows(pair.target, NOTES) == []
    stop.may_go.set()
    assert task.join().error is None
    mirror.round()
    assert rows(pair.target, NOTES) == rows(pair.source, NOTES) == [(1, "once!")]
