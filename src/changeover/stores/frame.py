"""The transaction that every request runs in, as data: which settings, in which order.

One statement sets them all, for this transaction only (`set_config(…, true)`), and its text depends
on nothing that a client says: it is prepared once per connection. The session's own pins shape the
JSON text of values; behind a pooler nothing of a session can be relied on, so there they are part
of the frame.

Source: shared reference "PostgREST: the language that we speak", section 8.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple, TypeAlias

import msgspec

from changeover.catalog.snapshot import Snapshot
from changeover.database import PINS
from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.settings import ApiSettings
from changeover.engine.sql import bind, concat, ident, join, literal, qualified, raw, statement
from changeover.engine.syntax import Work
from changeover.model.name import TableName
from changeover.stores.key import Identity
from changeover.stores.session import Command

API_PINS: Final[Mapping[str, str]] = {
    name: PINS[name]
    for name in (
        "TimeZone",
        "IntervalStyle",
        "extra_float_digits",
        "bytea_output",
        "lc_monetary",
        "xmloption",
    )
} | {
    # PostgreSQL's default, as on the platform: here texts of dates come from clients, and 02/01 is
    # what they have always meant by it.
    "DateStyle": "ISO, MDY"
}
"""Settings that the JSON text of a value depends on. A role's own come after them."""

COMMIT: Final = Command(b"COMMIT", is_fixed=True)
ROLLBACK: Final = Command(b"ROLLBACK")
CHECK_CONSTRAINTS: Final = Command(b"SET CONSTRAINTS ALL IMMEDIATE", is_fixed=True)
SAVEPOINT: Final = Command(b"SAVEPOINT changeover", is_fixed=True)
ROLLBACK_TO: Final = Command(b"ROLLBACK TO SAVEPOINT changeover")
RELEASE: Final = Command(b"RELEASE SAVEPOINT changeover", is_fixed=True)
BEGIN_OUTER: Final = Command(b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", is_fixed=True)

_ISOLATION: Final = "default_transaction_isolation"
_DEFAULT_ISOLATION: Final = "read committed"
_BEGIN: Final[Mapping[tuple[str, bool], Command]] = {
    ("read committed", True): Command(
        b"BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", is_fixed=True
    ),
    ("read committed", False): Command(
        b"BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE", is_fixed=True
    ),
    ("repeatable read", True): Command(
        b"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", is_fixed=True
    ),
    ("repeatable read", False): Command(
        b"BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE", is_fixed=True
    ),
    ("serializable", True): Command(b"BEGIN ISOLATION LEVEL SERIALIZABLE READ ONLY", is_fixed=True),
    ("serializable", False): Command(
        b"BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE", is_fixed=True
    ),
}
_FRAMES_MAX: Final = 512
_NESTED: Final = (("role", "none"),)
_OWN: Final = "app.settings."
_REQUEST: Final = (
    "request.jwt.claims",
    "request.method",
    "request.path",
    "request.headers",
    "request.cookies",
)
NUL_TEXT: Final = 'invalid byte sequence for encoding "UTF8": 0x00'

_encode: Final = msgspec.json.Encoder().encode


Expected: TypeAlias = tuple[tuple[int, bytes], ...]
"""Columns of the frame's row and what must stand there."""


class _Kind(NamedTuple):
    """What the text and the constant values of a frame depend on."""

    schema: str
    role: str
    settings: tuple[tuple[str, str], ...]
    has_timezone: bool
    is_nested: bool
    is_read_only: bool


class _Frame(NamedTuple):
    """The parts of a frame that are equal for all requests of a kind.

    Attributes:
        text: The statement.
        head: Values up to the role.
        tail: Values of the function's and the configuration's settings.
        pinned: Places and values of settings that must read back as they were set.
    """

    text: bytes
    head: tuple[bytes, ...]
    tail: tuple[bytes, ...]
    pinned: Expected


class Frames:
    """Makes the statements around a request's own."""

    def __init__(self, settings: ApiSettings, snapshot: Snapshot, *, is_pooled: bool) -> None:
        """Keep what frames are made of.

        Args:
            settings: Search path, pre-request function and own settings.
            snapshot: The settings of roles.
            is_pooled: Whether the session's pins can't be relied on.
        """
        self._extra_path = settings.extra_search_path
        self._role_settings = snapshot.role_settings
        self._is_pooled = is_pooled
        self._own = tuple(
            (name if name.startswith(_OWN) else _OWN + name, value)
            for name, value in settings.application_settings
        )
        self._frames: dict[_Kind, _Frame] = {}
        self.pre_request: Final = _pre_request(settings.pre_request)

    def begin(self, identity: Identity, work: Work) -> Command:
        """Return the statement that begins a request's transaction.

        Args:
            identity: Whose role may have an isolation of its own.
            work: What the transaction may do, and a function's isolation.
        """
        isolation = work.isolation or self._isolation_of(identity.role)
        return _BEGIN[isolation.lower(), work.is_read_only]

    def _isolation_of(self, role: str) -> str:
        for name, value in self._role_settings.get(role, ()):
            if name == _ISOLATION and (value, True) in _BEGIN:
                return value
        return _DEFAULT_ISOLATION

    def settings(
        self,
        message: Message,
        identity: Identity,
        work: Work,
        *,
        schema: str,
        timezone: str | None = None,
        is_nested: bool = False,
    ) -> tuple[Command, Expected]:
        """Return the statement that sets everything for the transaction, and what it must return.

        Args:
            message: What `request.*` tell of.
            identity: Role and claims.
            work: A function's settings.
            schema: The schema that was asked for.
            timezone: `Prefer: timezone=`.
            is_nested: Whether it is one request among others in a transaction: the role of an
                earlier one is left first, and READ ONLY set here, since no BEGIN says it.
        """
        kind = _Kind(
            schema,
            identity.role,
            work.settings,
            timezone is not None,
            is_nested,
            work.is_read_only,
        )
        frame = self._frames.get(kind) or self._remember(kind)
        values = [
            *frame.head,
            encoded(identity.claims),
            encoded(message.method),
            encoded(message.path),
            *_header_values(message),
        ]
        if timezone is not None:
            values.append(encoded(timezone))
        return Command(frame.text, (*values, *frame.tail), is_fixed=True), frame.pinned

    def _remember(self, kind: _Kind) -> _Frame:
        if len(self._frames) >= _FRAMES_MAX:
            self._frames.clear()
        frame = self._frames[kind] = self._make(kind)
        return frame

    def _make(self, kind: _Kind) -> _Frame:
        path = join(", ", map(ident, (kind.schema, *self._extra_path)))
        head = list(_NESTED) if kind.is_nested else []
        if kind.is_nested and kind.is_read_only:
            head.append(("transaction_read_only", "on"))
        head.append(("search_path", statement(path).text))
        # An earlier request of the transaction may have changed them, a pooler's session too.
        pins = dict(API_PINS) if kind.is_nested or self._is_pooled else {}
        head += pins.items()
        head += [one for one in self._role_settings.get(kind.role, ()) if one[0] != _ISOLATION]
        head += [("role", kind.role)] if kind.role else []
        tail = (*kind.settings, *self._own)
        zone = ("timezone",) if kind.has_timezone else ()
        names = (*_names(head), *_REQUEST, *zone, *_names(tail))
        calls = (
            concat(
                raw("pg_catalog.set_config("), literal(name), raw(", "), bind(at), raw(", true)")
            )
            for at, name in enumerate(names)
        )
        return _Frame(
            statement(concat(raw("SELECT "), join(", ", calls))).text.encode(),
            tuple(encoded(value) for _, value in head),
            tuple(encoded(value) for _, value in tail),
            tuple(
                (at, encoded(value))
                for at, (name, value) in enumerate(head)
                if name == "role" or name in pins
            )[kind.is_nested :],
        )


def _names(settings: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(name for name, _ in settings)


def encoded(text: str) -> bytes:
    """Return a value as it is sent.

    Raises:
        Refusal: It holds a NUL, which would end it unseen before the server could refuse it.
    """
    if "\0" in text:
        raise Refusal("22021", NUL_TEXT, status=400)
    return text.encode(errors="surrogateescape")


def _header_values(message: Message) -> tuple[bytes, bytes]:
    """Return `request.headers` without cookies, and `request.cookies`, as JSON."""
    cookies: str | None = None
    headers: dict[str, str] = {}
    for name, value in message.headers:
        if name != "cookie":
            headers[name] = value
        elif cookies is None:
            cookies = value
    return _json(headers), b"{}" if cookies is None else _json(_cookies(cookies))


def _json(members: dict[str, str]) -> bytes:
    try:
        return _encode(members)
    except UnicodeEncodeError:
        return _encode({name: _printable(value) for name, value in members.items()})


def _printable(text: str) -> str:
    return text.encode(errors="surrogateescape").decode(errors="replace")


def _cookies(header: str) -> dict[str, str]:
    pairs = (part.partition("=") for part in header.split(";"))
    return {name.lstrip(" "): value for name, _, value in pairs if name.strip(" ")}


def _pre_request(name: TableName | None) -> Command | None:
    if name is None:
        return None
    call = concat(raw("SELECT "), qualified(name), raw("()"))
    return Command(statement(call).text.encode(), is_fixed=True)
