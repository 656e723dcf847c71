"""The backend of a PostgreSQL database: repositories, one transaction for what goes together."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from changeover import ALL, AsyncDatabase, Database, eq, in_, lt
from salon.whatsapp.operation import (
    AUTH,
    AUTH_KEY,
    KEYS,
    KEYS_KEY,
    Change,
    Cleanup,
    Count,
    CreateAuth,
    Merge,
    Operation,
    Prolong,
    Read,
    ReadAuth,
    ReadKeys,
    ReadSession,
    Remove,
    Row,
    Write,
)

BATCH_ROWS: Final = 100
"""Rows of one statement."""

TIMEOUT_MS: Final = 30_000
"""Longest statement of a transaction."""

_TOGETHER: Final = (Write, Remove, Merge)


class KeyId(msgspec.Struct):
    """A row of which only the key is wanted."""

    key_id: str


class CompanyId(msgspec.Struct):
    """A row of credentials of which only the name is wanted."""

    company_id: str


class Found(msgspec.Struct):
    """A key as `get` needs it."""

    key_id: str
    value: Any
    expires_at: str | None


@dataclass(frozen=True, slots=True)
class Ask:
    """One question.

    Attributes:
        table: The table that is asked.
        row_type: What a row becomes.
        call: Asks the table's repository.
    """

    table: str
    row_type: type[Any]
    call: Callable[[Any], Any]


Questions = Generator[Ask, Any, Any]
"""Questions out, their answers in, what the operation comes to at the end."""


def _questions(operation: Operation) -> Questions:
    if isinstance(operation, Read):
        return _reading(operation)
    return _changing(operation)


def _reading(operation: Read) -> Questions:
    match operation:
        case ReadAuth(company_ids=names):
            found = yield Ask(AUTH, dict, lambda one: one.find_many(in_("company_id", names)))
            return found
        case ReadKeys():
            return (yield from _read_keys(operation))
        case ReadSession(company_id=name):
            found = yield Ask(KEYS, dict, lambda one: one.find_many(_own(name), limit=ALL))
            return found
        case Count():
            return (yield Ask(KEYS, KeyId, lambda one: one.count(*operation.filters)))


def _changing(operation: Change) -> Questions:
    match operation:
        case CreateAuth():
            row = {"company_id": operation.company_id, "creds": operation.creds}
            yield Ask(AUTH, CompanyId, lambda one: one.insert_missing(row, AUTH_KEY))
        case Write():
            yield from _write(operation)
        case Prolong():
            yield from _prolong(operation)
        case Remove(company_id=name):
            yield Ask(KEYS, KeyId, lambda one: one.delete(_own(name)))
            yield Ask(AUTH, CompanyId, lambda one: one.delete(_own(name)))
        case Cleanup():
            expired = lt("expires_at", operation.before)
            return len((yield Ask(KEYS, KeyId, lambda one: one.delete(expired))))
        case Merge():
            return (yield from _merge(operation))
    return None


def _own(company_id: str) -> Any:
    return eq("company_id", company_id)


def _read_keys(operation: ReadKeys) -> Questions:
    filters = (
        _own(operation.company_id),
        eq("key_type", operation.key_type),
        in_("key_id", operation.key_ids),
    )
    rows = yield Ask(KEYS, Found, lambda one: one.find_many(*filters, limit=ALL))
    return [msgspec.structs.asdict(row) for row in rows]


def _write(operation: Write) -> Questions:
    for key_type, ids in operation.gone:
        filters = (
            _own(operation.company_id),
            eq("key_type", key_type),
            in_("key_id", ids),
        )
        yield Ask(KEYS, KeyId, _deleting(filters))
    for start in range(0, len(operation.rows), BATCH_ROWS):
        batch = operation.rows[start : start + BATCH_ROWS]
        yield Ask(KEYS, KeyId, _upserting(batch, KEYS_KEY))
    if operation.auth is not None:
        yield Ask(AUTH, CompanyId, _upserting((operation.auth,), AUTH_KEY))


def _deleting(filters: tuple[Any, ...]) -> Callable[[Any], Any]:
    return lambda one: one.delete(*filters)


def _upserting(rows: tuple[Row, ...], key: tuple[str, ...]) -> Callable[[Any], Any]:
    return lambda one: one.bulk_upsert(rows, key)


def _prolong(operation: Prolong) -> Questions:
    filters = (
        _own(operation.company_id),
        eq("key_type", operation.key_type),
        in_("key_id", operation.key_ids),
        lt("expires_at", operation.below),
    )
    changes = {"expires_at": operation.until}
    yield Ask(KEYS, KeyId, lambda one: one.update(*filters, changes=changes))


def _merge(operation: Merge) -> Questions:
    both = in_("company_id", (operation.company_id, operation.wrong))
    auths = yield Ask(AUTH, dict, lambda one: one.find_many(both))
    keys = yield Ask(KEYS, dict, lambda one: one.find_many(both, limit=ALL))
    yield from _write(operation.decide(auths, keys))
    yield Ask(AUTH, CompanyId, lambda one: one.delete(_own(operation.wrong)))
    return len((yield Ask(KEYS, KeyId, lambda one: one.delete(_own(operation.wrong)))))


class RepositoryBackend:
    """The repositories of `changeover.connect`."""

    def __init__(self, database: Database) -> None:
        """Take a database; it stays the caller's."""
        self._database = database

    def run(self, operation: Operation) -> Any:
        """Return what an operation comes to."""
        if isinstance(operation, _TOGETHER):
            with self._database.transaction(TIMEOUT_MS) as inside:
                return self._answered(inside, operation)
        return self._answered(self._database, operation)

    @staticmethod
    def _answered(database: Database, operation: Operation) -> Any:
        questions = _questions(operation)
        try:
            ask = next(questions)
            while True:
                ask = questions.send(ask.call(database.repository(ask.table, ask.row_type)))
        except StopIteration as end:
            return end.value


class AsyncRepositoryBackend:
    """The repositories of `changeover.connect_async`."""

    def __init__(self, database: AsyncDatabase) -> None:
        """Take a database; it stays the caller's."""
        self._database = database

    async def run(self, operation: Operation) -> Any:
        """Return what an operation comes to."""
        if isinstance(operation, _TOGETHER):
            async with self._database.transaction(TIMEOUT_MS) as inside:
                return await self._answered(inside, operation)
        return await self._answered(self._database, operation)

    @staticmethod
    async def _answered(database: AsyncDatabase, operation: Operation) -> Any:
        questions = _questions(operation)
        try:
            ask = next(questions)
            while True:
                repository = await database.repository(ask.table, ask.row_type)
                ask = questions.send(await ask.call(repository))
        except StopIteration as end:
            return end.value
