"""What begins anew in a forked child: threads are gone there, and locks may be held for ever."""

import os
import weakref
from typing import Protocol


class Forkable(Protocol):
    """Something with threads or locks of its own."""

    def begin_anew(self) -> None:
        """Forget threads, locks and whoever waits; called in a child, which has one thread."""
        ...


_known: "weakref.WeakSet[Forkable]" = weakref.WeakSet()


def begin_anew_in_children(one: Forkable) -> None:
    """Call `begin_anew` in every child that is forked from now on.

    Args:
        one: Kept by a weak reference only.
    """
    _known.add(one)


def _tell() -> None:
    for one in list(_known):
        one.begin_anew()


os.register_at_fork(after_in_child=_tell)
