"""The differences of two tables' keys, indexes, CHECKs and foreign keys. Pure.

Objects are compared by what they do; names may differ.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from changeover.catalog.drift import Difference, Severity
from changeover.catalog.values import Check, ForeignKey, Index, Key, Table

_NAME: Final = r'(?:"(?:[^"]|"")+"|[^\s".]+)'
_INDEX: Final = re.compile(
    rf"^CREATE (?:UNIQUE )?INDEX {_NAME} ON (?:ONLY )?{_NAME}(?:\.{_NAME})? (?P<rest>USING .*)",
    re.DOTALL,
)
_ACTIONS: Final = {
    "a": "NO ACTION", "r": "RESTRICT", "c": "CASCADE", "n": "SET NULL", "d": "SET DEFAULT",
}  # fmt: skip
_NULLS: Final = "NULLS NOT DISTINCT"


def index_shape(index: Index) -> str:
    """Return an index's definition from USING on: all but its own and its table's name."""
    found = _INDEX.fullmatch(index.definition)
    return found["rest"] if found else index.definition


def key_differences(source: Table, target: Table, resting: frozenset[str]) -> Iterator[Difference]:
    """Yield what differs between the constraints and indexes of a table and its other self.

    Args:
        source: The table of the source.
        target: The table of the target.
        resting: Names of constraints that were taken off by us, to be put back at the swap.
    """
    yield from _missing_keys(source, target)
    yield from _stricter_keys(source, target)
    yield from _other_unique(source, target)
    yield from _plain_indexes(source, target)
    yield from _invalid_indexes(source, target)
    yield from _checks(source, target)
    yield from _foreign_keys(source, target, resting)


def _difference(
    table: Table, kind: str, found: tuple[str | None, str | None], severity: Severity, breaks: str
) -> Difference:
    return Difference(
        kind=kind,
        object=str(table.name),
        source=found[0],
        target=found[1],
        severity=severity,
        breaks=breaks,
    )


def _kind(key: Key) -> str:
    return "primary key" if key.is_primary else "unique key"


def _shown(columns: Sequence[str]) -> str:
    return f"({', '.join(columns)})"


def _missing_keys(source: Table, target: Table) -> Iterator[Difference]:
    theirs = {frozenset(key.columns): key for key in reversed(target.keys)}
    for key in source.keys:
        other = theirs.get(frozenset(key.columns))
        columns = _shown(key.columns)
        upsert = f"upsert ON CONFLICT {columns} raises 42P10"
        if other is None:
            yield _difference(
                source,
                _kind(key),
                (columns, None),
                Severity.BEHAVES,
                f"{upsert}; rows that agree in {columns} are accepted and can't be carried back",
            )
        elif other.is_deferrable and not key.is_deferrable:
            yield _difference(
                source, _kind(key), (columns, f"{columns} DEFERRABLE"), Severity.BEHAVES, upsert
            )
        elif key.is_primary and not other.is_primary:
            yield _difference(
                source,
                "primary key",
                (columns, f"unique {columns}"),
                Severity.BEHAVES,
                "GROUP BY of the key alone, and tools that look for a primary key, fail",
            )


def _stricter_keys(source: Table, target: Table) -> Iterator[Difference]:
    """Yield the target's keys that the source's do not imply."""
    for key in target.keys:
        implied = any(
            set(ours.columns) <= set(key.columns)
            and (not ours.is_deferrable or key.is_deferrable)
            and (_NULLS not in _definition(target, key) or _NULLS in _definition(source, ours))
            for ours in source.keys
        )
        if not implied:
            columns = _shown(key.columns)
            yield _difference(
                source,
                _kind(key),
                (None, columns),
                Severity.REFUSES,
                f"rows that agree in {columns} are refused (23505)",
            )


def _definition(table: Table, key: Key) -> str:
    return next((i.definition for i in table.indexes if i.name == key.name), "")


def _other_unique(source: Table, target: Table) -> Iterator[Difference]:
    """Compare partial and expression indexes that are unique, and exclusion constraints."""
    old, new = _special(source), _special(target)
    for shape in sorted((old - new).elements()):
        yield _difference(
            source,
            "unique index",
            (shape, None),
            Severity.BEHAVES,
            "upserts that name it raise 42P10; rows that it refuses are accepted there",
        )
    for shape in sorted((new - old).elements()):
        yield _difference(
            source,
            "unique index",
            (None, shape),
            Severity.REFUSES,
            "rows that agree under it are refused (23505, 23P01)",
        )


def _special(table: Table) -> Counter[str]:
    names = {key.name for key in table.keys}
    return Counter(
        index_shape(index)
        for index in table.indexes
        if (index.is_unique or index.is_exclusion) and index.name not in names
    )


def _plain_indexes(source: Table, target: Table) -> Iterator[Difference]:
    old, new = (
        Counter(index_shape(i) for i in t.indexes if not i.is_unique and not i.is_exclusion)
        for t in (source, target)
    )
    for shape in sorted((old - new).elements()):
        yield _difference(
            source,
            "index",
            (shape, None),
            Severity.BEHAVES,
            "queries that it serves read the whole table",
        )
    for shape in sorted((new - old).elements()):
        yield _difference(
            source, "index", (None, shape), Severity.NOTE, "writes keep one more index"
        )


def _invalid_indexes(source: Table, target: Table) -> Iterator[Difference]:
    for index in target.indexes:
        if not index.is_valid:
            yield _difference(
                source,
                "index",
                (None, f"{index.name} is invalid"),
                Severity.BEHAVES,
                "no query uses it, no upsert may name it, and writes keep it all the same",
            )


def _checks(source: Table, target: Table) -> Iterator[Difference]:
    old, new = (_check_counts(t.checks) for t in (source, target))
    for definition in sorted((old - new).elements()):
        yield _difference(
            source,
            "check",
            (definition, None),
            Severity.BEHAVES,
            "rows that break it are accepted and can't be carried back (23514)",
        )
    for definition in sorted((new - old).elements()):
        yield _difference(
            source,
            "check",
            (None, definition),
            Severity.REFUSES,
            "rows that break it are refused (23514)",
        )
    open_checks = {_plain(c.definition) for c in source.checks if not c.is_validated}
    for definition in sorted(open_checks & new.keys()):
        yield _difference(
            source,
            "check",
            (f"{definition} NOT VALID", definition),
            Severity.NOTE,
            "older rows of the source may break it: those are refused (23514)",
        )


def _plain(definition: str) -> str:
    return definition.removesuffix(" NOT VALID")


def _check_counts(checks: Sequence[Check]) -> Counter[str]:
    return Counter(_plain(check.definition) for check in checks)


def _foreign_keys(source: Table, target: Table, resting: frozenset[str]) -> Iterator[Difference]:
    old = {_link(key): key for key in source.foreign_keys}
    new = {_link(key): key for key in target.foreign_keys}
    for link, key in old.items():
        other = new.get(link)
        if other is None and key.name not in resting:
            yield _difference(
                source,
                "foreign key",
                (_shown_link(key), None),
                Severity.BEHAVES,
                f"rows without a parent in {key.references} are accepted and can't be carried back "
                f"(23503); ON DELETE {_ACTIONS[key.on_delete]} does nothing",
            )
        elif other is not None:
            yield from _link_differences(source, key, other)
    for link, key in new.items():
        if link not in old:
            yield _difference(
                source,
                "foreign key",
                (None, _shown_link(key)),
                Severity.REFUSES,
                f"rows without a parent in {key.references} are refused (23503)",
            )


def _link(key: ForeignKey) -> tuple[object, ...]:
    pairs = frozenset(zip(key.columns, key.referenced_columns, strict=True))
    return (pairs, key.references)


def _actions(key: ForeignKey) -> str:
    deferrable = " DEFERRABLE" if key.is_deferrable else ""
    return f"ON DELETE {_ACTIONS[key.on_delete]} ON UPDATE {_ACTIONS[key.on_update]}{deferrable}"


def _shown_link(key: ForeignKey) -> str:
    return (
        f"{_shown(key.columns)} REFERENCES {key.references} {_shown(key.referenced_columns)} "
        f"{_actions(key)}"
    )


def _link_differences(table: Table, key: ForeignKey, other: ForeignKey) -> Iterator[Difference]:
    if _actions(key) != _actions(other):
        yield _difference(
            table,
            "foreign key",
            (_shown_link(key), _shown_link(other)),
            Severity.BEHAVES,
            f"deleting or changing a parent in {key.references} does something else",
        )
    if key.is_validated and not other.is_validated:
        yield _difference(
            table,
            "foreign key",
            (_shown_link(key), f"{_shown_link(other)} NOT VALID"),
            Severity.NOTE,
            "older rows may have no parent; VALIDATE CONSTRAINT tells",
        )
