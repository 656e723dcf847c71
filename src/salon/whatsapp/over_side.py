"""The backend of a move: both sides, and everything goes to the one with the authority."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import Any, Final

from changeover import (
    CannotConnectError,
    ChangeoverError,
    Side,
    Standing,
    WritesPausedError,
)
from salon.whatsapp.driver import AsyncBackend, Backend
from salon.whatsapp.operation import Operation

POLL_S: Final = 1.0
"""How long an answer about the authority is believed."""


class Authority:
    """Which side has the authority, as the control tables say; asked once a second at the most.

    A stale answer can't write on the wrong side: the fence of the secondary refuses, and then it
    is asked anew.
    """

    def __init__(
        self,
        read: Callable[[], Standing | None],
        *,
        poll_s: float = POLL_S,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        """Prepare.

        Args:
            read: Where the move stands, such as `lambda: changeover.read_stage(target_dsn)`.
            poll_s: How long an answer is believed, in seconds.
            timer: Seconds that only rise.
        """
        self._read = read
        self._poll_s = poll_s
        self._timer = timer
        self._known: tuple[Side, float] | None = None
        self._is_refused = False

    @property
    def is_fresh(self) -> bool:
        """Whether `primary` answers without asking."""
        if self._known is None or self._is_refused:
            return False
        return self._timer() - self._known[1] < self._poll_s

    def primary(self) -> Side:
        """Return the side with the authority; the one last known if nobody answers.

        Raises:
            CannotConnectError: Nobody answers and none is known yet.
        """
        if self._known is not None and self.is_fresh:
            return self._known[0]
        try:
            standing = self._read()
        except ChangeoverError as error:
            if self._known is None:
                raise CannotConnectError(
                    "nobody says which side has the authority",
                    hint="see whether the target answers",
                ) from error
            return self._known[0]
        side = Side.SOURCE if standing is None else standing.primary
        self._known, self._is_refused = (side, self._timer()), False
        return side

    def refused(self) -> None:
        """Take note that a fence has refused a write: the next call asks anew."""
        self._is_refused = True


class SideBackend:
    """Two backends, one authority."""

    def __init__(self, backends: Mapping[Side, Backend], authority: Authority) -> None:
        """Take both."""
        self._backends = backends
        self._authority = authority

    def run(self, operation: Operation) -> Any:
        """Return what an operation comes to on the primary."""
        side = self._authority.primary()
        try:
            return self._backends[side].run(operation)
        except WritesPausedError:
            self._authority.refused()
            raise


class AsyncSideBackend:
    """`SideBackend` for asyncio."""

    def __init__(self, backends: Mapping[Side, AsyncBackend], authority: Authority) -> None:
        """Take both."""
        self._backends = backends
        self._authority = authority

    async def run(self, operation: Operation) -> Any:
        """Return what an operation comes to on the primary."""
        authority = self._authority
        ask = authority.primary
        side = ask() if authority.is_fresh else await asyncio.to_thread(ask)
        try:
            return await self._backends[side].run(operation)
        except WritesPausedError:
            authority.refused()
            raise
