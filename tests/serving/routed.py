"""A live move for routers: the source behind a gateway that plays Supabase, the mirror running.

A view tells which server runs it, so that every read says who has answered it.
"""

import asyncio
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from typing import Any

from gateway_process import token, wait_for

import changeover
from changeover.control.move import Move, installed_pairs
from changeover.control.swap import Kind
from changeover.engine.message import Message, Reply
from changeover.journey.daemon import Daemon
from changeover.journey.swap import Driver
from changeover.model.fault import Hooks
from changeover.model.side import Side, Stage
from changeover.routing.router import AsyncRouter

KEY = {"authorization": f"Bearer {token('service_role')}"}
TABLES = (
    "CREATE TABLE public.note (id bigint PRIMARY KEY, body text NOT NULL DEFAULT '')",
    # The servers tell themselves apart: no row of a moved table does.
    (
        "CREATE VIEW public.answered_by AS SELECT CASE WHEN"
        " pg_catalog.current_setting('server_version_num')::integer < 170000"
        " THEN 'source' ELSE 'target' END AS side"
    ),
    (
        "CREATE FUNCTION public.who() RETURNS SETOF public.answered_by LANGUAGE sql STABLE AS"
        " 'SELECT * FROM public.answered_by'"
    ),
    # Counts calls past every rollback, and is no part of the move.
    "CREATE SCHEMA probe",
    "CREATE SEQUENCE probe.calls",
    (
        "CREATE FUNCTION public.add_note(id bigint) RETURNS bigint LANGUAGE sql SECURITY DEFINER AS"
        " $$SELECT pg_catalog.nextval('probe.calls');"
        " INSERT INTO public.note (id) VALUES (id) RETURNING id$$"
    ),
)
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO anon, service_role",
    "GRANT ALL ON ALL TABLES IN SCHEMA public TO service_role",
    "GRANT SELECT ON ALL TABLES IN SCHEMA public TO anon",
)
ROLES = (
    "CREATE ROLE anon",
    "CREATE ROLE service_role BYPASSRLS",
    "CREATE ROLE {login} LOGIN NOINHERIT",
    "GRANT anon, service_role TO {login}",
)
OPEN_SWAP = "SELECT FROM changeover.swap WHERE finished_at IS NULL"
RESTING = (
    "UPDATE changeover.control SET stage = 'off'",
    "UPDATE changeover.rollout SET percent = 0, killed = NULL",
    "DELETE FROM changeover.rollout_member",
    "DELETE FROM changeover.client",
)
LIMIT_S = 30.0
LISTED = "a listed key"


class Task:
    """A call in a thread, its result or error kept."""

    def __init__(self, call: Callable[[], Any]) -> None:
        """Start it."""
        self.result: Any = None
        self.error: BaseException | None = None
        self._call = call
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def is_over(self) -> bool:
        """Whether it has ended."""
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            self.result = self._call()
        except BaseException as error:  # noqa: BLE001 - kept for the test to judge
            self.error = error

    def join(self, limit_s: float = LIMIT_S) -> Any:
        """Return its result, or raise its error."""
        self._thread.join(limit_s)
        assert self.is_over, "the task did not end"
        if self.error is not None:
            raise self.error
        return self.result


@dataclass(slots=True, kw_only=True)
class World:
    """A move and what runs beside it.

    Attributes:
        url: The gateway that plays Supabase.
        target_dsn: How an application reaches the target.
    """

    move: Move
    databases: dict[Side, Any]
    url: str
    target_dsn: str
    after: ExitStack
    daemon: Any = None
    _is_over: threading.Event = field(default_factory=threading.Event)

    def begin_anew(self) -> None:
        """Be as at the beginning: the source is the primary, no rows, stage `off`."""
        if self.daemon is None or self.daemon.is_over:
            self.run_mirror()
        wait_for(lambda: not self.on(Side.TARGET, OPEN_SWAP), what="the end of a swap")
        if self.on(Side.TARGET, "SELECT primary_side FROM changeover.control") == [("target",)]:
            self.swap(Kind.ROLLBACK)
        self.on(Side.SOURCE, "DELETE FROM public.note")
        wait_for(lambda: not self.ids(Side.TARGET), what="the mirror")
        for statement in RESTING:
            self.on(Side.TARGET, statement)
        for side in Side:
            self.on(side, "ALTER SEQUENCE probe.calls RESTART")

    def run_mirror(self) -> None:
        """Let the mirror run until the end, or until `stop_mirror`."""
        self._is_over = threading.Event()
        is_over = self._is_over
        self.daemon = Task(lambda: Daemon(self.move).run(is_over.is_set))

    def stop_mirror(self) -> None:
        """Stop the mirror."""
        self._is_over.set()
        if self.daemon is not None:
            self.daemon.join()
        self.daemon = None

    def on(self, side: Side, text: str, *values: Any) -> list[tuple[Any, ...]]:
        """Run a statement as the owner of a side; return its rows."""
        with self.move.connect_owner(side, "test") as connection:
            cursor = connection.execute(text, values)
            return cursor.fetchall() if cursor.description else []

    def calls(self, side: Side) -> int:
        """Return how often `add_note` was called on a side, refused or not."""
        ((count,),) = self.on(
            side, "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM probe.calls"
        )
        return count

    def ids(self, side: Side) -> list[int]:
        """Return the notes of a side."""
        return [number for (number,) in self.on(side, "SELECT id FROM public.note ORDER BY id")]

    def set_stage(self, stage: str, *, percent: int = 0, members: tuple[str, ...] = ()) -> None:
        """Put the move into a stage, without its gates."""
        self.on(Side.TARGET, "UPDATE changeover.control SET stage = %s", stage)
        self.on(Side.TARGET, "UPDATE changeover.rollout SET percent = %s", percent)
        self.on(Side.TARGET, "DELETE FROM changeover.rollout_member")
        for member in members:
            self.on(Side.TARGET, "INSERT INTO changeover.rollout_member VALUES (%s)", member)

    def swap(self, kind: Kind, **more: Any) -> None:
        """Cut over or roll back, without the gates."""
        move = replace(self.move, **more)
        with move.connect_owner(Side.TARGET, "test") as target:
            Driver(move, kind, target).run(installed_pairs(move))

    def swap_held(self, kind: Kind, point: str = "swap.fenced") -> "Held":
        """Begin a swap in a thread and hold it at a point."""
        held = Held(point)
        held.task = Task(lambda: self.swap(kind, hooks=Hooks(reached=held)))
        assert held.is_reached.wait(LIMIT_S), "the swap did not get there"
        self.after.callback(held.let_go)
        return held

    def route(self, **given: Any) -> changeover.Route:
        """Return a route whose files are the test's own."""
        return changeover.Route(**{"source_url": f"{self.url}/rest/v1", "poll_ms": 50} | given)


class Held:
    """A hook that waits at one point until it may go on."""

    def __init__(self, point: str) -> None:
        """Wait there."""
        self._point = point
        self.is_reached, self.may_go = threading.Event(), threading.Event()
        self.task: Any = None

    def __call__(self, point: str) -> None:
        """Be called at a point."""
        if point == self._point and not self.is_reached.is_set():
            self.is_reached.set()
            assert self.may_go.wait(LIMIT_S), "nobody let it go on"

    def let_go(self) -> None:
        """Let it go on, and wait for its end."""
        self.may_go.set()
        self.task.join()


def read(path: str, **headers: str) -> Message:
    """Return a read."""
    return Message(method="GET", path=path, headers=tuple({**KEY, **headers}.items()))


def write(number: int) -> Message:
    """Return a write of one note."""
    headers = {**KEY, "content-type": "application/json"}
    return Message(
        method="POST",
        path="/note",
        headers=tuple(headers.items()),
        body=b'{"id":%d}' % number,
    )


def side_of(reply: Reply) -> str:
    """Return who answered a read of `answered_by`."""
    assert reply.status == 200, reply.body
    found = [side for side in Side if f'"{side}"'.encode() in reply.body]
    assert len(found) == 1, reply.body
    return found[0]


def call(number: int) -> Message:
    """Return a write of one note by a function that counts its calls."""
    return replace(write(number), path="/rpc/add_note")


def obeys(router, stage, *, percent=None):
    """Wait until a router has seen a stage, knows that the mirror is well, and has no mark."""
    router.send(read("/answered_by"))

    def seen():
        state = router.link.view.state
        is_well = state.stage is not Stage.LIVE or (
            state.marker_age_ms is not None and not state.is_catching_up
        )
        is_well = is_well and router.link.own.is_clean
        return state.stage is stage and is_well and percent in (None, state.rollout.percent)

    wait_for(seen, what=f"the stage {stage}")


def knows(router: Any, stage: Stage) -> None:
    """Wait until a router has seen a stage."""
    router.send(read("/answered_by"))
    wait_for(lambda: router.link.view.state.stage is stage, what=f"the stage {stage}")


class LoopRouter:
    """A router of a loop that runs in a thread of its own, called like its twin."""

    def __init__(self, router: AsyncRouter) -> None:
        """Start the loop."""
        self.wrapped = router
        self.link, self.course = router.link, router.course
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def send(self, message: Message) -> Reply:
        """Answer a message."""
        return asyncio.run_coroutine_threadsafe(self.wrapped.send(message), self.loop).result(60)

    def close(self) -> None:
        """Close the router and end the loop."""
        if self.loop.is_closed():
            return
        asyncio.run_coroutine_threadsafe(self.wrapped.close(), self.loop).result(60)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(LIMIT_S)
        self.loop.close()
