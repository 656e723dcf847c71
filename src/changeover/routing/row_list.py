"""Comparing two lists of rows: as a sequence where the request orders them, else as a multiset.

Pure. A window (limit, offset, cap) over an order with ties, or over none, may lawfully cut other
rows on the other side: what could be that is a doubt, not a difference. What can't be is one.
"""

from collections import defaultdict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from changeover.routing import exact_json
from changeover.routing.exact_json import Record
from changeover.routing.mismatch import Findings, MismatchClass
from changeover.routing.outline import Level
from changeover.routing.row_order import sort_key, told

Indices: TypeAlias = list[int]

_PAIRED_MAX: Final = 30
"""Rows without a key are paired by likeness, which takes time by the square."""
TIES: Final = "rows that are equal in the order may come in any"
WINDOW: Final = "a limit without a complete order may cut other rows"
GIVEN: Final = "the function's own order differs, and the request names none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most rows that a side returns of its own accord; None for all."""

    primary: int | None = None
    secondary: int | None = None


@dataclass(frozen=True, slots=True)
class _Side:
    """One side's rows.

    Attributes:
        texts: Each row as a text that is equal for equal rows.
        limit: The most rows that this side would have returned.
        is_partial: Whether there may be more rows than these.
    """

    rows: Sequence[Any]
    texts: Sequence[str]
    limit: int | None
    is_cut: bool
    is_partial: bool

    @classmethod
    def of(cls, rows: Sequence[Any], level: Level, cap: int | None) -> "_Side":
        """Return a side of a comparison."""
        bounds = [one for one in (level.limit, cap) if one is not None]
        limit = min(bounds, default=None)
        is_cut = level.limit is not None and len(rows) >= level.limit
        is_cut = is_cut or (limit is not None and len(rows) == limit)
        texts = [row_text(one, level) for one in rows]
        return cls(rows, texts, limit, is_cut, is_cut or level.offset > 0)


def row_text(value: Any, level: Level) -> str:
    """Return a row as a text that is equal for equal rows; to-many embeds are multisets in it.

    Args:
        value: A row, or what stands in its place: null, or a scalar of a function.
        level: What is known of its order.
    """
    if not isinstance(value, Record):
        return exact_json.text(value)
    members = sorted(value.members, key=lambda one: one[0])
    parts = (f"{exact_json.quoted(name)}:{_cell(name, one, level)}" for name, one in members)
    return "{" + ",".join(parts) + "}"


def _cell(name: str, value: Any, level: Level) -> str:
    child = level.children.get(name)
    if isinstance(value, list) and child is not None:
        return "[" + ",".join(sorted(row_text(one, child) for one in value)) + "]"
    if isinstance(value, list) and name in level.gathered:
        return "[" + ",".join(sorted(map(exact_json.text, value))) + "]"
    return exact_json.text(value) if child is None else row_text(value, child)


def compare(
    primary: Sequence[Any], secondary: Sequence[Any], level: Level, caps: Caps, findings: Findings
) -> None:
    """Compare two lists of rows and note what differs.

    Args:
        primary: The primary's rows, as `exact_json.read` returns them.
        secondary: The secondary's.
        level: What is known of their order.
        caps: Each side's own cap on rows, which holds for embeds too.
        findings: Where differences and doubts are noted.
    """
    _Lists(primary, secondary, level, caps, findings).run()


class _Lists:
    """Two lists, while they are compared."""

    def __init__(
        self,
        primary: Sequence[Any],
        secondary: Sequence[Any],
        level: Level,
        caps: Caps,
        findings: Findings,
    ) -> None:
        self._primary = _Side.of(primary, level, caps.primary)
        self._secondary = _Side.of(secondary, level, caps.secondary)
        self._level = level
        self._caps = caps
        self._findings = findings

    def run(self) -> None:
        first, second = self._primary, self._secondary
        pairs, left, right = _match(first.texts, second.texts)
        for one, other in pairs:
            self._compare_embeds(first.rows[one], second.rows[other])
        left, right = self._compare_same_keys(left, right)
        is_capped = self._is_capped()
        if is_capped:
            self._findings.add(self._level.table, MismatchClass.CAP)
        is_reordered = self._compare_order(pairs)
        if is_capped:
            left = [] if second.is_partial else left
            right = [] if first.is_partial else right
        elif first.is_partial or second.is_partial:
            left, right = self._inside(left, right, is_reordered=is_reordered)
        self._report(left, right)

    def _is_capped(self) -> bool:
        """Return whether one side stopped at its cap and the other went on."""
        first, second = self._primary, self._secondary
        if first.limit == second.limit:
            return False
        is_first = first.is_cut and len(second.rows) > len(first.rows)
        return is_first or (second.is_cut and len(first.rows) > len(second.rows))

    def _compare_same_keys(self, left: Indices, right: Indices) -> tuple[Indices, Indices]:
        """Compare rows of equal keys; return those that have no partner."""
        keys = self._keys()
        if keys is None:
            return left, right
        others = {keys[1][index]: index for index in right}
        alone: Indices = []
        for index in left:
            other = others.pop(keys[0][index], None)
            if other is None:
                alone.append(index)
            else:
                self._compare_rows(self._primary.rows[index], self._secondary.rows[other])
        return alone, sorted(others.values())

    def _keys(self) -> tuple[list[tuple[str, ...]], list[tuple[str, ...]]] | None:
        """Return the keys of all rows of both sides, if they are shown and tell rows apart."""
        if not self._level.key:
            return None
        found = tuple(
            [_key(row, self._level) for row in side.rows]
            for side in (self._primary, self._secondary)
        )
        is_unique = all(len(set(keys)) == len(keys) and () not in keys for keys in found)
        return (found[0], found[1]) if is_unique else None

    def _compare_rows(self, one: Any, other: Any) -> None:
        """Compare two rows that stand for the same one."""
        if not isinstance(one, Record) or not isinstance(other, Record):
            values = (exact_json.text(one), exact_json.text(other))
            self._findings.add(self._level.table, MismatchClass.VALUE, (), (), values)
            return
        mine, its = one.as_row(), other.as_row()
        differing = [
            name
            for name in sorted(mine.keys() | its.keys())
            if not self._is_compared_below(name, mine, its)
            and _text_of(name, mine, self._level) != _text_of(name, its, self._level)
        ]
        if differing:
            values = (_cells(differing, mine), _cells(differing, its))
            key = _key(one, self._level)
            self._findings.add(self._level.table, MismatchClass.VALUE, differing, key, values)
        self._compare_embeds(one, other)

    def _is_compared_below(self, name: str, mine: dict[str, Any], its: dict[str, Any]) -> bool:
        return name in self._level.children and (
            type(mine.get(name)) is type(its.get(name)) and mine.get(name) is not None
        )

    def _compare_embeds(self, one: Any, other: Any) -> None:
        """Compare what two rows embed."""
        if not self._level.children or not isinstance(one, Record) or not isinstance(other, Record):
            return
        mine, its = one.as_row(), other.as_row()
        for name, child in self._level.children.items():
            first, second = mine.get(name), its.get(name)
            if isinstance(first, list) and isinstance(second, list):
                compare(first, second, child, self._caps, self._findings)
            elif isinstance(first, Record) and isinstance(second, Record):
                compare([first], [second], child, Caps(), self._findings)

    def _compare_order(self, pairs: list[tuple[int, int]]) -> bool:
        """Compare the order of the rows that both sides have; return whether it differs."""
        level = self._level
        places = [other for _, other in sorted(pairs)]
        sequence = sorted(places)
        if places == sequence or not (level.is_ordered or level.is_given):
            return False
        if not level.is_ordered:
            self._findings.doubts.add(GIVEN)
            return False
        terms = told(level)
        firsts = [sort_key(self._primary.rows[one], terms) for one, _ in sorted(pairs)]
        seconds = [sort_key(self._secondary.rows[other], terms) for other in sequence]
        if firsts == seconds and not level.is_total:
            if len(terms) < len(level.terms):
                self._findings.doubts.add(TIES)
            return False
        self._findings.add(level.table, MismatchClass.ORDER, [one.column for one in level.terms])
        return True

    def _inside(
        self, left: Indices, right: Indices, *, is_reordered: bool
    ) -> tuple[Indices, Indices]:
        """Return the rows without a partner that no window explains."""
        if is_reordered:
            # Another order cuts other rows: that has been told.
            return [], []
        first, second = self._primary, self._secondary
        kept_left = [one for one in left if not self._may_be_outside(first.rows[one], second)]
        kept_right = [one for one in right if not self._may_be_outside(second.rows[one], first)]
        has_doubt = len(kept_left) + len(kept_right) < len(left) + len(right)
        if has_doubt:
            self._findings.doubts.add(WINDOW)
        if self._level.is_ordered:
            kept_left, kept_right = self._unshifted(kept_left, kept_right)
        is_told = kept_left or kept_right
        if not is_told and len(first.rows) != len(second.rows) and first.limit == second.limit:
            is_less = len(second.rows) < len(first.rows)
            kind = MismatchClass.MISSING if is_less else MismatchClass.EXTRA
            self._findings.add(self._level.table, kind)
        return kept_left, kept_right

    def _may_be_outside(self, row: Any, other: _Side) -> bool:
        """Return whether a row that a side has not got may lie just outside of its window."""
        if not other.is_partial:
            return False
        level = self._level
        terms = told(level)
        if level.is_total:
            return False
        if len(terms) < len(level.terms) or not level.terms or not other.rows:
            return True
        edges = [other.rows[-1]] if other.is_cut else []
        edges += [other.rows[0]] if level.offset else []
        return any(sort_key(row, terms) == sort_key(edge, terms) for edge in edges)

    def _unshifted(self, left: Indices, right: Indices) -> tuple[Indices, Indices]:
        """Leave out the rows that only moved into the window, or out of it.

        Where a row is missing, the window's last row is one that comes after those of the other
        side; where the row before the window is missing, its first row has left it too.
        """
        ends = (_tail(left, len(self._primary.rows)), _tail(right, len(self._secondary.rows)))
        if ends[1] and not ends[0]:
            right = right[: len(right) - min(ends[1], len(left))]
        elif ends[0] and not ends[1]:
            left = left[: len(left) - min(ends[0], len(right))]
        if not self._level.offset:
            return left, right
        heads = (_head(left), _head(right))
        if heads[0] and not heads[1]:
            self._findings.add(self._level.table, MismatchClass.MISSING)
            left = left[heads[0] :]
        elif heads[1] and not heads[0]:
            self._findings.add(self._level.table, MismatchClass.EXTRA)
            right = right[heads[1] :]
        return left, right

    def _report(self, left: Indices, right: Indices) -> None:
        """Note rows without a partner; where the key is not shown, the most alike are paired."""
        if self._keys() is None:
            left, right = self._pair_alike(left, right)
        for indices, side, kind in (
            (left, self._primary, MismatchClass.MISSING),
            (right, self._secondary, MismatchClass.EXTRA),
        ):
            for index in indices:
                row = side.rows[index]
                key = _key(row, self._level)
                text = exact_json.text(row)
                values = (text, "") if kind is MismatchClass.MISSING else ("", text)
                self._findings.add(self._level.table, kind, (), key, values)

    def _pair_alike(self, left: Indices, right: Indices) -> tuple[Indices, Indices]:
        left, right = list(left), list(right)
        while left and right and max(len(left), len(right)) <= _PAIRED_MAX:
            _, one, other = min(
                (self._unlikeness(one, other), one, other) for one in left for other in right
            )
            left.remove(one)
            right.remove(other)
            self._compare_rows(self._primary.rows[one], self._secondary.rows[other])
        return left, right

    def _unlikeness(self, one: int, other: int) -> int:
        first, second = self._primary.rows[one], self._secondary.rows[other]
        if not isinstance(first, Record) or not isinstance(second, Record):
            return 1
        mine, its = first.as_row(), second.as_row()
        names = mine.keys() | its.keys()
        return sum(
            _text_of(name, mine, self._level) != _text_of(name, its, self._level) for name in names
        )


def _match(
    first: Sequence[str], second: Sequence[str]
) -> tuple[list[tuple[int, int]], Indices, Indices]:
    """Return the places of equal rows, and of those that have no equal."""
    waiting: dict[str, deque[int]] = defaultdict(deque)
    for index, text in enumerate(second):
        waiting[text].append(index)
    pairs: list[tuple[int, int]] = []
    left: Indices = []
    for index, text in enumerate(first):
        if waiting.get(text):
            pairs.append((index, waiting[text].popleft()))
        else:
            left.append(index)
    return pairs, left, sorted(index for indices in waiting.values() for index in indices)


def _tail(indices: Indices, length: int) -> int:
    """Return how many of the places are the list's last ones."""
    return next(
        (n for n, one in enumerate(reversed(indices)) if one != length - 1 - n), len(indices)
    )


def _head(indices: Indices) -> int:
    """Return how many of the places are the list's first ones."""
    return next((n for n, one in enumerate(indices) if one != n), len(indices))


def _text_of(name: str, row: dict[str, Any], level: Level) -> str | None:
    """Return a member as a text; None if there is none, which a stripped null is too."""
    return _cell(name, row[name], level) if name in row else None


def _cells(names: Sequence[str], row: dict[str, Any]) -> str:
    return exact_json.text(Record([(name, row[name]) for name in names if name in row]))


def _key(row: Any, level: Level) -> tuple[str, ...]:
    """Return a row's key; empty if it is not shown."""
    if not isinstance(row, Record):
        return ()
    members = row.as_row()
    if not all(name in members for name in level.key):
        return ()
    return tuple(exact_json.text(members[name]) for name in level.key)
