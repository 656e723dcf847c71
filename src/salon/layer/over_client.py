"""The backend of the official client: Supabase, a gateway, or Changeover's transport.

It needs the packages of the client, so nothing else of the salon imports it.
"""

from collections.abc import Generator
from typing import Any, Final

from postgrest import APIError, CountMethod
from supabase import AsyncClient, Client

from changeover import CannotConnectError, Filter
from salon.api_fault import translated
from salon.error import UnsteadyListError
from salon.layer.operation import Operation, Read, ReadOne, Row, Upsert

PAGE_ROWS: Final = 1000
"""Rows of one page; an API that cuts lower gives more pages."""

ATTEMPTS_MAX: Final = 5
"""How often a list is read from its beginning before it counts as unsteady."""

_BEYOND_END: Final = "PGRST103"

Requests = Generator[Any, Any, list[Row]]
"""Builders out, their responses in, the rows at the end."""


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)


def _filtered(builder: Any, filters: tuple[Filter, ...]) -> Any:
    for one in filters:
        is_list = one.operator == "in"
        text = f"({','.join(map(_text, one.value))})" if is_list else _text(one.value)
        builder = builder.filter(one.column, one.operator, text)
    return builder


def _requests(client: Any, operation: Operation) -> Requests:
    match operation:
        case ReadOne():
            table = client.table(operation.table)
            response = yield _filtered(table.select("*"), operation.filters).limit(2)
            return _rows(operation, response)
        case Upsert():
            return (yield from _written(client, operation))
        case Read(limit=None):
            return (yield from _all_pages(client, operation))
        case Read():
            response = yield _listing(client, operation).limit(operation.limit)
            return _rows(operation, response)


def _listing(client: Any, operation: Read, **options: Any) -> Any:
    table = client.table(operation.table)
    builder = _filtered(table.select(*operation.columns or ("*",), **options), operation.filters)
    for one in operation.order:
        # Without a word on NULLs PostgreSQL's own order holds.
        first = None if one.are_nulls_last is None else not one.are_nulls_last
        builder = builder.order(one.column, desc=one.is_falling, nullsfirst=first)
    return builder.order("id")


def _all_pages(client: Any, operation: Read) -> Requests:
    for _ in range(ATTEMPTS_MAX):
        rows = yield from _attempt(client, operation)
        if rows is not None:
            return rows
    raise UnsteadyListError(
        f"public.{operation.table}: the list changed during each of {ATTEMPTS_MAX} attempts",
        hint="read it again when fewer rows are being written",
    )


def _attempt(client: Any, operation: Read) -> Generator[Any, Any, list[Row] | None]:
    """Return the whole list, or None if it changed between two pages.

    A page begins with the last row of the one before: where another stands there, rows have moved
    and one may have slipped through, although their count is the same.
    """
    found: list[Row] = []
    total: int | None = None
    while total is None or len(found) < total:
        page = _listing(client, operation, count=CountMethod.exact)
        start = max(len(found) - 1, 0)
        try:
            response = yield page.range(start, start + PAGE_ROWS - 1)
        except APIError as error:
            if error.code == _BEYOND_END:
                return None
            raise
        rows = _rows(operation, response)
        if response.count is None or total not in {None, response.count}:
            return None
        total = response.count
        if [row["id"] for row in rows[:1]] != [row["id"] for row in (found[-1:] or rows[:1])]:
            return None
        more = rows[len(found[-1:]) :]
        if not more and len(found) < total:
            return None
        found += more
    is_once = len({row["id"] for row in found}) == len(found) == total
    return found if is_once else None


def _written(client: Any, operation: Upsert) -> Requests:
    found: list[Row] = []
    for group in operation.groups():
        builder = client.table(operation.table).upsert(
            group, on_conflict=",".join(operation.conflict)
        )
        if operation.columns:
            builder = builder.select(*operation.columns)
        found += _rows(operation, (yield builder))
    return found


def _rows(operation: Operation, response: Any) -> list[Row]:
    """Return the rows of a response; what is no list of rows is not taken for an empty one."""
    found = response.data
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise CannotConnectError(
            f"public.{operation.table}: the API's answer is no list of rows",
            hint="look at what stands between the application and the API",
        )
    return found


class ClientBackend:
    """The official blocking client."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""
        steps = _requests(self._client, operation)
        with translated(operation.table):
            try:
                builder = next(steps)
                while True:
                    try:
                        response = builder.execute()
                    except APIError as error:
                        builder = steps.throw(error)
                    else:
                        builder = steps.send(response)
            except StopIteration as end:
                found: list[Row] = end.value
                return found


class AsyncClientBackend:
    """The official asynchronous client."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""
        steps = _requests(self._client, operation)
        with translated(operation.table):
            try:
                builder = next(steps)
                while True:
                    try:
                        response = await builder.execute()
                    except APIError as error:
                        builder = steps.throw(error)
                    else:
                        builder = steps.send(response)
            except StopIteration as end:
                found: list[Row] = end.value
                return found
