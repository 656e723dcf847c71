"""The tokens that wait for the mirror: which counts they stand for, and when a new one is put.

Pure but for its memory; time and names come in as values.
"""

from collections import OrderedDict
from typing import Final

WAITING_MAX: Final = 32
"""So many tokens wait at once; while they do, who comes later waits for the next one."""

AGAIN_S: Final = 2.0
"""A token that has not been answered for so long may be lost: another one is put beside it."""


class Tokens:
    """The tokens of one process that wait for an answer."""

    def __init__(self) -> None:
        """Start with none."""
        self._waiting: OrderedDict[str, int] = OrderedDict()
        self._put = 0
        self._put_s = 0.0

    @property
    def waiting(self) -> tuple[str, ...]:
        """The names of those that wait."""
        return tuple(self._waiting)

    def is_due(self, issued: int, answered: int, now: float) -> bool:
        """Return whether a new token is to be put.

        Args:
            issued: The count that waits.
            answered: The count that has been answered.
            now: Monotonic seconds.
        """
        if issued <= answered:
            return False
        is_late = now - self._put_s >= AGAIN_S
        if len(self._waiting) >= WAITING_MAX:
            return is_late
        return issued > self._put or is_late

    def put(self, name: str, issued: int, now: float) -> None:
        """Remember a token that is about to be put.

        Args:
            name: Its name.
            issued: The count that it stands for, read before it is put.
            now: Monotonic seconds.
        """
        while len(self._waiting) >= WAITING_MAX:
            self._waiting.popitem(last=False)
        self._waiting[name] = issued
        self._put, self._put_s = issued, now

    def answer(self, name: str) -> int:
        """Return the count that an answered token stands for; 0 for one that is not ours.

        Args:
            name: Its name.
        """
        return self._waiting.pop(name, 0)

    def forget(self) -> None:
        """Throw all away: what waits asks for new ones."""
        self._waiting.clear()
        self._put, self._put_s = 0, 0.0
