"""Who may accept writes when, and every write that was accepted by somebody who may not.

A swap's own events say when the old primary's fence was closed and when the new one could open at
the earliest. Whatever a side accepted outside the time that is its own is a second authority.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from changeover import Side
from salon.demo.process import Event, at_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """A side took a write of the application, by its own clock."""

    side: Side
    at_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Reign:
    """A time during which a side may accept writes."""

    side: Side
    from_s: float
    until_s: float = math.inf

    def covers(self, seen: Acceptance) -> bool:
        """Return whether a write was accepted in it."""
        return seen.side is self.side and self.from_s <= seen.at_s <= self.until_s


class Chronicle:
    """The reigns, swap by swap."""

    def __init__(self, *, began_s: float) -> None:
        """Begin with the source.

        Args:
            began_s: When both sides were guarded; before that nothing is promised.
        """
        self.began_s = began_s
        self._reigns = [Reign(side=Side.SOURCE, from_s=-math.inf)]

    @property
    def reigns(self) -> Sequence[Reign]:
        """The reigns so far; the last one goes on."""
        return tuple(self._reigns)

    def take(self, events: Iterable[Event]) -> None:
        """Take in what one swap told: the phases that it went through, and when."""
        moved = [event for event in events if event["event"] == "SwapMoved"]
        phases = {str(event["phase"]): at_s(event) for event in moved}
        if "fenced" not in phases:
            return
        old = self._reigns.pop()
        self._reigns.append(Reign(side=old.side, from_s=old.from_s, until_s=phases["fenced"]))
        if "decided" in phases:
            heir, opened = old.side.other, phases.get("prepared", phases["fenced"])
        else:
            # Driven back: the last that was heard of it lies before the fence was opened again.
            heir, opened = old.side, phases.get("aborting", max(phases.values()))
        self._reigns.append(Reign(side=heir, from_s=opened))

    def breaches(self, seen: Iterable[Acceptance]) -> tuple[Acceptance, ...]:
        """Return the writes that a side accepted outside its reign."""
        return tuple(
            one
            for one in seen
            if one.at_s >= self.began_s and not any(reign.covers(one) for reign in self._reigns)
        )
