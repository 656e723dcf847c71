"""Those who wait for the link: for a mirror that has passed, and for a side that is open."""

import threading
from concurrent.futures import Future
from typing import Any

from changeover.routing.rule import State


class Waiting:
    """Who waits in one process; safe to be called from several threads.

    Attributes:
        is_hurry: Whether a writer waits for the mirror.
        is_watching: Whether a write waits for a side to open.
    """

    def __init__(self) -> None:
        """Start with nobody."""
        self._lock = threading.Lock()
        self._confirming: list[tuple[int, Future[bool]]] = []
        self._opening: list[Future[State]] = []

    @property
    def is_hurry(self) -> bool:
        """Whether a writer waits for the mirror."""
        return bool(self._confirming)

    @property
    def is_watching(self) -> bool:
        """Whether a write waits for a side to open."""
        return bool(self._opening)

    def counts(self) -> dict[str, int]:
        """Return how many wait, by what for."""
        return {"mirror": len(self._confirming), "swap": len(self._opening)}

    def confirm(self, number: int) -> "Future[bool]":
        """Let one wait until the mirror has passed a count.

        Args:
            number: The count.
        """
        future: Future[bool] = Future()
        with self._lock:
            self._confirming.append((number, future))
        return future

    def open(self) -> "Future[State]":
        """Let one wait until a side is open."""
        future: Future[State] = Future()
        with self._lock:
            self._opening.append(future)
        return future

    def watching(self) -> "list[Future[State]]":
        """Return those who wait for a side by now; who has gone is forgotten."""
        with self._lock:
            self._opening = [one for one in self._opening if not one.cancelled()]
            return list(self._opening)

    def opened(self, state: State, asked: "list[Future[State]]") -> None:
        """Tell those who waited before a state was asked for.

        Args:
            state: A state with an open side.
            asked: As `watching` returned them before.
        """
        for future in asked:
            _tell(future, state)
        with self._lock:
            self._opening = [one for one in self._opening if one not in asked]

    def answered(self, number: int) -> None:
        """Tell those who wait for a count that the mirror has passed.

        Args:
            number: The count.
        """
        with self._lock:
            done = [one for one in self._confirming if one[0] <= number]
            self._confirming = [
                one for one in self._confirming if one[0] > number and not one[1].cancelled()
            ]
        for _, future in done:
            _tell(future, True)

    def refuse(self) -> None:
        """Let nobody wait for a mirror that can't be asked."""
        with self._lock:
            confirming, self._confirming = self._confirming, []
        for _, future in confirming:
            _tell(future, False)

    def end(self) -> None:
        """Let nobody wait for anything."""
        self.refuse()
        with self._lock:
            opening, self._opening = self._opening, []
        for future in opening:
            future.cancel()


def _tell(future: "Future[Any]", value: object) -> None:
    if future.set_running_or_notify_cancel():
        future.set_result(value)
