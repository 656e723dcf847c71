"""Guard rails of a client on a live move: a fault lowers the rollout, clean reads do not."""

import random
import threading
from collections import Counter
from dataclasses import replace

import pytest
from gateway_process import wait_for
from routed import Task, obeys, read, write

from changeover.model.routing_observation import FellBack, OperationFinished, RolloutLowered
from changeover.model.side import Side, Stage

REQUESTS = 200_000
READERS = 4
WRITERS = 2
NOTES = 500
HOT = 20
"""So many notes change all the time; the others hold still."""
KEYED = {"changeover-targeting-key": "anybody"}
NOTE = read("/note", **KEYED)
QUERIES = (
    "id=eq.{}",
    "id=eq.{}&select=body",
    "id=gte.{}&order=id&limit=10",
    "id=in.({},7,11)&select=id,body",
)
ROLLOUT = "SELECT percent, killed FROM changeover.rollout"
SHADOW = "UPDATE changeover.rollout SET shadow_percent = %s"
MISMATCHES = "SELECT table_name, class, columns, times FROM changeover.shadow_mismatch"
COUNTS = (
    "SELECT coalesce(sum(equal), 0)::int, coalesce(sum(compared), 0)::int"
    " FROM changeover.shadow_count"
)


@pytest.fixture
def live(world):
    """The stage is live for everybody; nothing was compared before, and nothing is as yet.

    What `obeys` reads differs between the servers, and must not be found.
    """
    for table in ("shadow_count", "shadow_mismatch", "rollout_step"):
        world.on(Side.TARGET, f"DELETE FROM changeover.{table}")
    world.on(Side.TARGET, SHADOW, 0)
    world.set_stage("live", percent=100)
    yield
    world.on(Side.TARGET, SHADOW, 10)


def compares(world, router, percent):
    """Let a router compare so many of a hundred reads."""
    world.on(Side.TARGET, SHADOW, percent)
    wait_for(lambda: router.link.view.state.shadow_percent == percent, what="the sampling")


def lowered(world, router, message, seen):
    """Read until the rollout is lowered; return why."""

    def is_lowered():
        assert router.send(message).status == 200
        return [one for one in seen if isinstance(one, RolloutLowered) and one.is_lowered]

    (told,) = wait_for(is_lowered, what="a lower rollout")
    assert world.on(Side.TARGET, ROLLOUT) == [(0, None)]
    return told.rail


@pytest.mark.usefixtures("live")
def test_reads_that_only_the_target_refuses_lower_the_rollout(world, make_guarded, seen):
    """A right that is missing on the target: callers get the source's answer, and it steps back."""
    router = make_guarded(observer=seen.append)
    obeys(router, Stage.LIVE, percent=100)
    world.on(Side.TARGET, "REVOKE SELECT ON public.note FROM service_role")
    try:
        assert lowered(world, router, NOTE, seen) == "errors"
    finally:
        world.on(Side.TARGET, "GRANT SELECT ON public.note TO service_role")


@pytest.mark.usefixtures("live")
def test_answers_that_differ_lower_the_rollout(world, make_guarded, seen):
    """A view that shows something else on the target: found by comparing, and it steps back."""
    router = make_guarded(observer=seen.append)
    obeys(router, Stage.LIVE, percent=100)
    compares(world, router, 100)
    assert lowered(world, router, read("/answered_by", **KEYED), seen) == "mismatches"


def change(number, chance):
    """Return writes that leave the table as large as it was."""
    hot = chance.randrange(1, HOT + 1)
    new = NOTES + number
    body = replace(write(new), method="PATCH", query=f"id=eq.{hot}")
    yield replace(body, body=b'{"body":"%d"}' % chance.randrange(3))
    yield write(new)
    yield replace(write(new), method="DELETE", query=f"id=eq.{new}", body=b"")


def write_on(router, first, is_over):
    """Write until it is over; return how often."""
    chance = random.Random(first)  # noqa: S311 - a choice of rows, not a secret
    number = first
    while not is_over.is_set():
        for message in change(number, chance):
            reply = router.send(message)
            assert reply.status < 300, reply.body
        number += WRITERS
    return number - first


def read_on(router, number, count):
    """Read so often; return the answers by status."""
    chance = random.Random(number)  # noqa: S311 - a choice of rows, not a secret
    statuses = Counter()
    for _ in range(count):
        query = chance.choice(QUERIES).format(chance.randrange(1, NOTES + 1))
        statuses[router.send(replace(NOTE, query=query)).status] += 1
    return statuses


@pytest.mark.nightly
@pytest.mark.timeout(3600)
@pytest.mark.usefixtures("live")
def test_200000_clean_requests_lower_nothing(world, make_guarded, seen):
    """Writers beside them, a tenth compared: the rollout stays where it was, nothing differs."""
    world.on(
        Side.SOURCE,
        "INSERT INTO public.note SELECT n, 'note ' || n FROM generate_series(1, %s) n",
        NOTES,
    )
    told = []
    reader, writer = make_guarded(observer=seen.append), make_guarded(observer=told.append)
    wait_for(lambda: len(world.ids(Side.TARGET)) == NOTES, what="the mirror")
    for router in (reader, writer):
        obeys(router, Stage.LIVE, percent=100)
    for router in (reader, writer):
        compares(world, router, 10)
    seen.clear()
    is_over = threading.Event()
    writers = [
        Task(lambda first=first: write_on(writer, first, is_over))
        for first in range(1, 1 + WRITERS)
    ]
    try:
        readers = [
            Task(lambda number=number: read_on(reader, number, REQUESTS // READERS))
            for number in range(READERS)
        ]
        statuses = sum((one.join(limit_s=3600.0) for one in readers), Counter())
    finally:
        is_over.set()
    assert all(one.join() > 0 for one in writers)
    assert statuses == {200: REQUESTS}
    # What was lowered or differs says why; so it is looked at first.
    assert [one for one in seen + told if isinstance(one, RolloutLowered | FellBack)] == []
    assert world.on(Side.TARGET, MISMATCHES) == []
    assert world.on(Side.TARGET, ROLLOUT) == [(100, None)]
    by_target = sum(one.side is Side.TARGET for one in seen if isinstance(one, OperationFinished))
    assert by_target > REQUESTS * 0.9
    for router in (reader, writer):
        assert router.course.shadow.wait(60.0)
    ((equal, compared),) = world.on(Side.TARGET, COUNTS)
    assert equal > REQUESTS // 50, (equal, compared)
    assert world.on(Side.TARGET, MISMATCHES) == []
