"""Settling: what is lag, what moves, and what is really different."""

import json
import random

import pytest

from changeover.catalog.snapshot import ApiColumn, Relation, Snapshot
from changeover.engine.message import Message, Reply
from changeover.engine.settings import ApiSettings
from changeover.model.name import TableName
from changeover.model.routing_observation import Comparison
from changeover.model.side import Side, Stage
from changeover.routing.comparison import Reading
from changeover.routing.settling import (
    FAILURES_MAX,
    STREAK_KNOWN_MIN,
    STREAK_MIN,
    Suspect,
    settle,
)

FILM = TableName("public", "film")
RELATION = Relation(
    name=FILM,
    kind="r",
    is_insertable=True,
    is_updatable=True,
    is_deletable=True,
    columns=tuple(
        ApiColumn(name=name, type=kind, base_type=kind, is_nullable=False)
        for name, kind in (("id", "integer"), ("title", "text"))
    ),
    primary_key=("id",),
)
SNAPSHOT = Snapshot(
    version=180000, schemas=("public",), relations={FILM: RELATION}, relationships={}, routines={}
)


def reading(primary):
    """Return what comparisons are held against."""
    return Reading(snapshot=SNAPSHOT, api=ApiSettings(), primary=primary)


class World:
    """Two sides whose titles change as a test says, and a mirror.

    Attributes:
        titles: What each side shows now.
        moves: Called with the number of the question before each is answered.
    """

    def __init__(self, source, target, *, moves=None, is_carried=True):
        """Begin with a title on each side."""
        self.titles = {Side.SOURCE: source, Side.TARGET: target}
        self.moves = moves or (lambda _world, _number: None)
        self.is_carried = is_carried
        self.asked = []
        self.tokens = 0

    def ask(self, side, _message):
        """Answer with what a side shows."""
        self.moves(self, len(self.asked))
        self.asked.append(side)
        body = json.dumps([{"id": 1, "title": self.titles[side]}]).encode()
        return Reply(status=200, headers=(("Content-Type", "application/json"),), body=body)

    def confirm(self):
        """Let the mirror pass, if it runs."""
        self.tokens += 1
        return self.is_carried

    def settle(self, count=1, known=None):
        """Settle equal suspects and return what came of them."""
        message = Message(method="GET", path="/film")
        suspect = Suspect(
            message=message, table="public.film", stage=Stage.SHADOW, primary=Side.SOURCE
        )
        verdicts = settle(
            [suspect] * count, self.ask, self.confirm, reading, set() if known is None else known
        )
        return [one.comparison for one in verdicts]


def test_a_difference_that_lasts_is_one():
    """Tries in a row that find the same are believed; each has a token before the secondary."""
    world = World("a", "b")
    assert world.settle() == [Comparison.MISMATCH]
    assert world.asked == [Side.SOURCE, *[Side.TARGET, Side.SOURCE] * STREAK_MIN]
    assert world.tokens == STREAK_MIN


def test_a_secondary_that_caught_up_is_equal():
    """What was behind and is no longer, after the token, was lag."""
    assert World("a", "a").settle() == [Comparison.EQUAL]


def test_a_mirror_that_does_not_come_leaves_it_unsettled():
    """Without an answered token nothing is said, and the secondary is not even asked."""
    world = World("a", "b", is_carried=False)
    assert world.settle() == [Comparison.UNSETTLED]
    assert world.asked == [Side.SOURCE]


def test_a_primary_that_never_stands_still_leaves_it_unsettled():
    """A row that changes between every two reads is neither equal nor different."""

    def move(world, number):
        world.titles[Side.SOURCE] = f"t{number}"

    world = World("a", "b", moves=move)
    assert world.settle() == [Comparison.UNSETTLED]
    assert world.tokens == FAILURES_MAX


def test_a_value_that_left_and_came_back_is_no_difference():
    """The secondary may show what stood on the primary between two of its equal answers."""

    def move(world, number):
        # The secondary's first answer is of the moment between; later ones are of now.
        world.titles[Side.TARGET] = "between" if number == 1 else "a"

    assert World("a", "a", moves=move).settle() == [Comparison.EQUAL]


def test_two_different_values_between_are_no_difference():
    """What two tries do not find alike is not told."""

    def move(world, number):
        world.titles[Side.TARGET] = f"between {number}"

    assert World("a", "a", moves=move).settle() == [Comparison.UNSETTLED]


@pytest.mark.parametrize("late", range(2, 2 * STREAK_MIN, 2))
def test_a_primary_that_moves_before_the_end_is_not_believed(late):
    """If the primary moves before the last of the tries, they begin anew."""

    def move(world, number):
        world.titles[Side.SOURCE] = "moved" if number == late else "a"

    world = World("a", "b", moves=move)
    assert world.settle() == [Comparison.MISMATCH]
    assert world.tokens > STREAK_MIN


def test_a_row_that_cycles_all_the_time_is_never_a_difference():
    """However the reads fall into a fast cycle of few values, no difference is made of it."""
    chance = random.Random(7)  # noqa: S311 - noise, not a secret

    def move(world, _number):
        for side in Side:
            world.titles[side] = chance.choice("ab")

    found = {World("a", "a", moves=move).settle()[0] for _ in range(500)}
    assert Comparison.MISMATCH not in found


@pytest.mark.parametrize("count", [2, 5])
def test_one_token_serves_all(count):
    """Suspects are settled together, and share the token of a try."""
    world = World("a", "b")
    assert world.settle(count) == [Comparison.MISMATCH] * count
    assert world.tokens == STREAK_MIN


def test_what_was_settled_once_is_believed_sooner():
    """The same columns of the same table are believed sooner the second time."""
    known = set()
    assert World("a", "b").settle(known=known) == [Comparison.MISMATCH]
    again = World("a", "c")
    assert again.settle(known=known) == [Comparison.MISMATCH]
    assert again.tokens == STREAK_KNOWN_MIN
