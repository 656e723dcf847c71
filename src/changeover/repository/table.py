"""What a repository asks and makes of the answers: written once, as generators, for two colours.

Each yields messages and is sent their replies; it knows no store, no clock and no thread.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Generic, TypeVar

import msgspec

from changeover.catalog.snapshot import Relation
from changeover.engine.message import Message, Reply
from changeover.model.row_errors import InvalidFilterError, MultipleRowsError
from changeover.repository.condition import (
    ALL,
    Filter,
    Order,
    Unlimited,
    beyond,
    encode,
    eq,
    is_empty,
    order_parameter,
    parameters,
    quoted,
)
from changeover.repository.fault import fault_of, is_error
from changeover.repository.value import body_of, column_of, columns_of

T = TypeVar("T")
Steps = Generator[Message, Reply, T]
"""A conversation: messages out, replies in, a result at the end."""

ROW_TYPES_MAX: Final = 256
"""Row types whose columns are remembered; reading them anew costs more than parsing an answer."""

_JSON: Final = ("content-type", "application/json")


@dataclass(frozen=True, slots=True, kw_only=True)
class Table(Generic[T]):
    """One table, as a repository knows it.

    Attributes:
        relation: Its catalog entry, which every name is held against.
        row_type: What a row becomes: `dict[str, Any]`, or a msgspec Struct or dataclass.
        headers: Headers of every message: the schema's profile, the caller's key.
        page_rows_max: The rows that the store returns at the most (its `max_rows`), None if all.
        batch_rows_max: The rows of one bulk statement at the most.
    """

    relation: Relation
    row_type: type[T]
    headers: tuple[tuple[str, str], ...] = field(repr=False)
    page_rows_max: int | None
    batch_rows_max: int

    # ---- reads ----------------------------------------------------------------------------------

    def find_one(self, filters: Sequence[Filter]) -> Steps[T | None]:
        """Ask for the row that matches."""
        if is_empty(filters):
            return None
        query = [*parameters(self.relation, filters), self._selected(), ("limit", "2")]
        rows = self._rows((yield self._read(query)))
        if len(rows) > 1:
            raise MultipleRowsError(
                f"{self.relation.name}: more than one row matches",
                hint="filter by a key, or use find_many",
            )
        return rows[0] if rows else None

    def find_many(
        self,
        filters: Sequence[Filter],
        order: Sequence[Order],
        limit: int | Unlimited,
        after: Sequence[Any] | None,
    ) -> Steps[list[T]]:
        """Ask for rows in a total order, page by page where the store cuts pages."""
        wanted = _limit(limit)
        total = self._total(order)
        found: list[T] = []
        if is_empty(filters) or wanted == 0:
            return found
        last = after
        while True:
            asked = None if wanted is None else wanted - len(found)
            page = yield from self._page(filters, total, asked, last)
            found += page
            full = min((n for n in (asked, self.page_rows_max) if n is not None), default=None)
            if full is None or len(page) < full or len(found) == wanted:
                return found
            last = self._key_of(page[-1], total)

    def _page(
        self,
        filters: Sequence[Filter],
        order: Sequence[Order],
        limit: int | None,
        after: Sequence[Any] | None,
    ) -> Steps[list[T]]:
        query = [*parameters(self.relation, filters), self._selected()]
        if order:
            query.append(("order", order_parameter(self.relation, order)))
        if after is not None:
            query.append(("or", beyond(self.relation, order, after)))
        if limit is not None:
            query.append(("limit", str(limit)))
        return self._rows((yield self._read(query)))

    def _total(self, order: Sequence[Order]) -> tuple[Order, ...]:
        """Return an order in which no two rows tie: the primary key comes last."""
        named = {one.column for one in order}
        return (
            *order,
            *(Order(name) for name in self.relation.primary_key if name not in named),
        )

    def _key_of(self, row: T, order: Sequence[Order]) -> tuple[Any, ...]:
        given = columns_of(row)
        missing = [one.column for one in order if one.column not in given]
        if missing or not self.relation.primary_key:
            raise InvalidFilterError(
                f"{self.relation.name}: a longer list can't be read on: "
                f"{', '.join(missing) or 'a primary key'} is missing",
                hint="let the row type hold the order's columns and the primary key",
            )
        return tuple(given[one.column] for one in order)

    def count(self, filters: Sequence[Filter]) -> Steps[int]:
        """Ask how many rows match, exactly."""
        if is_empty(filters):
            return 0
        query = parameters(self.relation, filters)
        reply = yield self._message("HEAD", query, prefer="count=exact")
        self._require_fine(reply)
        total = next(value for name, value in reply.headers if name.lower() == "content-range")
        return int(total.rpartition("/")[2])

    def exists(self, filters: Sequence[Filter]) -> Steps[bool]:
        """Ask whether a row matches."""
        if is_empty(filters):
            return False
        key = self.relation.primary_key or (self.relation.columns[0].name,)
        query = [*parameters(self.relation, filters), ("select", quoted(key[0])), ("limit", "1")]
        reply = yield self._read(query)
        self._require_fine(reply)
        return bool(msgspec.json.decode(reply.body))

    # ---- writes ---------------------------------------------------------------------------------

    def insert(self, row: Any) -> Steps[T]:
        """Write a new row; columns that are missing get their defaults."""
        given = columns_of(row)
        reply = yield self._message(
            "POST",
            [self._selected(), *self._columns(given)],
            prefer="return=representation,missing=default",
            body=body_of(self.relation, [given]),
        )
        return self._rows(reply)[0]

    def insert_missing(self, row: Any, conflict: Sequence[str]) -> Steps[T | None]:
        """Write a new row unless its key is taken; then nothing happens and there is no row."""
        given = columns_of(row)
        targets = self._targets(given, conflict)
        reply = yield self._message(
            "POST",
            [
                ("on_conflict", ",".join(map(quoted, targets))),
                self._selected(),
                *self._columns(given),
            ],
            prefer="return=representation,resolution=ignore-duplicates,missing=default",
            body=body_of(self.relation, [given]),
        )
        rows = self._rows(reply)
        return rows[0] if rows else None

    def update(self, filters: Sequence[Filter], changes: Any) -> Steps[list[T]]:
        """Change the rows that match; columns that are missing stay as they are."""
        given = columns_of(changes)
        self._require_filters(filters, "update")
        if not given or is_empty(filters):
            return []
        reply = yield self._message(
            "PATCH",
            [*parameters(self.relation, filters), self._selected()],
            prefer="return=representation",
            body=body_of(self.relation, [given])[1:-1],
        )
        return self._rows(reply)

    def delete(self, filters: Sequence[Filter]) -> Steps[list[T]]:
        """Remove the rows that match."""
        self._require_filters(filters, "delete")
        if is_empty(filters):
            return []
        reply = yield self._message(
            "DELETE",
            [*parameters(self.relation, filters), self._selected()],
            prefer="return=representation",
        )
        return self._rows(reply)

    def upsert(self, row: Any, conflict: Sequence[str]) -> Steps[T]:
        """Insert a row, or set what was given of it where the conflict columns are taken."""
        given = columns_of(row)
        rows = yield from self._upsert([given], conflict)
        if rows:
            return rows[0]
        found = yield from self.find_one([eq(name, given[name]) for name in conflict])
        if found is None:
            raise MultipleRowsError(
                f"{self.relation.name}: the row went away between two statements",
                hint="write it again",
            )
        return found

    def bulk_upsert(self, rows: Sequence[Any], conflict: Sequence[str]) -> Steps[list[T]]:
        """Upsert rows, one statement per set of columns, each row's columns as they were given."""
        if len(rows) > self.batch_rows_max:
            raise InvalidFilterError(
                f"{len(rows)} rows are more than a batch of {self.batch_rows_max}",
                hint="use bulk_upsert_batched",
            )
        given = [columns_of(row) for row in rows]
        self._refuse_repeats(given, conflict)
        groups: dict[frozenset[str], list[Mapping[str, Any]]] = {}
        for one in given:
            groups.setdefault(frozenset(one), []).append(one)
        found: list[T] = []
        for group in groups.values():
            found += yield from self._upsert(group, conflict)
        return found

    def groups_of(self, rows: Sequence[Any]) -> int:
        """Return how many statements a bulk upsert of rows needs."""
        return len({frozenset(columns_of(row)) for row in rows})

    def _upsert(self, rows: Sequence[Mapping[str, Any]], conflict: Sequence[str]) -> Steps[list[T]]:
        targets = self._targets(rows[0], conflict)
        is_key_only = set(rows[0]) <= set(targets)
        resolution = "ignore-duplicates" if is_key_only else "merge-duplicates"
        reply = yield self._message(
            "POST",
            [
                ("on_conflict", ",".join(map(quoted, targets))),
                self._selected(),
                *self._columns(rows[0]),
            ],
            prefer=f"return=representation,resolution={resolution}",
            body=body_of(self.relation, rows),
        )
        return self._rows(reply)

    def _targets(self, row: Mapping[str, Any], conflict: Sequence[str]) -> list[str]:
        """Return the conflict columns; the row must have each."""
        targets = [column_of(self.relation, name).name for name in conflict]
        missing = [name for name in targets if name not in row]
        if missing or not targets:
            raise InvalidFilterError(
                f"{self.relation.name}: the row lacks {', '.join(missing) or 'a conflict column'}",
                hint="an upsert needs a value for every column of its unique key",
            )
        return targets

    def _refuse_repeats(self, rows: Sequence[Mapping[str, Any]], conflict: Sequence[str]) -> None:
        seen: dict[str, int] = {}
        for index, row in enumerate(rows):
            key = repr([row.get(name) for name in conflict])
            if key in seen:
                raise InvalidFilterError(
                    f"{self.relation.name}: rows {seen[key]} and {index} have the same key",
                    hint="one statement can't write a row twice; join them first",
                )
            seen[key] = index

    # ---- messages -------------------------------------------------------------------------------

    def _selected(self) -> tuple[str, str]:
        fields = _fields(self.row_type)  # type: ignore[arg-type]  # every type is hashable
        names = (column_of(self.relation, name).name for name in fields)
        return ("select", ",".join(map(quoted, names)) or "*")

    def _columns(self, row: Mapping[str, Any]) -> list[tuple[str, str]]:
        names = sorted(column_of(self.relation, name).name for name in row)
        return [("columns", ",".join(map(quoted, names)))] if names else []

    def _read(self, query: Sequence[tuple[str, str]]) -> Message:
        return self._message("GET", query)

    def _message(
        self,
        method: str,
        query: Sequence[tuple[str, str]],
        *,
        prefer: str = "",
        body: bytes = b"",
    ) -> Message:
        headers = list(self.headers)
        if prefer:
            headers.append(("prefer", prefer))
        if body:
            headers.append(_JSON)
        return Message(
            method=method,
            path=f"/{encode([(self.relation.name.name, '')])[:-1]}",
            query=encode(query),
            headers=tuple(headers),
            body=body,
        )

    def _rows(self, reply: Reply) -> list[T]:
        self._require_fine(reply)
        return msgspec.json.decode(reply.body, type=list[self.row_type])  # type: ignore[name-defined]

    def _require_fine(self, reply: Reply) -> None:
        if is_error(reply):
            raise fault_of(reply, self.relation.name)

    def _require_filters(self, filters: Sequence[Filter], what: str) -> None:
        if not filters:
            raise InvalidFilterError(
                f"{what} of {self.relation.name} without a filter would take every row",
                hint="name the rows by a filter",
            )


def _limit(limit: int | Unlimited) -> int | None:
    if limit is ALL:
        return None
    if not isinstance(limit, int) or isinstance(limit, bool) or limit < 0:
        raise InvalidFilterError(f"limit {limit!r} is no number of rows", hint="or use ALL")
    return limit


@lru_cache(ROW_TYPES_MAX)
def _fields(row_type: type[Any]) -> tuple[str, ...]:
    """Return the columns that a row type holds, in its order; none for mappings."""
    try:
        return tuple(field.encode_name for field in msgspec.structs.fields(row_type))
    except TypeError:
        return tuple(getattr(row_type, "__dataclass_fields__", ()))
