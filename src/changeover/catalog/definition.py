"""What a database's objects are defined as, one text each, and what has changed since. Pure.

Two databases are compared elsewhere; here one is compared with what it was.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

import msgspec

from changeover.catalog.values import Catalog, Column, Index, Table
from changeover.model.name import TableName

_OURS: Final = "changeover"
_UNVALIDATED: Final = re.compile(r" NOT VALID$")


class Kind(StrEnum):
    """What sort of object it is."""

    TABLE = "table"
    PARTITION = "partition"
    COLUMN = "column"
    DEFAULT = "default"
    INDEX = "index"
    CHECK = "check"
    FOREIGN_KEY = "foreign key"
    TRIGGER = "trigger"
    POLICY = "policy"
    VIEW = "view"
    FUNCTION = "function"


_PARTS: Final = frozenset(
    {
        Kind.COLUMN,
        Kind.DEFAULT,
        Kind.INDEX,
        Kind.CHECK,
        Kind.FOREIGN_KEY,
        Kind.TRIGGER,
        Kind.POLICY,
    }
)
"""What changes a table when it is added to it; a new table or partition changes no other."""


class Definition(msgspec.Struct, frozen=True, kw_only=True):
    """One object and its text.

    Attributes:
        table: The table that it belongs to; the object itself where it belongs to none.
        name: Its name within the table; empty where it is the table.
        text: What it is defined as. Equal texts do the same.
    """

    kind: Kind
    table: TableName
    name: str
    text: str

    @property
    def subject(self) -> str:
        """The object with its table, as a finding names it."""
        return f"{self.table}.{self.name}" if self.name else str(self.table)


_Place = tuple[Kind, TableName, str]


class Drift(msgspec.Struct, frozen=True, kw_only=True):
    """An object that is no longer what it was.

    Attributes:
        was: Its text then; None if it was not there.
        now: Its text now; None if it is gone.
    """

    kind: Kind
    table: TableName
    subject: str
    was: Definition | None
    now: Definition | None

    def __str__(self) -> str:
        if self.now is None:
            return f"the {self.kind} {self.subject} is gone; it was: {_text(self.was)}"
        if self.was is None:
            return f"the {self.kind} {self.subject} was added: {_text(self.now)}"
        return f"the {self.kind} {self.subject} was: {_text(self.was)}; is: {_text(self.now)}"


def _text(found: Definition | None) -> str:
    return (found.text if found else "") or "none"


def definitions(catalog: Catalog) -> tuple[Definition, ...]:
    """Return what everything is defined as that behaviour depends on; nothing of ours."""
    return tuple(_definitions(catalog))


def drifted(
    recorded: Iterable[Definition],
    present: Iterable[Definition],
    resting: Collection[tuple[TableName, str]] = (),
) -> tuple[Drift, ...]:
    """Return what is not as it was recorded.

    Args:
        recorded: The definitions of then.
        present: The definitions of now.
        resting: Triggers and foreign keys that we have put to rest, by table and name.

    Returns:
        What changed, is gone, or was added to a table that stood then, by kind and name.
    """
    return tuple(_drifted(_placed(recorded), _placed(present), frozenset(resting)))


def merged(
    recorded: Iterable[Definition], present: Iterable[Definition], drift: Iterable[Drift]
) -> tuple[Definition, ...]:
    """Return what is to be recorded now, so that drift of before stays drift."""
    kept, known = _placed(present), _placed(recorded)
    for one in drift:
        found = one.was or one.now
        assert found is not None, "a drift has one side at least"
        place = _place(found)
        if place in known:
            kept[place] = known[place]
        else:
            kept.pop(place, None)
    return tuple(kept.values())


def _placed(found: Iterable[Definition]) -> dict[_Place, Definition]:
    return {_place(one): one for one in found}


def _place(one: Definition) -> _Place:
    return one.kind, one.table, one.name


def _drifted(
    known: Mapping[_Place, Definition],
    present: Mapping[_Place, Definition],
    resting: frozenset[tuple[TableName, str]],
) -> Iterator[Drift]:
    tables = {one.table for one in known.values() if one.kind is Kind.TABLE}
    for place in sorted(known.keys() | present.keys()):
        was, now = known.get(place), present.get(place)
        kind, table, name = place
        is_resting = kind in {Kind.TRIGGER, Kind.FOREIGN_KEY} and (table, name) in resting
        is_new_part = was is None and (kind not in _PARTS or table not in tables)
        if was == now or is_resting or is_new_part or _is_implied(place, known, present):
            continue
        found = was or now
        assert found is not None, "the place is in one of the two"
        yield Drift(kind=kind, table=table, subject=found.subject, was=was, now=now)


def _is_implied(
    place: _Place, known: Mapping[_Place, Definition], present: Mapping[_Place, Definition]
) -> bool:
    """Return whether an object went or came with its column or its table, which tells it."""
    kind, table, name = place
    if kind is Kind.TABLE:
        return False
    if (Kind.TABLE, table, "") in known and (Kind.TABLE, table, "") not in present:
        return True
    column = (Kind.COLUMN, table, name)
    return kind is Kind.DEFAULT and (column in known) != (column in present)


def _definitions(catalog: Catalog) -> Iterator[Definition]:
    for table in catalog.tables.values():
        yield from _table(table)
    for policy in catalog.policies:
        text = (
            f"{'permissive' if policy.is_permissive else 'restrictive'} for {policy.command} to"
            f" {', '.join(policy.roles)} using ({policy.using}) with check ({policy.check})"
        )
        yield Definition(kind=Kind.POLICY, table=policy.table, name=policy.name, text=text)
    for view in catalog.views:
        yield Definition(kind=Kind.VIEW, table=view.name, name="", text=view.definition)
    for function in catalog.functions:
        place = TableName(function.name.schema, function.identity)
        text = f"definition {function.body_digest}"
        yield Definition(kind=Kind.FUNCTION, table=place, name="", text=text)


def _table(table: Table) -> Iterator[Definition]:
    yield Definition(kind=Kind.TABLE, table=table.name, name="", text=_kind_of(table))
    for one in table.partitions:
        yield Definition(kind=Kind.PARTITION, table=one.name, name="", text=one.bound)
    for kind, name, text in _parts(table):
        yield Definition(kind=kind, table=table.name, name=name, text=text)


def _parts(table: Table) -> Iterator[tuple[Kind, str, str]]:
    for column in table.columns:
        yield Kind.COLUMN, column.name, _column(column)
        yield Kind.DEFAULT, column.name, column.default or ""
    for index in table.indexes:
        yield Kind.INDEX, index.name, _index(index)
    for check in table.checks:
        yield Kind.CHECK, check.name, _UNVALIDATED.sub("", check.definition)
    for key in table.foreign_keys:
        yield Kind.FOREIGN_KEY, key.name, _UNVALIDATED.sub("", key.definition)
    for trigger in table.triggers:
        if trigger.function.schema != _OURS:
            text = f"{trigger.definition} (enabled: {trigger.enabled})"
            yield Kind.TRIGGER, trigger.name, text


def _kind_of(table: Table) -> str:
    parted = f"partitioned by {table.partition_key}" if table.partition_key else "plain"
    logged = "" if table.persistence == "p" else ", not logged"
    hidden = ", row level security" if table.has_row_security else ""
    forced = ", forced" if table.is_row_security_forced else ""
    return f"{parted}{logged}{hidden}{forced}"


def _column(column: Column) -> str:
    collation = f" COLLATE {column.collation}" if column.collation else ""
    required = " NOT NULL" if column.is_not_null else ""
    identity = {"": "", "a": " GENERATED ALWAYS AS IDENTITY"}.get(
        column.identity, " GENERATED BY DEFAULT AS IDENTITY"
    )
    computed = f" GENERATED ALWAYS AS ({column.expression})" if column.generated else ""
    return f"{column.type}{collation}{required}{identity}{computed}"


def _index(index: Index) -> str:
    constraint = " of a constraint" if index.constraint else ""
    broken = "" if index.is_valid else " (invalid)"
    return f"{index.definition}{constraint}{broken}"
