"""The write gap: how long each writer had nothing acknowledged while the authority changed."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from changeover import Side
from salon.demo.ledger import Outcome, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapWindow:
    """One swap as the demonstration saw it.

    Attributes:
        kind: ``cutover`` or ``rollback``.
        began_s: The monotonic clock when its command was started.
        until_s: The monotonic clock when the following swap began, or infinity.
    """

    kind: str
    began_s: float
    until_s: float = math.inf

    @property
    def old(self) -> Side:
        """The side that gave the authority away."""
        return Side.SOURCE if self.kind == "cutover" else Side.TARGET


@dataclass(frozen=True, slots=True, kw_only=True)
class SwapGaps:
    """The gaps of all writers over one swap.

    Attributes:
        kind: ``cutover`` or ``rollback``.
        by_writer_ms: A writer's last acknowledgement on the old side to its first on the new.
    """

    kind: str
    by_writer_ms: dict[int, float]

    def percentile_ms(self, percent: float) -> float | None:
        """Return a percentile over the writers; None where nobody wrote on both sides."""
        found = percentile(sorted(self.by_writer_ms.values()), percent)
        return None if found is None else round(found, 1)


def percentile(ascending: Sequence[float], percent: float) -> float | None:
    """Return a percentile by linear interpolation between the two nearest values.

    Args:
        ascending: The values, in order.
        percent: 0 to 100.
    """
    if not ascending:
        return None
    place = (len(ascending) - 1) * percent / 100
    below, above = math.floor(place), math.ceil(place)
    return ascending[below] + (ascending[above] - ascending[below]) * (place - below)


def swap_gaps(records: Iterable[Record], window: SwapWindow) -> SwapGaps:
    """Return the write gaps of one swap, from the acknowledgements in the ledgers.

    Args:
        records: All records of all writers.
        window: The swap.
    """
    acknowledged: dict[int, list[Record]] = {}
    for record in records:
        if record.state == Outcome.ACKNOWLEDGED:
            acknowledged.setdefault(record.writer, []).append(record)
    gaps = {}
    for writer, own in sorted(acknowledged.items()):
        new = [
            r.monotonic_s
            for r in own
            if r.side == window.old.other and window.began_s <= r.monotonic_s < window.until_s
        ]
        if not new:
            continue
        first = min(new)
        old = [r.monotonic_s for r in own if r.side == window.old and r.monotonic_s < first]
        if old:
            gaps[writer] = round((first - max(old)) * 1000, 1)
    return SwapGaps(kind=window.kind, by_writer_ms=gaps)
