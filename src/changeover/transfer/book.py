"""Whether the books balance: keys read, applied and removed, batch by batch, on both sides."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.model.side import Direction

_MINE: Final = "changeover.transfer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Applied:
    """A batch as the secondary booked it.

    Attributes:
        log_rows: Rows that it took out of the primary's change log.
        repeats: The batch whose removal it found missing, if any.
    """

    keys_read: int
    keys_applied: int
    log_rows: int
    repeats: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How the books of a direction stand.

    Attributes:
        batches: Batches booked on the secondary that are still kept.
        open_batches: Batches without their counterpart, not repeated by a closed one.
        unequal_batches: Batches whose key counts disagree.
    """

    batches: int
    open_batches: tuple[int, ...]
    unequal_batches: tuple[int, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether every batch has its counterpart with the same count."""
        return not self.open_batches and not self.unequal_batches


def balance(primary: Connection, secondary: Connection, direction: Direction) -> Balance:
    """Compare the books of both sides.

    The removals are read last, so that a batch between its two commits is seen as open: whoever
    asks during a round asks again.
    """
    given = {"direction": str(direction)}
    rows = secondary.execute(fixed(_MINE, "read_applied"), given).fetchall()
    applied = {
        row[0]: Applied(keys_read=row[1], keys_applied=row[2], log_rows=row[3], repeats=row[4])
        for row in rows
    }
    removed = dict(primary.execute(fixed(_MINE, "read_removed"), given).fetchall())
    return reckon(applied, removed)


def reckon(applied: Mapping[int, Applied], removed: Mapping[int, int]) -> Balance:
    """Return how books stand.

    Args:
        applied: Batches that the secondary booked, by number.
        removed: Keys read of the batches that the primary booked, by number.
    """
    unequal = [
        number
        for number, one in applied.items()
        if one.keys_read != one.keys_applied or removed.get(number, one.keys_read) != one.keys_read
    ]
    floor = min(applied, default=0)
    unequal += [number for number in removed if number >= floor and number not in applied]
    by_repeated = {one.repeats: later for later, one in applied.items() if one.repeats is not None}
    still_open = [
        number
        for number in sorted(applied.keys() - removed.keys())
        if not _is_closed(number, by_repeated, applied, removed)
    ]
    return Balance(
        batches=len(applied),
        open_batches=tuple(still_open),
        unequal_batches=tuple(sorted(unequal)),
    )


def _is_closed(
    number: int,
    by_repeated: Mapping[int, int],
    applied: Mapping[int, Applied],
    removed: Mapping[int, int],
) -> bool:
    """Return whether a batch has its counterpart, or was repeated whole by one that has.

    A batch whose removal was not committed left its rows in the log: one that repeats it took at
    least as many. One that took fewer did not repeat it, whatever it says.
    """
    while number not in removed:
        later = by_repeated.get(number)
        if later is None or applied[later].log_rows < applied[number].log_rows:
            return False
        number = later
    return True


def prune(primary: Connection, secondary: Connection, direction: Direction, keep_s: int) -> None:
    """Remove books older than a time, but never while they do not balance, nor the last of all."""
    standing = balance(primary, secondary, direction)
    if not standing.is_balanced:
        return
    given = {"direction": str(direction), "keep_s": keep_s}
    row = secondary.execute(fixed(_MINE, "prune_applied"), given).fetchone()
    if row is not None and row[0] is not None:
        primary.execute(
            fixed(_MINE, "prune_removed"), {"direction": str(direction), "below": row[0]}
        )
