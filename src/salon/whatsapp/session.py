"""One salon's WhatsApp session: its credentials and keys, as the library asks for them."""

import asyncio
import datetime as dt
import threading
from collections.abc import Iterable, Mapping
from typing import Any, Final

from changeover import CannotConnectError, TimedOutError, WritesPausedError
from salon.error import InvalidArgumentError
from salon.whatsapp.attempt import TRANSIENT, attempted
from salon.whatsapp.buffer import encode, revive
from salon.whatsapp.driver import (
    AsyncBackend,
    Awaited,
    Backend,
    Blocking,
    Setup,
    call,
    call_in_turn,
)
from salon.whatsapp.operation import Key, Prolong, Read, ReadKeys, Row, Steps, Write
from salon.whatsapp.operation import Operation as AnyOperation

DAY: Final = dt.timedelta(days=1)
ASKED_MAX: Final = 20_000
"""Keys whose last prolongation is remembered."""


class Asking:
    """What store and session share: asking the backend, and the clock."""

    setup: Setup

    def ask(self, operation: AnyOperation) -> Steps[Any]:
        """Return what an operation comes to; see `attempted`.

        Raises:
            InvalidArgumentError: It writes, and the store is read-only.
        """
        settings = self.setup.settings
        if settings.is_read_only and not isinstance(operation, Read):
            raise InvalidArgumentError(
                "this store is read-only", hint="write through the session service's own"
            )
        return (yield from attempted(operation, swap_wait_s=settings.swap_wait_s_max))

    def now(self) -> dt.datetime:
        """Return the current moment in UTC."""
        now = self.setup.clock()
        assert now.tzinfo is not None, "the clock gives a moment with its offset"
        return now.astimezone(dt.UTC)

    def key_row(self, company_id: str, key: Key, value: Any, now: dt.datetime) -> Row:
        """Return the row of a key that is written now, and lives as its type does.

        Raises:
            MalformedValueError: JSON has no such value.
        """
        key_type, key_id = key
        return {
            "company_id": company_id,
            "key_type": key_type,
            "key_id": key_id,
            "value": encode(value),
            "updated_at": now.isoformat(),
            "expires_at": (now + self.setup.settings.ttl_of(key_type)).isoformat(),
        }

    def auth_row(self, company_id: str, creds: Any) -> Row:
        """Return the row of credentials that are written now; they have no end."""
        return {
            "company_id": company_id,
            "creds": encode(creds),
            "updated_at": self.now().isoformat(),
        }


class SessionMethods(Asking):
    """What both colours of a session share.

    Writes of a session keep their order: one that waits for a swap, or is tried again, is not
    overtaken by a later one, which it would overwrite then.

    Attributes:
        company_id: The session's name.
        creds: The credentials, Buffers revived: bytes. Change them as the library does, then
            `save_creds`.
    """

    def __init__(self, company_id: str, creds: Any, setup: Setup) -> None:
        """Take credentials that were read from the store."""
        self.company_id = company_id
        self.creds = creds
        self.setup = setup
        self._asked: dict[Key, dt.datetime] = {}

    @call
    def get(self, key_type: str, ids: Iterable[str]) -> Steps[dict[str, Any]]:
        """Return the values that were found, by id; Buffers in them are bytes.

        Keys that have expired count as long as they are there, and a key in use never expires.

        Args:
            key_type: The type of key.
            ids: The ids.

        Raises:
            CannotConnectError: In an outage, which is another thing than "no keys".
        """
        wanted = tuple(dict.fromkeys(text("an id", one) for one in ids))
        kind = text("the type of a key", key_type)
        if not wanted:
            return {}
        rows = yield from self.ask(
            ReadKeys(company_id=self.company_id, key_type=kind, key_ids=wanted)
        )
        yield from self._prolong(kind, rows)
        return {row["key_id"]: revive(row["value"]) for row in rows}

    def _prolong(self, key_type: str, rows: list[Row]) -> Steps[None]:
        """Let keys live on that have less than half of their life left, once a day at the most."""
        now = self.now()
        ttl = self.setup.settings.ttl_of(key_type)
        below = now + ttl / 2
        due = tuple(
            row["key_id"]
            for row in rows
            if (expiry := moment(row["expires_at"])) is not None
            and expiry < below
            and now - self._asked.get((key_type, row["key_id"]), now - DAY) >= DAY
        )
        if not due or self.setup.settings.is_read_only:
            return
        operation = Prolong(
            company_id=self.company_id, key_type=key_type, key_ids=due, below=below, until=now + ttl
        )
        try:
            yield operation
        except (*TRANSIENT, TimedOutError, WritesPausedError):
            # The values are read, and the next `get` asks again: a day is left, or more.
            return
        if len(self._asked) + len(due) > ASKED_MAX:
            self._asked.clear()
        self._asked.update({(key_type, key_id): now for key_id in due})

    @call_in_turn
    def set(self, data: Mapping[str, Mapping[str, Any]]) -> Steps[None]:
        """Write values and delete keys: one transaction on PostgreSQL.

        Over the official client it is one upsert, then deletes; after an error the whole call may
        be repeated.

        Args:
            data: Values by type and id; None deletes.

        Raises:
            MalformedValueError: JSON has no such value; nothing was written.
        """
        now = self.now()
        rows: list[Row] = []
        gone: dict[str, list[str]] = {}
        for key_type, values in data.items():
            kind = text("the type of a key", key_type)
            for key_id, value in values.items():
                key = kind, text("an id", key_id)
                if value is None:
                    gone.setdefault(kind, []).append(key_id)
                else:
                    rows.append(self.key_row(self.company_id, key, value, now))
        if not rows and not gone:
            return
        # In one order everywhere, so that two writers wait for each other and not in a circle.
        rows.sort(key=lambda row: (row["key_type"], row["key_id"]))
        yield from self.ask(
            Write(
                company_id=self.company_id,
                rows=tuple(rows),
                gone=tuple((kind, tuple(sorted(ids))) for kind, ids in sorted(gone.items())),
            )
        )

    @call_in_turn
    def save_creds(self) -> Steps[None]:
        """Write the credentials as they are now; raises if that can't be done."""
        auth = self.auth_row(self.company_id, self.creds)
        yield from self.ask(Write(company_id=self.company_id, auth=auth))


class Session(SessionMethods, Blocking):
    """A session; a store's `open` makes one."""

    def __init__(self, company_id: str, creds: Any, setup: Setup, backend: Backend) -> None:
        """Take what the store runs on."""
        super().__init__(company_id, creds, setup)
        self.backend = backend
        self.turn = threading.Lock()


class AsyncSession(SessionMethods, Awaited):
    """`Session` for asyncio."""

    def __init__(self, company_id: str, creds: Any, setup: Setup, backend: AsyncBackend) -> None:
        """Take what the store runs on."""
        super().__init__(company_id, creds, setup)
        self.backend = backend
        self.turn = asyncio.Lock()


def text(name: str, value: Any) -> str:
    """Return a text that PostgreSQL can hold, and that is not empty.

    Raises:
        InvalidArgumentError: It is something else.
    """
    is_storable = (
        isinstance(value, str)
        and value != ""
        and "\0" not in value
        and not any("\ud800" <= one <= "\udfff" for one in value)
    )
    if not is_storable:
        raise InvalidArgumentError(f"{name} must be text that PostgreSQL can hold, and not empty")
    return str(value)


def moment(value: str | None) -> dt.datetime | None:
    """Return a moment from the server's text; None if there is none, or never."""
    if value is None or value == "infinity":
        return None
    try:
        return dt.datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise CannotConnectError(
            "public.whatsapp_keys: expires_at is no moment",
            hint="look at what stands between the application and the database",
        ) from None
