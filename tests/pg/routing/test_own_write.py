"""Nobody reads older than they wrote: threads, time-outs of the mirror, swaps, forks."""

import json
import os
import subprocess
import sys
from itertools import count

from gateway_process import JWT_SECRET, wait_for
from routed import LISTED, Task, obeys, read, side_of, write

from changeover.control.swap import Kind
from changeover.model.routing_observation import OperationFinished
from changeover.model.side import Side, Stage

KEYED = {"changeover-targeting-key": LISTED}
WRITERS = 8
WRITES = 15


def finds(router, number):
    """Return whether a read sees a note."""
    reply = router.send(
        type(read("/note"))(
            method="GET", path="/note", query=f"id=eq.{number}", headers=read("/", **KEYED).headers
        )
    )
    assert reply.status == 200, reply.body
    return json.loads(reply.body) != []


def hammer(router):
    """Write and read at once from many callers; return the notes that were not found."""
    numbers = count(1)

    def work():
        lost = []
        for _ in range(WRITES):
            number = next(numbers)
            assert router.send(write(number)).status == 201
            if not finds(router, number):
                lost.append(number)
        return lost

    tasks = [Task(work) for _ in range(WRITERS)]
    return [number for task in tasks for number in task.join()]


def test_many_callers_find_what_they_wrote(world, make_router, seen):
    """Each write is found by the read after it; both sides answer some of the reads."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(observer=seen.append)
    obeys(router, Stage.LIVE)
    assert hammer(router) == []
    sides = {one.side for one in seen if isinstance(one, OperationFinished) and one.reason}
    assert Side.TARGET in sides


def test_many_callers_find_what_they_wrote_though_nobody_waited(world, make_router):
    """The same where every wait for the mirror ends too early: marks keep reads at the source."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(mirror_wait_ms_max=1)
    obeys(router, Stage.LIVE)
    assert hammer(router) == []


def test_a_mark_outlives_a_cutover_and_a_rollback(world, make_router):
    """Tokens of the old epoch are thrown away; a new one clears the mark, and the row is found."""
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router = make_router(mirror_wait_ms_max=1)
    obeys(router, Stage.LIVE)
    world.stop_mirror()
    assert router.send(write(1)).status == 201
    link = router.link
    old = set(wait_for(lambda: link._tokens.waiting, what="a token"))
    world.swap(Kind.CUTOVER)
    wait_for(lambda: link.view.primary is Side.TARGET, what="the cutover")
    new = wait_for(lambda: link._tokens.waiting or link.own.is_clean, what="another token")
    assert new is True or not old & set(new)
    assert finds(router, 1)
    world.swap(Kind.ROLLBACK)
    world.set_stage(Stage.LIVE, members=(LISTED,))
    world.run_mirror()
    obeys(router, Stage.LIVE)
    assert finds(router, 1)
    assert side_of(router.send(read("/answered_by", **KEYED))) == "target"


def test_a_write_in_off_is_found_when_live_comes(world, make_router):
    """What was written before anybody waited is waited for when the stage begins to read there."""
    router = make_router(poll_ms=600_000)
    obeys(router, Stage.OFF)
    world.stop_mirror()
    assert router.send(write(1)).status == 201
    world.set_stage(Stage.LIVE, members=(LISTED,))
    router.link.poll_soon()
    wait_for(lambda: router.link.view.state.stage is Stage.LIVE, what="live")
    assert not router.link.own.is_clean
    assert finds(router, 1)


CHILD = """
import os, sys
import changeover
dsn, url, secret = sys.argv[1:]
http = changeover.http_client(
    dsn, jwt_secret=secret, route=changeover.Route(source_url=url, poll_ms=50)
)
key = os.environ["KEY"]
def ask():
    headers = {"authorization": f"Bearer {key}", "apikey": key}
    answer = http.get(f"{url}/rest/v1/answered_by", headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()[0]["side"]
first = ask()
number = os.fork()
if number == 0:
    print(ask(), flush=True)
    os._exit(0)
os.waitpid(number, 0)
print(first, flush=True)
"""


def test_a_client_serves_in_a_forked_child_and_a_forgotten_one_ends(world):
    """Parent and child both ask the target for the stage, and nobody has to close anything."""
    world.set_stage(Stage.LIVE)
    world.swap(Kind.CUTOVER)
    key = dict(read("/").headers)["authorization"].removeprefix("Bearer ")
    run = subprocess.run(
        [sys.executable, "-c", CHILD, world.target_dsn, world.url, JWT_SECRET],
        env={**os.environ, "KEY": key},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (run.stdout.split(), run.returncode) == (["target", "target"], 0), run.stderr
