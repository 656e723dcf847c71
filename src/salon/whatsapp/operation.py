"""What a session store asks of a backend, as values.

A method of the store is a generator: it yields these, is sent what they came to, and returns. It
knows neither the backend nor the colour. Every operation may be repeated: done twice it leaves what
it leaves done once.
"""

import datetime as dt
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from changeover import Filter

R = TypeVar("R")
Row: TypeAlias = dict[str, Any]
Key: TypeAlias = tuple[str, str]
"""A key's type and id."""

AUTH: Final = "whatsapp_auth"
KEYS: Final = "whatsapp_keys"
AUTH_KEY: Final = ("company_id",)
KEYS_KEY: Final = ("company_id", "key_type", "key_id")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadAuth:
    """Read sessions' credentials: a list of rows with company_id, creds, updated_at.

    Attributes:
        company_ids: The sessions.
    """

    company_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateAuth:
    """Insert credentials ON CONFLICT DO NOTHING: None.

    Attributes:
        company_id: The session.
        creds: The credentials, as JSON holds them.
    """

    company_id: str
    creds: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadKeys:
    """Read keys of one type: a list of rows with key_id, value, expires_at; all or an error.

    Attributes:
        company_id: The session.
        key_type: The type.
        key_ids: The ids; one or more, none twice.
    """

    company_id: str
    key_type: str
    key_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSession:
    """Read all keys of a session: a list of rows with key_type, key_id, value.

    Attributes:
        company_id: The session.
    """

    company_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """Write credentials and keys: None. All or nothing where the backend has transactions.

    Attributes:
        company_id: The session.
        auth: The row of whatsapp_auth to upsert, if any.
        rows: Rows of whatsapp_keys to upsert, with the same columns, by ascending key.
        gone: The ids to delete, by type.
    """

    company_id: str
    auth: Row | None = None
    rows: tuple[Row, ...] = ()
    gone: tuple[tuple[str, tuple[str, ...]], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Prolong:
    """Let keys expire later: None.

    Attributes:
        company_id: The session.
        key_type: The type.
        key_ids: The ids; one or more.
        below: Only keys that would expire before this moment; others are prolonged already.
        until: When they shall expire.
    """

    company_id: str
    key_type: str
    key_ids: tuple[str, ...]
    below: dt.datetime
    until: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Remove:
    """Delete a session, keys first: None.

    Attributes:
        company_id: The session.
    """

    company_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleanup:
    """Delete keys of all sessions that have expired: how many.

    Attributes:
        before: Those that expired before this moment.
    """

    before: dt.datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Count keys: an exact number.

    Attributes:
        filters: What must hold, all of it.
    """

    filters: tuple[Filter, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """Move the rows of a wrong spelling of a session's name to the right one: how many keys.

    It is one transaction, or TransactionUnavailableError.

    Attributes:
        company_id: The right spelling.
        wrong: The other one; compared exactly.
        decide: Takes the credentials and the keys of both, and returns what to write.
    """

    company_id: str
    wrong: str
    decide: Callable[[list[Row], list[Row]], Write]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait before going on.

    Attributes:
        seconds: How long.
    """

    seconds: float


@dataclass(frozen=True, slots=True)
class Work:
    """Do something that blocks, such as writing files: what it returns.

    Attributes:
        act: What to do.
    """

    act: Callable[[], Any]


Read: TypeAlias = ReadAuth | ReadKeys | ReadSession | Count
Change: TypeAlias = CreateAuth | Write | Prolong | Remove | Cleanup | Merge
Operation: TypeAlias = Read | Change
Steps: TypeAlias = Generator[Operation | Pause | Work, Any, R]
