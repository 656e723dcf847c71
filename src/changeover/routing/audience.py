"""Those who are told what can be seen, none of whom may harm the one who acts or each other."""

import logging
from typing import Final

from changeover.model.observation import Observation, Observer

_log: Final = logging.getLogger("changeover")


class Audience:
    """An observer made of several; one that fails is logged once, and told on."""

    def __init__(self, *observers: Observer) -> None:
        """Gather them.

        Args:
            observers: Who is told, in this order.
        """
        self._observers = observers
        self._failed: set[int] = set()

    def __call__(self, seen: Observation) -> None:
        """Tell all of them."""
        for number, observer in enumerate(self._observers):
            try:
                observer(seen)
            except Exception as error:  # noqa: BLE001 - the edge to somebody else's code: reported
                self._report(number, observer, error)

    def _report(self, number: int, observer: Observer, error: Exception) -> None:
        if number in self._failed:
            return
        self._failed.add(number)
        # Kinds only: the text of a stranger's error may hold anything.
        kind = getattr(observer, "__qualname__", type(observer).__qualname__)
        _log.error("the observer %s failed with %s", kind, type(error).__name__)
