"""The backend of the official client: Supabase, a gateway, or Changeover's transport.

It needs the packages of the client, so nothing else of the salon imports it.
"""

from collections.abc import Generator, Iterable, Iterator
from typing import Any, Final
from urllib.parse import quote

from postgrest import CountMethod, ReturnMethod
from supabase import AsyncClient, Client

from changeover import CannotConnectError, Filter, TransactionUnavailableError
from salon.api_fault import translated
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

URL_BYTES_MAX: Final = 6000
"""Ids of one request, as they stand in its URL; what lies between may take no more than 8 kB.

The shortest id takes 10 bytes, so there are 600 at the most, and an API cuts at 1,000 rows.
"""

PAGE_ROWS: Final = 500

Requests = Generator[Any, Any, Any]
"""Builders out, their responses in, what the operation comes to at the end."""


def _requests(client: Any, operation: Operation) -> Requests:
    if isinstance(operation, Read):
        return _reading(client, operation)
    return _changing(client, operation)


def _place(operation: Operation) -> str:
    return AUTH if isinstance(operation, ReadAuth | CreateAuth) else KEYS


def _reading(client: Any, operation: Read) -> Requests:
    match operation:
        case ReadAuth(company_ids=names):
            builder = client.table(AUTH).select(
                "company_id,creds,updated_at", count=CountMethod.exact
            )
            return _rows((yield builder.filter("company_id", "in", _list(names)).retry(False)))
        case ReadKeys():
            return (yield from _read_keys(client, operation))
        case ReadSession():
            return (yield from _read_session(client, operation))
        case Count():
            builder = client.table(KEYS).select("key_id", count=CountMethod.exact, head=True)
            return _count((yield _filtered(builder, operation.filters).retry(False)))


def _changing(client: Any, operation: Change) -> Requests:
    keys, auth = client.table(KEYS), client.table(AUTH)
    match operation:
        case CreateAuth():
            row = {"company_id": operation.company_id, "creds": operation.creds}
            yield _upserted(auth, [row], AUTH_KEY, is_kept=True)
        case Write():
            yield from _write(client, operation)
        case Prolong():
            yield from _prolong(client, operation)
        case Remove(company_id=name):
            yield keys.delete(returning=ReturnMethod.minimal).eq("company_id", name)
            yield auth.delete(returning=ReturnMethod.minimal).eq("company_id", name)
        case Cleanup():
            builder = keys.delete(returning=ReturnMethod.minimal, count=CountMethod.exact)
            return _count((yield builder.lt("expires_at", operation.before.isoformat())))
        case Merge():
            raise TransactionUnavailableError(
                "two spellings can't be joined over the API, which has no transactions",
                hint="join them on PostgreSQL, before the move or after it",
            )
    return None


def _upserted(table: Any, rows: list[Row], key: tuple[str, ...], *, is_kept: bool = False) -> Any:
    return table.upsert(
        rows,
        on_conflict=",".join(key),
        returning=ReturnMethod.minimal,
        ignore_duplicates=is_kept,
        default_to_null=False,
    )


def _filtered(builder: Any, filters: tuple[Filter, ...]) -> Any:
    for one in filters:
        if one.operator == "is_null":
            builder = builder.filter(one.column, "is", "null")
        else:
            builder = builder.filter(one.column, one.operator, str(one.value))
    return builder


def _of(builder: Any, operation: ReadKeys | Prolong, ids: Iterable[str]) -> Any:
    return (
        builder.eq("company_id", operation.company_id)
        .eq("key_type", operation.key_type)
        .filter("key_id", "in", _list(ids))
    )


def _read_keys(client: Any, operation: ReadKeys) -> Requests:
    found: list[Row] = []
    for ids in chunks(operation.key_ids):
        builder = client.table(KEYS).select("key_id,value,expires_at", count=CountMethod.exact)
        found += _rows((yield _of(builder, operation, ids).retry(False)))
    return found


def _read_session(client: Any, operation: ReadSession) -> Requests:
    """Read page by page, each from where the last one ended, until one is empty."""
    found: list[Row] = []
    while True:
        builder = client.table(KEYS).select("key_type,key_id,value")
        builder = builder.eq("company_id", operation.company_id)
        if found:
            key_type, key_id = (_quoted(found[-1][name]) for name in ("key_type", "key_id"))
            builder = builder.or_(
                f"key_type.gt.{key_type},and(key_type.eq.{key_type},key_id.gt.{key_id})"
            )
        page = _list_of_rows(
            (yield builder.order("key_type").order("key_id").limit(PAGE_ROWS).retry(False))
        )
        if not page:
            return found
        found += page


def _write(client: Any, operation: Write) -> Requests:
    """One upsert of all keys, then deletes: what is broken off has deleted nothing too early."""
    if operation.rows:
        yield _upserted(client.table(KEYS), list(operation.rows), KEYS_KEY)
    for key_type, ids in operation.gone:
        for some in chunks(ids):
            builder = client.table(KEYS).delete(returning=ReturnMethod.minimal)
            builder = builder.eq("company_id", operation.company_id).eq("key_type", key_type)
            yield builder.filter("key_id", "in", _list(some))
    if operation.auth is not None:
        yield _upserted(client.table(AUTH), [operation.auth], AUTH_KEY)


def _prolong(client: Any, operation: Prolong) -> Requests:
    changes = {"expires_at": operation.until.isoformat()}
    for ids in chunks(operation.key_ids):
        builder = client.table(KEYS).update(changes, returning=ReturnMethod.minimal)
        yield _of(builder, operation, ids).lt("expires_at", operation.below.isoformat())


def chunks(ids: Iterable[str]) -> Iterator[list[str]]:
    """Yield ids in portions that an URL holds."""
    some: list[str] = []
    size = 0
    for key_id in ids:
        own = len(quote(_quoted(key_id))) + 3
        if some and size + own > URL_BYTES_MAX:
            yield some
            some, size = [], 0
        some.append(key_id)
        size += own
    if some:
        yield some


def _quoted(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _list(values: Iterable[str]) -> str:
    return f"({','.join(map(_quoted, values))})"


def _list_of_rows(response: Any) -> list[Row]:
    found = response.data
    if not isinstance(found, list) or not all(isinstance(row, dict) for row in found):
        raise _odd("no list of rows")
    return found


def _rows(response: Any) -> list[Row]:
    """Return the rows of a response; one that is cut short is an error, not fewer keys."""
    found = _list_of_rows(response)
    if response.count != len(found):
        raise _odd(f"{len(found)} of {response.count} rows")
    return found


def _count(response: Any) -> int:
    if not isinstance(response.count, int):
        raise _odd("without a count")
    return response.count


def _odd(what: str) -> CannotConnectError:
    return CannotConnectError(
        f"public.{KEYS}: the API's answer is {what}",
        hint="look at what stands between the application and the API, and at its cap on rows",
    )


class ClientBackend:
    """The official blocking client."""

    def __init__(self, client: Client) -> None:
        """Take a client; it stays the caller's."""
        self._client = client

    def run(self, operation: Operation) -> Any:
        """Return what an operation comes to."""
        requests = _requests(self._client, operation)
        with translated(_place(operation)):
            try:
                builder = next(requests)
                while True:
                    builder = requests.send(builder.execute())
            except StopIteration as end:
                return end.value


class AsyncClientBackend:
    """The official asynchronous client."""

    def __init__(self, client: AsyncClient) -> None:
        """Take a client; it stays the caller's."""
        self._client = client

    async def run(self, operation: Operation) -> Any:
        """Return what an operation comes to."""
        requests = _requests(self._client, operation)
        with translated(_place(operation)):
            try:
                builder = next(requests)
                while True:
                    builder = requests.send(await builder.execute())
            except StopIteration as end:
                return end.value
