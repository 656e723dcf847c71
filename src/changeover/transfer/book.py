"""Whether the books balance: keys read, applied and removed, batch by batch, on both sides."""

from dataclasses import dataclass
from typing import Final

from changeover.control.move import Connection
from changeover.database import fixed
from changeover.model.side import Direction

_MINE: Final = "changeover.transfer"


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
    applied = {
        row[0]: (row[1], row[2], row[3])
        for row in secondary.execute(fixed(_MINE, "read_applied"), given).fetchall()
    }
    removed = dict(primary.execute(fixed(_MINE, "read_removed"), given).fetchall())
    repeated = {
        repeats: number for number, (_, _, repeats) in applied.items() if repeats is not None
    }
    missing = []
    for number in applied:
        last = number
        while last not in removed and last in repeated:
            last = repeated[last]
        if last not in removed:
            missing.append(number)
    unequal = [
        number
        for number, (keys_read, keys_applied, _) in applied.items()
        if keys_read != keys_applied or removed.get(number, keys_read) != keys_read
    ]
    floor = min(applied, default=0)
    unequal += [number for number in removed if number >= floor and number not in applied]
    return Balance(
        batches=len(applied),
        open_batches=tuple(sorted(missing)),
        unequal_batches=tuple(sorted(unequal)),
    )


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
