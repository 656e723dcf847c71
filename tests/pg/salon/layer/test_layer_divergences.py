"""The 13 ways in which the first deployment's second backend was different, each planted once."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from layer_case import CLIENT, FIRST, SECOND, THIRD, read, refused, write
from layer_oracle import restore
from layer_way import Case, Way, clock, differences

import changeover
from changeover import Filter, MalformedValueError, MultipleRowsError, Order
from salon.layer import DataLayer, Settings
from salon.layer.driver import Setup
from salon.layer.operation import Operation, Read, Row, Upsert
from salon.layer.over_repository import RepositoryBackend
from salon.sample import words

PAGE = Path(__file__).parents[4] / "docs" / "explanation" / "salon-divergences.md"
Rows = Callable[[Operation], list[Row]]


class Bent:
    """A backend that differs in one thing."""

    def __init__(self, rows: Rows, bend: Callable[[Rows, Operation], list[Row]]) -> None:
        self._rows = rows
        self._bend = bend

    def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation, bent."""
        return self._bend(self._rows, operation)


@dataclass(frozen=True, slots=True, kw_only=True)
class Divergence:
    """Something that differed.

    Attributes:
        name: As the page of divergences calls it.
        bend: What a backend with it does.
        case: A call that must show it.
    """

    name: str
    bend: Callable[[Rows, Operation], list[Row]]
    case: Case

    def __str__(self) -> str:
        return self.name


def _filters(change: Callable[[Filter], Filter | None]) -> Callable[[Rows, Operation], list[Row]]:
    """Return a backend that changes filters, or leaves them out."""

    def bend(rows: Rows, operation: Operation) -> list[Row]:
        if isinstance(operation, Upsert):
            return rows(operation)
        changed = [change(one) for one in operation.filters]
        return rows(replace(operation, filters=tuple(one for one in changed if one is not None)))

    return bend


def _reads(change: Callable[[Read], Read]) -> Callable[[Rows, Operation], list[Row]]:
    """Return a backend that changes the reading of lists."""
    return lambda rows, operation: rows(
        change(operation) if isinstance(operation, Read) else operation
    )


def _values(change: Callable[[str, Any], Any]) -> Callable[[Rows, Operation], list[Row]]:
    """Return a backend that changes the values that are read."""
    return lambda rows, operation: [
        {name: change(name, value) for name, value in row.items()} for row in rows(operation)
    ]


def _upserts(change: Callable[[Upsert], Upsert]) -> Callable[[Rows, Operation], list[Row]]:
    """Return a backend that changes what is written."""
    return lambda rows, operation: rows(
        change(operation) if isinstance(operation, Upsert) else operation
    )


def _swallowed(*kinds: type[Exception]) -> Callable[[Rows, Operation], list[Row]]:
    """Return a backend that answers with emptiness where it should raise."""

    def bend(rows: Rows, operation: Operation) -> list[Row]:
        try:
            return rows(operation)
        except kinds:
            return []

    return bend


def _bookings(rows: Rows, operation: Operation) -> list[Row]:
    """Read what is booked, where visits were asked for."""
    names = {"client_id": "client_yclients_id", "appointment_datetime": "datetime"}
    if not isinstance(operation, Read) or operation.table != "appointments_cache":
        return rows(operation)
    return rows(
        replace(
            operation,
            table="bookings",
            filters=tuple(
                replace(f, column=names.get(f.column, f.column)) for f in operation.filters
            ),
            order=tuple(replace(o, column=names.get(o.column, o.column)) for o in operation.order),
        )
    )


def _first_rows_columns(operation: Upsert) -> Upsert:
    """Write every column of every row, those that are missing as NULL."""
    names = {name for row in operation.rows for name in row}
    return replace(operation, rows=tuple(dict.fromkeys(names) | row for row in operation.rows))


def _with_offset(operation: Upsert) -> Upsert:
    """Send the text as it was given; a column without time zone drops its offset."""
    sent = {"last_sync_at": "2026-04-10T12:00:00+03:00"}
    return replace(
        operation,
        rows=tuple(row | (sent if "last_sync_at" in row else {}) for row in operation.rows),
    )


def _turned(operation: Read) -> Read:
    return replace(
        operation,
        order=tuple(replace(one, are_nulls_last=not one.has_nulls_last) for one in operation.order),
    )


KNOWN = [
    {
        "yclients_id": words.client_number(n),
        "company_id": FIRST,
        "name": "Х",
        "phone": "79990000077",
    }
    for n in (20, 21)
]
MEANT = [row | {"raw_phone": row["phone"]} for row in KNOWN]

DIVERGENCES = (
    Divergence(
        name="the company's filter is lost",
        bend=_filters(lambda one: None if one.column == "company_id" else one),
        case=read(
            "get_service_by_id", {"yclients_id": words.service_number(0), "company_id": SECOND}
        ),
    ),
    Divergence(
        name="columns are renamed",
        bend=_filters(
            lambda one: replace(one, column="id") if one.column == "yclients_id" else one
        ),
        case=read("get_client_by_id", {"yclients_id": words.client_number(7)}),
    ),
    Divergence(
        name="another table is asked",
        bend=_bookings,
        case=read("get_client_appointments", {"client_id": 20000060}),
    ),
    Divergence(
        name="rows are cut at 1,000",
        bend=_reads(lambda read: replace(read, limit=1000) if read.limit is None else read),
        case=read("get_services", {"company_id": THIRD, "include_inactive": True}),
    ),
    Divergence(
        name="two rows are taken for none",
        bend=_swallowed(MultipleRowsError),
        case=refused(
            "get_client_by_phone",
            {"phone": words.client_phone(2), "company_id": FIRST},
            MultipleRowsError,
        ),
    ),
    Divergence(
        name="wildcards are not escaped",
        bend=_filters(
            lambda one: (
                replace(one, value=one.value.replace("\\", "")) if one.operator == "ilike" else one
            )
        ),
        case=read("search_clients_by_name", {"company_id": SECOND, "name": "100_"}),
    ),
    Divergence(
        name="NULLs stand at the other end",
        bend=_reads(_turned),
        case=read("get_services", {"company_id": FIRST}),
    ),
    Divergence(
        name="ties come in another order",
        bend=_reads(lambda read: replace(read, order=(*read.order, Order("id", is_falling=True)))),
        case=read("get_staff", {"company_id": SECOND, "include_inactive": True}),
    ),
    Divergence(
        name="a date is a moment",
        bend=_values(lambda name, value: f"{value}T00:00:00.000Z" if name == "date" else value),
        case=read("get_staff_schedule", {"staff_id": words.staff_number(3), "date": "2026-04-10"}),
    ),
    Divergence(
        name="an offset is dropped",
        bend=_upserts(_with_offset),
        case=write(
            "upsert_client",
            {**CLIENT, "last_sync_at": "2026-04-10T12:00:00+03:00"},
            {**CLIENT, "raw_phone": CLIENT["phone"], "last_sync_at": "2026-04-10T09:00:00"},
        ),
    ),
    Divergence(
        name="numbers are text",
        bend=_values(lambda _, value: str(value) if isinstance(value, float) else value),
        case=read("get_company", {"company_id": FIRST}),
    ),
    Divergence(
        name="a missing column becomes NULL",
        bend=_upserts(_first_rows_columns),
        case=write(
            "upsert_clients",
            [KNOWN[0] | {"notes": "новое"}, KNOWN[1]],
            MEANT[0] | {"notes": "новое"},
            MEANT[1],
        ),
    ),
    Divergence(
        name="an error looks like emptiness",
        bend=_swallowed(changeover.ChangeoverError),
        case=refused(
            "get_staff_schedule", {"staff_id": 2**31, "date": "2026-04-10"}, MalformedValueError
        ),
    ),
)


@pytest.mark.parametrize("divergence", DIVERGENCES, ids=str)
def test_a_planted_divergence_is_caught(divergence, ways, scene):
    """A backend that differs in one thing is told by name; without the difference nothing is."""
    *others, repositories = ways
    assert differences(divergence.case, ways) == []
    with changeover.connect(scene.repositories.database.dsn) as database:
        backend = Bent(RepositoryBackend(database).rows, divergence.bend)
        setup = Setup(settings=Settings(), clock=clock)
        with DataLayer(backend, setup) as layer:
            bent = Way(name="bent", layer=layer, books=repositories.books)
            before = divergence.case.stored(bent.books) if divergence.case.stored else []
            found = differences(divergence.case, [*others, bent])
            restore(bent.books, divergence.case.method, before)
    assert [text for text in found if text.startswith("bent: ")]
    assert not [text for text in found if text.startswith("client over")]


def test_the_page_lists_what_is_planted():
    """The page of divergences names all 13, in this order."""
    text = PAGE.read_text(encoding="utf-8")
    places = [text.find(f"| {one.name} |") for one in DIVERGENCES]
    assert len(places) == 13
    assert -1 not in places
    assert places == sorted(places)
