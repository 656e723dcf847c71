"""The control tables of the target as a client reaches them: four functions, through its own pool.

The caller is a thread, whatever the colour of the client: `LoopReach` brings a call into the loop
that the client runs in and waits for it there.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from functools import cache
from typing import Any, Final, Protocol

import msgspec
import psycopg

from changeover.database import fixed
from changeover.engine.refusal import Refusal
from changeover.model.errors import CannotConnectError
from changeover.routing.answer import OFF, Answer
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore
from changeover.stores.session import Command, Row

_MINE: Final = "changeover.routing"
_SLACK_S: Final = 1.0
"""How much longer than the server the loop is waited for."""


class Reach(Protocol):
    """Runs a statement on the target, within a time."""

    def run(self, command: Command, timeout_s: float) -> list[Row]:
        """Return the statement's rows.

        Raises:
            Refusal: There was no connection, it broke, or the server has refused.
            CannotConnectError: Nobody is there to run it.
        """
        ...


class ThreadReach:
    """Runs statements in the thread that asks."""

    def __init__(self, store: PostgresStore) -> None:
        """Take the store whose pool is used."""
        self._store = store

    def run(self, command: Command, timeout_s: float) -> list[Row]:
        """Return the statement's rows; see `Reach`."""
        return self._store.run(command, timeout_s)


class LoopReach:
    """Runs statements in the loop that the client was used in last."""

    def __init__(self, store: AsyncPostgresStore) -> None:
        """Take the store whose pool is used."""
        self._store = store
        self.loop: asyncio.AbstractEventLoop | None = None

    def run(self, command: Command, timeout_s: float) -> list[Row]:
        """Return the statement's rows; see `Reach`."""
        loop = self.loop
        if loop is None:
            raise CannotConnectError("the client has no event loop yet")
        result: Future[list[Row]] = Future()
        tasks: list[asyncio.Task[None]] = []  # a loop keeps weak references only

        def begin() -> None:
            if not result.cancelled():
                tasks.append(loop.create_task(self._carry(result, command, timeout_s)))

        try:
            loop.call_soon_threadsafe(begin)
            return result.result(timeout_s + _SLACK_S)
        except (RuntimeError, CancelledError, asyncio.CancelledError) as error:
            if self.loop is loop:
                self.loop = None
            raise CannotConnectError("the client's event loop has ended") from error
        except TimeoutError as error:
            result.cancel()
            raise CannotConnectError("the client's event loop gave no answer in time") from error

    async def _carry(self, result: "Future[list[Row]]", command: Command, timeout_s: float) -> None:
        try:
            rows = await self._store.run(command, timeout_s)
        except BaseException as error:
            if result.set_running_or_notify_cancel():
                result.set_exception(error)
            if not isinstance(error, Exception):
                raise
        else:
            if result.set_running_or_notify_cancel():
                result.set_result(rows)


class Control(Protocol):
    """What a link asks and tells; `ControlTable` says what each of it is."""

    def poll(self, client: Mapping[str, Any] | None) -> Answer | None:
        """Tell of a client, and return what must be obeyed."""
        ...

    def exchange(self, new: str | None, outstanding: Sequence[str]) -> list[str]:
        """Put a token and return those of others that are answered."""
        ...

    def lower(self, reason: str, seen: str) -> bool:
        """Lower the rollout; return whether that was done."""
        ...

    def report(
        self, client: str, counts: Mapping[str, Any], mismatches: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add what was compared."""
        ...


FAILURES: Final = (Refusal, CannotConnectError, psycopg.Error, msgspec.DecodeError)
"""What a call fails with."""


class ControlTable(Control):
    """The functions of the schema `changeover` that a client may call."""

    def __init__(self, reach: Callable[[Command, float], list[Row]], timeout_s: float) -> None:
        """Call nothing yet.

        Args:
            reach: Runs a statement on the target.
            timeout_s: How long an answer is waited for.
        """
        self._reach = reach
        self._timeout_s = timeout_s

    def poll(self, client: Mapping[str, Any] | None) -> Answer | None:
        """Return what must be obeyed; None if no move is installed.

        Args:
            client: What the client tells of itself; None to look only.

        Raises:
            WrongStateVersionError: Another version of Changeover holds the state.
            Refusal: The call failed, as all of `FAILURES`.
        """
        told = None if client is None else msgspec.json.encode(client)
        text = self._value("poll", (told,))
        return None if text is None else Answer.parse(text)

    def exchange(self, new: str | None, outstanding: Sequence[str]) -> list[str]:
        """Put a token and return those of others that are answered.

        Args:
            new: The token; None puts none.
            outstanding: Tokens that were put before.

        Raises:
            Refusal: The call failed, as all of `FAILURES`.
        """
        given = None if new is None else new.encode()
        listed = b"{" + ",".join(outstanding).encode() + b"}"
        text = self._value("exchange_tokens", (given, listed))
        return msgspec.json.decode(text or b"[]", type=list[str])

    def lower(self, reason: str, seen: str) -> bool:
        """Lower the rollout; return whether that was done.

        Args:
            reason: What was measured and what is allowed.
            seen: The state that it was measured in; another one is left alone.

        Raises:
            Refusal: The call failed, as all of `FAILURES`.
        """
        return self._value("lower_rollout", (reason.encode(), seen.encode())) == b"t"

    def report(
        self, client: str, counts: Mapping[str, Any], mismatches: Sequence[Mapping[str, Any]]
    ) -> None:
        """Add what was compared.

        Args:
            client: Whose counts they are.
            counts: By table.
            mismatches: Without a value or a key.

        Raises:
            Refusal: The call failed, as all of `FAILURES`.
        """
        given = (client.encode(), msgspec.json.encode(counts), msgspec.json.encode(mismatches))
        self._value("report_shadow", given)

    def _value(self, name: str, values: tuple[bytes | None, ...]) -> bytes | None:
        rows = self._reach(Command(_text(name), values, is_fixed=True), self._timeout_s)
        return rows[0][0] if rows else None


class NoTable(Control):
    """What stands in the place of control tables that are gone: there is no move."""

    def poll(self, client: Mapping[str, Any] | None) -> Answer:
        """Return the stage `off`."""
        del client
        return OFF

    def exchange(self, new: str | None, outstanding: Sequence[str]) -> list[str]:
        """Return nothing: there is no mirror."""
        del new, outstanding
        return []

    def lower(self, reason: str, seen: str) -> bool:
        """Do nothing: there is no rollout."""
        del reason, seen
        return False

    def report(
        self, client: str, counts: Mapping[str, Any], mismatches: Sequence[Mapping[str, Any]]
    ) -> None:
        """Do nothing: nothing is compared."""


@cache
def _text(name: str) -> bytes:
    return fixed(_MINE, name).as_bytes(None)
