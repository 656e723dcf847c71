"""The backend of a PostgreSQL database: repositories whose rows are JSON's values."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, Final

import msgspec

from changeover import ALL, AsyncDatabase, Database
from salon.layer.operation import Operation, Read, ReadOne, Row, Upsert

KINDS_MAX: Final = 64
"""Sets of columns whose row types are kept."""


@lru_cache(KINDS_MAX)
def _row_type(columns: tuple[str, ...]) -> type[Any]:
    """Return what a row becomes: the columns as JSON has them; all of them make a dict."""
    if not columns:
        return dict
    return msgspec.defstruct("Columns", [(name, Any) for name in columns])


def _question(operation: Operation) -> tuple[type[Any], Callable[[Any], Any]]:
    """Return the row type of an operation, and what it calls of a repository."""
    match operation:
        case ReadOne():
            return dict, lambda found: found.find_one(*operation.filters)
        case Read():
            limit = ALL if operation.limit is None else operation.limit
            return _row_type(operation.columns), lambda found: found.find_many(
                *operation.filters, order=operation.order, limit=limit
            )
        case Upsert():
            return _row_type(operation.columns), lambda found: found.bulk_upsert(
                operation.rows, operation.conflict
            )


def _rows(operation: Operation, answer: Any) -> list[Row]:
    if isinstance(operation, ReadOne):
        return [] if answer is None else [answer]
    if operation.columns:
        return [msgspec.structs.asdict(one) for one in answer]
    found: list[Row] = answer
    return found


class RepositoryBackend:
    """The repositories of `changeover.connect`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""
        row_type, ask = _question(operation)
        return _rows(operation, ask(self._database.repository(operation.table, row_type)))


class AsyncRepositoryBackend:
    """The repositories of `changeover.connect_async`."""

    def __init__(self, database: AsyncDatabase) -> None:
        self._database = database

    async def rows(self, operation: Operation) -> list[Row]:
        """Return the rows of an operation."""
        row_type, ask = _question(operation)
        repository = await self._database.repository(operation.table, row_type)
        return _rows(operation, await ask(repository))
