"""From a range whose digests differ down to the keys that are suspected.

A range is searched under one snapshot per side, so what was counted is what is read. Memory is
bounded: digests of buckets, then the rows of a few buckets at a time.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from changeover.catalog.pair import Pair
from changeover.model.fault import Fault, Hooks
from changeover.model.settings import VerifySettings
from changeover.model.side import Side
from changeover.transfer.verify.digest import ALL_PERCENT, Parts, Reader
from changeover.transfer.verify.divergence import (
    Digest,
    Key,
    KeyRange,
    unequal_buckets,
    unequal_keys,
)
from changeover.transfer.verify.session import Session, Sessions

SUSPECTS_MAX: Final = 50_000
"""Suspected keys of one table; more are counted by the next verification, after a repair."""

BUCKETS_MAX: Final = 8192
ROWS_FETCHED_MAX: Final = 10_000
SCANNED_RANGE_FACTOR: Final = 10
"""How much larger a range is where no index serves the order, so that each is a whole scan."""

SPLIT_FACTOR: Final = 4
"""A range that turns out this much larger than asked for is cut before it is searched."""

SAMPLED_RANGES_MIN: Final = 20
"""From this many ranges on the bounds come from a sample of the table's blocks."""

SAMPLE_ROWS_PER_RANGE: Final = 500

HALF_DIGESTED: Final = "verify.half_digested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A pair of tables, ready to be compared.

    Attributes:
        parts: What stands in each side's statements.
        range_rows: Rows of one range of this table.
    """

    pair: Pair
    parts: dict[Side, Parts]
    range_rows: int
    settings: VerifySettings
    hooks: Hooks

    def reader(self, session: Session) -> Reader:
        """Return the reader of a session's side."""
        return Reader(self.pair, self.parts[session.side], session)


@dataclass(frozen=True, slots=True, kw_only=True)
class Searched:
    """What a range holds.

    Attributes:
        suspects: Keys whose rows differed under the two snapshots.
        is_cut: There are more than were listed.
    """

    rows_primary: int
    rows_secondary: int
    suspects: tuple[Key, ...] = ()
    is_cut: bool = False

    @property
    def is_equal(self) -> bool:
        """Whether nothing is suspected."""
        return not self.suspects


def ranges(scope: Scope, sessions: Sessions) -> tuple[KeyRange, ...]:
    """Return the ranges of a table by the primary's keys; the outermost are open."""
    everything = KeyRange()
    estimate = scope.pair.table(sessions.primary.side).rows_estimate
    if scope.pair.is_whole or 0 <= estimate <= scope.range_rows // 2:
        return (everything,)
    reader = scope.reader(sessions.primary)
    percent = sample_percent(estimate, scope.range_rows)
    return everything.split(reader.boundaries(everything, scope.range_rows, percent=percent))


def sample_percent(rows_estimate: int, range_rows: int) -> float:
    """Return how much of a table is looked at to cut it; a wrong guess makes ranges uneven.

    Args:
        rows_estimate: The planner's; below 0 where the table was never analyzed.
        range_rows: Rows of one range.
    """
    if rows_estimate < SAMPLED_RANGES_MIN * range_rows:
        return ALL_PERCENT
    return min(ALL_PERCENT, ALL_PERCENT * SAMPLE_ROWS_PER_RANGE / range_rows)


def search(scope: Scope, sessions: Sessions, inside: KeyRange) -> Searched:
    """Compare a range and return the keys that are suspected."""
    primary, secondary = scope.reader(sessions.primary), scope.reader(sessions.secondary)
    with (
        sessions.primary.snapshot(primary.relation),
        sessions.secondary.snapshot(secondary.relation),
    ):
        ours = primary.digest(inside)
        scope.hooks.reached(HALF_DIGESTED)
        theirs = secondary.digest(inside)
        found: tuple[Key, ...] = ()
        is_cut = False
        if ours != theirs and Fault.VERIFY_SEES_NOTHING not in scope.hooks.faults:
            suspects = _Search(scope, primary, secondary).suspects(inside, ours, theirs)
            found, is_cut = _bounded(suspects)
            assert found, f"{scope.pair.name}: the digests differ and so must a row"
    return Searched(
        rows_primary=ours.rows, rows_secondary=theirs.rows, suspects=found, is_cut=is_cut
    )


def _bounded(suspects: Iterator[Key]) -> tuple[tuple[Key, ...], bool]:
    found: list[Key] = []
    for key in suspects:
        if len(found) == SUSPECTS_MAX:
            return tuple(found), True
        found.append(key)
    return tuple(found), False


class _Search:
    """The search of one range, inside the two snapshots."""

    def __init__(self, scope: Scope, primary: Reader, secondary: Reader) -> None:
        self._scope = scope
        self._primary = primary
        self._secondary = secondary

    def suspects(self, inside: KeyRange, ours: Digest, theirs: Digest) -> Iterator[Key]:
        """Yield the keys whose rows differ, from the larger side's point of view."""
        rows = max(ours.rows, theirs.rows)
        if not self._scope.pair.is_whole and rows > SPLIT_FACTOR * self._scope.range_rows:
            larger = self._primary if ours.rows >= theirs.rows else self._secondary
            bounds = larger.boundaries(inside, self._scope.range_rows)
            if bounds:
                yield from self._in_parts(inside.split(bounds))
                return
        yield from self._in_buckets(inside, rows)

    def _in_parts(self, parts: tuple[KeyRange, ...]) -> Iterator[Key]:
        for part in parts:
            ours, theirs = self._primary.digest(part), self._secondary.digest(part)
            if ours != theirs:
                yield from self._in_buckets(part, max(ours.rows, theirs.rows))

    def _in_buckets(self, inside: KeyRange, rows: int) -> Iterator[Key]:
        """Yield the keys of a range that differ.

        Buckets by a hash of the key take one scan of the range, where halving it takes many.
        """
        count = _bucket_count(rows, self._scope.settings.bisect_rows)
        unequal: tuple[int, ...] = (0,)
        if count > 1:
            ours_by_bucket = self._primary.buckets(inside, count - 1)
            unequal = unequal_buckets(ours_by_bucket, self._secondary.buckets(inside, count - 1))
        at_a_time = max(1, ROWS_FETCHED_MAX * count // max(rows, 1))
        for start in range(0, len(unequal), at_a_time):
            some = unequal[start : start + at_a_time]
            ours = self._primary.rows(inside, count - 1, some)
            theirs = self._secondary.rows(inside, count - 1, some)
            yield from unequal_keys(ours, theirs)


def _bucket_count(rows: int, rows_each: int) -> int:
    """Return a power of two, so that a bucket is the key's hash under a mask."""
    wanted = rows // max(1, rows_each)
    return 1 if wanted < 1 else min(BUCKETS_MAX, 1 << wanted.bit_length())
