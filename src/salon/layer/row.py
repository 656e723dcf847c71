"""Rows that are to be written: checked, converted and stamped, all of them or none."""

import datetime as dt
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from salon.error import InvalidArgumentError
from salon.layer import argument
from salon.layer.moment import utc_text
from salon.layer.operation import Row, Upsert
from salon.layer.value import plain

NAMED_MAX: Final = 20
"""Problems that one error names at the most; the rest is counted."""

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def _as_checked(row: Row, given: Mapping[str, Any]) -> Row:  # noqa: ARG001 - one of several such
    return row


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """What rows of one table must look like.

    Attributes:
        table: The table.
        conflict: The columns of the unique key.
        needed: The columns that a row must have, each with its check.
        local: Its columns of the type timestamp: book-keeping, UTC wall time.
        zoned: Its columns of the type timestamptz.
        days: Its columns of the type date.
        stamps: The columns that are set to now.
        returned: The columns of a returned row; none for all.
        completed: What makes the row to write of the checked one and the one that was given.
    """

    table: str
    conflict: tuple[str, ...]
    needed: Mapping[str, Callable[[str, Any], Any]]
    local: frozenset[str] = frozenset()
    zoned: frozenset[str] = frozenset()
    days: frozenset[str] = frozenset()
    stamps: tuple[str, ...]
    returned: tuple[str, ...] = ()
    completed: Callable[[Row, Mapping[str, Any]], Row] = _as_checked


def batch(value: Any, rows_max: int) -> Sequence[Any]:
    """Return the rows of a bulk write: one row, or a list of 1 to so many.

    Raises:
        InvalidArgumentError: It is something else, or too much.
    """
    rows = [value] if isinstance(value, Mapping) else value
    if not isinstance(rows, list | tuple):
        raise InvalidArgumentError(f"a {type(value).__name__} is neither a row nor a list of rows")
    if not 1 <= len(rows) <= rows_max:
        raise InvalidArgumentError(
            f"{len(rows)} rows were given, a batch has 1 to {rows_max}",
            hint="write them in several batches",
        )
    return rows


def prepared(form: Form, rows: Sequence[Any], now: dt.datetime) -> Upsert:
    """Return the write of some rows.

    Args:
        form: What they must look like.
        rows: As they were given.
        now: What the stamps are set to.

    Raises:
        InvalidArgumentError: It names every bad row by its index, and two rows with one key.
    """
    problems: list[str] = []
    found: list[Row] = []
    first: dict[tuple[Any, ...], int] = {}
    for index, given in enumerate(rows):
        row = _checked(form, given, problems, f"row {index}: " if len(rows) > 1 else "")
        if row is None:
            continue
        key = tuple(row[name] for name in form.conflict)
        if key in first:
            problems.append(f"rows {first[key]} and {index} have the same key")
        first.setdefault(key, index)
        found.append(row | _stamped(form, now))
    if problems:
        _refuse(form, problems)
    return Upsert(
        table=form.table, rows=tuple(found), conflict=form.conflict, columns=form.returned
    )


def _checked(form: Form, given: Any, problems: list[str], place: str) -> Row | None:
    """Return a row in JSON's values, or None after its problems were told."""
    if not isinstance(given, Mapping):
        problems.append(f"{place}a {type(given).__name__} is no row")
        return None
    row: Row = {}
    before = len(problems)
    names = [*form.needed, *(name for name in given if name not in form.needed)]
    for name in names:
        try:
            row[name] = _value(form, name, given.get(name))
        except InvalidArgumentError as error:
            problems.append(place + error.message)
    return form.completed(row, given) if len(problems) == before else None


def _value(form: Form, name: Any, value: Any) -> Any:
    check = form.needed.get(name) if isinstance(name, str) else None
    if check is not None:
        if value is None:
            raise InvalidArgumentError(f"{name} is needed")
        return check(name, value)
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise InvalidArgumentError("a column's name is none of PostgreSQL's plain names")
    if value is None:
        return None
    if name in form.days:
        return argument.day(name, value)
    if name in form.local or name in form.zoned:
        found = utc_text(value, has_zone=name in form.zoned)
        if found is None:
            raise InvalidArgumentError(f"{name} must be a moment, or its text in ISO 8601")
        return found
    return plain(name, value)


def _stamped(form: Form, now: dt.datetime) -> Row:
    return {name: utc_text(now, has_zone=name in form.zoned) for name in form.stamps}


def _refuse(form: Form, problems: list[str]) -> None:
    told = "; ".join(problems[:NAMED_MAX])
    more = f"; and {len(problems) - NAMED_MAX} more" if len(problems) > NAMED_MAX else ""
    raise InvalidArgumentError(
        f"public.{form.table}: {told}{more}", hint="nothing was written; correct the rows"
    )
