"""A store made of two: the source's HTTP API and PostgreSQL, in two colours.

What is done with a request stands in `course.py`; here is only how each colour waits.
"""

import asyncio
import sys
import time
import weakref
from collections.abc import AsyncIterator, Callable, Generator, Iterator, Mapping
from concurrent.futures import CancelledError, Future
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any, Final, TypeVar

from changeover import __version__
from changeover.catalog.snapshot import Snapshot
from changeover.engine.message import Message, Reply
from changeover.model.name import TableName
from changeover.model.observation import Observer, ignore
from changeover.model.row_errors import TransactionUnavailableError
from changeover.model.side import Side
from changeover.routing.answer import reads_go_to
from changeover.routing.audience import Audience
from changeover.routing.context import Context
from changeover.routing.control_table import (
    ControlTable,
    LoopReach,
    NoTable,
    Reach,
    ThreadReach,
)
from changeover.routing.course import Course
from changeover.routing.lane import Lane
from changeover.routing.last_state import LastState
from changeover.routing.link import Link, LinkSettings
from changeover.routing.override import is_off
from changeover.routing.rule import Decision, State, decide
from changeover.routing.setting import Route
from changeover.routing.step import Ask, Await, Step, Try
from changeover.routing.view import View
from changeover.stores.drive import drive, drive_async
from changeover.stores.postgres import (
    AsyncBoundStore,
    AsyncPostgresStore,
    BoundStore,
    PostgresStore,
)
from changeover.stores.store import AsyncStore, Store

T = TypeVar("T")

_FUNCTIONS: Final = "/rpc/"


class _Base:
    """What both colours share."""

    def __init__(
        self, target: PostgresStore | AsyncPostgresStore, route: Route, reach: Reach
    ) -> None:
        self._route = route
        observer = route.observer if route.observer is ignore else Audience(route.observer)
        self.link: Final = _link(route, target.place, reach, observer)
        self.course: Final = Course(self.link, route, _reader(target), observer)
        self.link.tell = _teller(route, self.course, self.link)
        # The link's thread holds no reference to this: a router that is forgotten ends it.
        weakref.finalize(self, self.link.abandon)

    @property
    def view(self) -> View:
        """What is known of the move."""
        return self.link.view

    def decision(self, context: Context) -> Decision:
        """Return what the rule says of a read; nothing is counted or changed by asking.

        Args:
            context: Whom it is for.
        """
        view = self.link.view
        return decide(
            view.state,
            context.targeting_key,
            is_killed=self.course.override.is_on(),
            marker_age_ms=view.marker_age_ms(time.monotonic()),
        )

    def health(self) -> Mapping[str, Any]:
        """Return how this process stands: its stage, its side, and whether it hears of changes."""
        state = self.link.view.state
        return {
            "stage": str(state.stage),
            "primary": str(state.primary),
            "epoch": state.epoch,
            "is_control_away": self.link.is_away,
            **self.link.tell(state),
        }


def _link(route: Route, place: str, reach: Reach, observer: Observer) -> Link:
    settings = LinkSettings(
        poll_s=route.poll_ms / 1000, timeout_s=route.read_timeout_ms / 1000, observer=observer
    )
    table = NoTable() if is_off() else ControlTable(reach.run, settings.timeout_s)
    return Link(table, LastState(place, route.state_file), settings)


def _teller(route: Route, course: Course, link: Link) -> Callable[[State], Mapping[str, Any]]:
    """Return what tells of a client; it holds no reference to the router."""
    name = route.name or Path(sys.argv[0]).name

    def tell(state: State) -> Mapping[str, Any]:
        override, shadow = course.override, course.shadow
        is_killed = override.is_on()
        return {
            "name": name,
            "version": __version__,
            "side": reads_go_to(state, is_killed=is_killed or course.is_stepping_back),
            "queued": {**link.counts(), "shadow": 0 if shadow is None else shadow.depth},
            "breaker": str(course.breaker.state),
            "kill": override.path if is_killed else None,
        }

    return tell


def _reader(target: PostgresStore | AsyncPostgresStore) -> Callable[[Message], bool]:
    """Return what tells whether a call of a function only reads, as the target's catalog has it."""

    def is_read_only(message: Message) -> bool:
        desk = target.desk
        if desk is None:
            return False
        snapshot = desk.snapshot
        schema = message.header("content-profile") or snapshot.schemas[0]
        name = TableName(schema, message.path[len(_FUNCTIONS) :])
        overloads = snapshot.routines.get(name, ())
        return bool(overloads) and all(one.volatility != "v" for one in overloads)

    return is_read_only


class Router(_Base):
    """Answers messages from the side that stage and rollout name, for any number of threads.

    Attributes:
        link: What is known of the move.
        course: How requests go.
    """

    def __init__(self, source: Store, target: PostgresStore, route: Route) -> None:
        """Open nothing yet; the first message does.

        Args:
            source: The source's API.
            target: The target.
            route: What the application says.
        """
        super().__init__(target, route, ThreadReach(target))
        self._source = source
        self._target = target
        self._lane = Lane(route.reads_max)

    def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        self.link.ensure()
        return self._drive(self.course.steps(message))

    def _drive(self, steps: Generator[Step, Any, T]) -> T:
        return drive(steps, self._take)

    def _take(self, step: Step) -> Any:
        if isinstance(step, Ask):
            store = self._source if step.side is Side.SOURCE else self._target
            return store.send(step.message)
        if isinstance(step, Await):
            return _result(step.future, step.timeout_s)
        return self._try(step)

    def _try(self, step: Try) -> Reply | bool | None:
        target, message, timeout_s = self._target, step.message, step.timeout_s
        future = self._lane.run(lambda: target.send_within(message, timeout_s))
        return False if future is None else _result(future, timeout_s)

    def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the target's catalog.

        Raises:
            Refusal: PGRST002, if it can't be read in time.
        """
        return self._target.snapshot()

    @contextmanager
    def transaction(self, timeout_ms: int | None = None) -> Iterator[BoundStore]:
        """Give a store whose requests are parts of one transaction; the target must be primary.

        Args:
            timeout_ms: The longest statement inside of it, in milliseconds; None leaves it.

        Raises:
            TransactionUnavailableError: The source is the primary: its API has no transactions.
            Refusal: No connection could be had, or the COMMIT was refused.
        """
        self.link.ensure()
        self._drive(self.course.look())
        _require_transactions(self.link.view)
        with self._target.transaction(timeout_ms) as store:
            yield store
        self._drive(self.course.confirm())

    def close(self) -> None:
        """End the link and close both stores; may be called twice."""
        if self.course.shadow is not None:
            self.course.shadow.close()
        self.link.close()
        self._lane.close()
        self._source.close()
        self._target.close()


class AsyncRouter(_Base):
    """Answers messages from the side that stage and rollout name, for tasks of one loop.

    Attributes:
        link: What is known of the move.
        course: How requests go.
    """

    def __init__(self, source: AsyncStore, target: AsyncPostgresStore, route: Route) -> None:
        """Open nothing yet; the first message does.

        Args:
            source: The source's API.
            target: The target.
            route: What the application says.
        """
        self._reach = LoopReach(target)
        super().__init__(target, route, self._reach)
        self._source = source
        self._target = target
        self._reads: set[asyncio.Task[Reply]] = set()

    def open(self) -> None:
        """Ask for the stage from now on, in the running loop, before the first message comes."""
        self._reach.loop = asyncio.get_running_loop()
        self.link.ensure()

    async def send(self, message: Message) -> Reply:
        """Answer a message; what went wrong is an answer too."""
        self._reach.loop = asyncio.get_running_loop()
        self.link.ensure()
        return await self._drive(self.course.steps(message))

    async def _drive(self, steps: Generator[Step, Any, T]) -> T:
        return await drive_async(steps, self._take)

    async def _take(self, step: Step) -> Any:
        if isinstance(step, Ask):
            store = self._source if step.side is Side.SOURCE else self._target
            return await store.send(step.message)
        if isinstance(step, Await):
            return await _waited(step.future, step.timeout_s)
        return await self._try(step)

    async def _try(self, step: Try) -> Reply | bool | None:
        """Read in a task of its own: giving up a server that hangs takes a while itself."""
        if len(self._reads) >= self._route.reads_max:
            return False
        task = asyncio.create_task(self._target.send_within(step.message, step.timeout_s))
        self._reads.add(task)
        task.add_done_callback(self._reads.discard)
        try:
            await asyncio.wait({task}, timeout=step.timeout_s)
        finally:
            if not task.done():
                task.cancel()
        return task.result() if task.done() else None

    async def snapshot(self) -> Snapshot:
        """Return the newest snapshot of the target's catalog.

        Raises:
            Refusal: PGRST002, if it can't be read in time.
        """
        return await self._target.snapshot()

    @asynccontextmanager
    async def transaction(self, timeout_ms: int | None = None) -> AsyncIterator[AsyncBoundStore]:
        """Give a store whose requests are parts of one transaction; see `Router.transaction`."""
        self._reach.loop = asyncio.get_running_loop()
        self.link.ensure()
        await self._drive(self.course.look())
        _require_transactions(self.link.view)
        async with self._target.transaction(timeout_ms) as store:
            yield store
        await self._drive(self.course.confirm())

    async def close(self) -> None:
        """End the link and close both stores; may be called twice."""
        if self.course.shadow is not None:
            await asyncio.to_thread(self.course.shadow.close)
        await asyncio.to_thread(self.link.close)
        await self._source.close()
        await self._target.close()


def _result(future: "Future[T]", timeout_s: float) -> T | None:
    """Wait for a result; None if it does not come in time. Others may wait for the same."""
    try:
        return future.result(timeout_s)
    except TimeoutError:
        if future.done() and not future.cancelled() and future.exception() is not None:
            raise
    except CancelledError:
        pass
    return None


async def _waited(future: "Future[T]", timeout_s: float) -> T | None:
    """Wait for a result; None if it does not come in time. Others may wait for the same."""
    loop = asyncio.get_running_loop()
    event = asyncio.Event()

    def tell(_: "Future[T]") -> None:
        with suppress(RuntimeError):  # the loop has ended
            loop.call_soon_threadsafe(event.set)

    future.add_done_callback(tell)
    with suppress(TimeoutError):
        async with asyncio.timeout(timeout_s):
            await event.wait()
    return future.result() if future.done() and not future.cancelled() else None


def _require_transactions(view: View) -> None:
    if view.primary is not Side.TARGET:
        raise TransactionUnavailableError(
            "the source is the primary, and its API has no transactions",
            hint="put what belongs together into one function of the database, or wait for the "
            "cutover",
        )
