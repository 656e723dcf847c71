"""Differences as values: ranges, digests, what two sides hold of a key, and what that means.

Pure. Keys are held in a value that shows nothing; reports show their hash.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Final

Key = tuple[str, ...]
"""A key as the texts of its columns; of a row without key, its two hashes."""

_ARRAY_SPACES: Final = " \t\n\v\f\r"
_ARRAY_SIGNS: Final = frozenset('"\\{},' + _ARRAY_SPACES)


class Kind(StrEnum):
    """What is wrong with a row, seen from the primary."""

    MISSING = "missing"
    EXTRA = "extra"
    DIFFERENT = "different"


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRange:
    """Keys from `lower` to before `upper`; None is open."""

    lower: Key | None = None
    upper: Key | None = None

    def split(self, bounds: Sequence[Key]) -> tuple["KeyRange", ...]:
        """Return the ranges between ascending bounds; together they hold every key of this one."""
        edges = (self.lower, *bounds, self.upper)
        return tuple(KeyRange(lower=lower, upper=upper) for lower, upper in pairwise(edges))


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A count and two order-free sums of row hashes.

    A sum, never XOR: two equal rows would cancel each other.
    """

    rows: int
    first: int
    second: int


NO_ROWS: Final = Digest(rows=0, first=0, second=0)

Rows = Mapping[Key, tuple[tuple[int, int], ...]]
"""Per key the hashes of its rows, sorted; a key that differs between the sides may have several."""


class RowKey:
    """A row's key, which shows itself as its hash only.

    No dataclass on purpose: nothing encodes it by accident.
    """

    __slots__ = ("_logged", "hash")

    def __init__(self, key: Key, *, logged: str | None) -> None:
        """Hold a key.

        Args:
            key: Its columns' texts.
            logged: The key as the change log holds it; None for a whole table.
        """
        self._logged = logged
        self.hash = key_hash(key)

    def reveal(self) -> str | None:
        """Return the key as the change log holds it, for the one file that may."""
        return self._logged

    def __repr__(self) -> str:
        return f"RowKey({self.hash})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """A settled difference.

    Attributes:
        key: The row's key, hidden.
        kind: What is wrong.
        columns: The columns that differ, where both sides have the row.
        rows: How many rows it stands for: more than one only without a key.
    """

    key: RowKey
    kind: Kind
    columns: tuple[str, ...] = ()
    rows: int = 1

    @property
    def key_hash(self) -> str:
        """The first 16 hexadecimal digits of the SHA-256 of the key's text array."""
        return self.key.hash


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What one side holds of a key.

    Attributes:
        rows: Per row a hash per column; without a key, how often the row stands there.
        version: What changes with every write to the row, whatever it writes.
        logged: The key's columns as the change log holds them.
    """

    rows: tuple[tuple[int, ...], ...] = ()
    version: tuple[str, ...] = ()
    logged: Key | None = None


ABSENT: Final = Found()


def array_text(parts: Key) -> str:
    """Return what PostgreSQL writes for `ARRAY[…]::text[]::text`.

    Source: https://www.postgresql.org/docs/current/arrays.html, array input and output syntax
    """
    return "{" + ",".join(_array_element(part) for part in parts) + "}"


def _array_element(text: str) -> str:
    if text and text.upper() != "NULL" and _ARRAY_SIGNS.isdisjoint(text):
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def log_text(key: Key) -> str:
    """Return a key as the change log holds it: one column as it is, several as an array."""
    return key[0] if len(key) == 1 else array_text(key)


def key_hash(key: Key) -> str:
    """Return what reports show of a key."""
    return hashlib.sha256(array_text(key).encode()).hexdigest()[:16]


def unequal_buckets(
    primary: Mapping[int, Digest], secondary: Mapping[int, Digest]
) -> tuple[int, ...]:
    """Return the buckets whose digests differ; one that a side lacks holds no rows there."""
    return tuple(
        bucket
        for bucket in sorted(primary.keys() | secondary.keys())
        if primary.get(bucket, NO_ROWS) != secondary.get(bucket, NO_ROWS)
    )


def unequal_keys(primary: Rows, secondary: Rows) -> tuple[Key, ...]:
    """Return the keys whose rows differ."""
    return tuple(
        key
        for key in sorted(primary.keys() | secondary.keys())
        if primary.get(key, ()) != secondary.get(key, ())
    )


def classify(
    key: Key, primary: Found, secondary: Found, columns: Sequence[str] | None
) -> Divergence:
    """Return what a settled difference is.

    Args:
        key: The key that was asked for.
        primary: What the primary holds of it.
        secondary: What the secondary holds, which is not the same.
        columns: The names behind a row's hashes, None for a table without key.
    """
    if columns is None:
        ours, theirs = (side.rows[0][0] if side.rows else 0 for side in (primary, secondary))
        return Divergence(
            key=RowKey(key, logged=None),
            kind=Kind.MISSING if ours > theirs else Kind.EXTRA,
            rows=abs(ours - theirs),
        )
    hidden = RowKey(key, logged=log_text(primary.logged or secondary.logged or key))
    if len(secondary.rows) > len(primary.rows):
        return Divergence(key=hidden, kind=Kind.EXTRA)
    if len(secondary.rows) < len(primary.rows):
        return Divergence(key=hidden, kind=Kind.MISSING)
    differing = tuple(
        name
        for place, name in enumerate(columns)
        if any(
            ours[place] != theirs[place]
            for ours, theirs in zip(primary.rows, secondary.rows, strict=True)
        )
    )
    return Divergence(key=hidden, kind=Kind.DIFFERENT, columns=differing)
