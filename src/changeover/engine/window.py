"""Limits, offsets and the `Range` header, with the arithmetic of PostgREST's ranges.

A range is a first and a last row, both counted; limit and offset of one level become one range, and
the header is cut with the root's. Odd combinations come out as PostgREST has them.

Source: shared reference "PostgREST: the language that we speak", section 7.
"""

import re
from collections.abc import Mapping
from typing import Final, NamedTuple

from changeover.engine import integer
from changeover.engine.refusal import Refusal


class Range(NamedTuple):
    """Rows from the first to the last, counted from 0.

    Attributes:
        last: None for all that follow.
        has_offset: Whether a first row was asked for.
    """

    first: int = 0
    last: int | None = None
    has_offset: bool = False

    @property
    def is_empty(self) -> bool:
        """Whether it holds no row."""
        return self.last is not None and self.last < self.first

    @property
    def is_all(self) -> bool:
        """Whether it leaves nothing out."""
        return self.first == 0 and self.last is None

    @property
    def limit(self) -> int | None:
        """How many rows it holds, None for any number; negative if it was asked for."""
        return None if self.last is None else self.last - self.first + 1

    def cut(self, other: "Range") -> "Range":
        """Return the rows in both; none if there are none in one of them."""
        if self.is_empty or other.is_empty:
            return _EMPTY
        lasts = [one.last for one in (self, other) if one.last is not None]
        return Range(
            max(self.first, other.first),
            min(lasts) if lasts else None,
            self.has_offset or other.has_offset,
        )


ALL: Final = Range()

_EMPTY: Final = Range(1, -1, has_offset=True)

_NONE: Final = -1
"""The last row of `limit=0`, which is allowed although it holds nothing."""

_HEADER: Final = re.compile(r"([0-9]+)-([0-9]*)")


def ranges(limits: Mapping[str, str], offsets: Mapping[str, str]) -> dict[str, Range]:
    """Return the range of each level, by the key of its limit.

    Args:
        limits: Keys (`limit`, `rel.limit`) and values, the last of each key.
        offsets: The same for offsets, by the key that the level's limit would have.
    """
    if not limits and not offsets:
        return {}
    found: dict[str, Range] = {}
    for key in dict.fromkeys((*limits, *offsets)):
        limit = integer.read(limits[key]) if key in limits else None
        offset = integer.read(offsets[key]) if key in offsets else None
        if key in limits and key in offsets:
            # A limit that is no number counts as 0 beside an offset.
            found[key] = _from(offset, limit or 0)
        else:
            found[key] = _from(offset, limit)
    return found


def _from(offset: int | None, limit: int | None) -> Range:
    start = offset or 0
    last = None if limit is None else start + limit - 1
    return Range(start, last, has_offset=offset is not None)


def root(found: Mapping[str, Range], header: str | None, method: str) -> Range:
    """Return the rows of the root.

    Args:
        found: The ranges of all levels.
        header: `Range`; only GET heeds it, and only if it is well formed.
        method: The verb.

    Raises:
        Refusal: PGRST103 where nothing is left, PGRST114 for any window on PUT.
    """
    asked = found.get("limit", ALL)
    told = _header(header) if method == "GET" else ALL
    if asked.last == _NONE:
        rows = Range(0, _NONE, has_offset=asked.has_offset or told.has_offset)
    else:
        rows = told.cut(asked)
        if rows.is_empty:
            raise _unsatisfiable(told)
    if method == "PUT" and not rows.is_all:
        raise Refusal("PGRST114", "limit/offset querystring parameters are not allowed for PUT")
    return rows


def _header(header: str | None) -> Range:
    found = None if header is None else _HEADER.fullmatch(header)
    if found is None:
        return ALL
    start, last = integer.read(found[1]), integer.read(found[2])
    return Range(start or 0, last, has_offset=True)


def _unsatisfiable(told: Range) -> Refusal:
    details = "Limit should be greater than or equal to zero."
    if told.is_empty:
        details = (
            "The lower boundary must be lower than or equal to the upper boundary in the Range"
            " header."
        )
    return Refusal("PGRST103", "Requested range not satisfiable", details=details)
