"""`SessionStore` and `AsyncSessionStore`: WhatsApp sessions in one of two backends, or in both."""

import datetime as dt
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from changeover import AsyncDatabase, Database, Side
from salon.error import SalonError
from salon.whatsapp.buffer import encode, revive
from salon.whatsapp.driver import AsyncBackend, Awaited, Backend, Blocking, Setup, call
from salon.whatsapp.folder import Content, read_folder, write_folder
from salon.whatsapp.operation import (
    CreateAuth,
    Merge,
    ReadAuth,
    ReadSession,
    Remove,
    Row,
    Steps,
    Work,
    Write,
)
from salon.whatsapp.over_repository import AsyncRepositoryBackend, RepositoryBackend
from salon.whatsapp.over_side import AsyncSideBackend, Authority, SideBackend
from salon.whatsapp.session import AsyncSession, Session
from salon.whatsapp.setting import Settings
from salon.whatsapp.spelling import WRONG_PREFIX, decide, session_name
from salon.whatsapp.upkeep import UpkeepMethods

if TYPE_CHECKING:
    from supabase import AsyncClient, Client

Clock = Callable[[], dt.datetime]
Create = Callable[[], Any]


class NoSessionError(SalonError):
    """There is no such session, and nobody said how to create its credentials."""

    code = "SALON112"


def now_utc() -> dt.datetime:
    """Return the current moment in UTC."""
    return dt.datetime.now(dt.UTC)


class StoreMethods(UpkeepMethods):
    """What both colours of a store share."""

    def _opened(self, company_id: str, create: Create | None) -> Steps[tuple[str, Any]]:
        """Return a session's name and its credentials; see `SessionStore.open`."""
        name = session_name(company_id)
        auth = yield from self._auth(name)
        if auth is None:
            if create is None:
                raise NoSessionError(
                    f"there is no session {name}", hint="give `create`, or import one"
                )
            yield from self.ask(CreateAuth(company_id=name, creds=encode(create())))
            auth = yield from self._auth(name)
            if auth is None:
                raise NoSessionError(
                    f"session {name} was removed while it was opened", hint="open it again"
                )
        return name, revive(auth["creds"])

    def _auth(self, name: str) -> Steps[Row | None]:
        rows = yield from self.ask(ReadAuth(company_ids=(name,)))
        return rows[0] if rows else None

    @call
    def remove(self, company_id: str) -> Steps[None]:
        """Delete a session's keys and credentials: one transaction on PostgreSQL."""
        yield from self.ask(Remove(company_id=session_name(company_id)))

    @call
    def export_to(self, company_id: str, folder: Path) -> Steps[int]:
        """Write a session into a new folder, as files; return how many keys.

        It is one state of the session if nobody writes to it meanwhile.

        Args:
            company_id: The session.
            folder: New or empty. What is in it afterwards opens the session: keep it safe.
        """
        name = session_name(company_id)
        auth = yield from self._auth(name)
        rows = yield from self.ask(ReadSession(company_id=name))
        if auth is None and not rows:
            raise NoSessionError(f"there is no session {name}", hint="look at its name")
        content = Content(
            creds=None if auth is None else revive(auth["creds"]),
            keys={(row["key_type"], row["key_id"]): revive(row["value"]) for row in rows},
        )
        found: int = yield from _work(lambda: write_folder(folder, content))
        return found

    @call
    def import_from(self, company_id: str, folder: Path) -> Steps[int]:
        """Write a session from files, an export's or Baileys' own; return how many keys.

        Keys get a new life. All or nothing on PostgreSQL.

        Args:
            company_id: The session.
            folder: What `export_to` or Baileys' `useMultiFileAuthState` has written.
        """
        name = session_name(company_id)
        content: Content = yield from _work(lambda: read_folder(folder))
        now = self.now()
        rows = [self.key_row(name, *one, now) for one in sorted(content.keys.items())]
        auth = None if content.creds is None else self.auth_row(name, content.creds)
        yield from self.ask(Write(company_id=name, auth=auth, rows=tuple(rows)))
        return len(rows)

    @call
    def merge_spellings(self, company_id: str) -> Steps[int]:
        """Move what was written under `company_` and the name to the name; return how many keys.

        The newer of two values of one type and id stays. It needs transactions, and nobody who
        writes under either spelling meanwhile.

        Raises:
            TransactionUnavailableError: The backend has none.
            SpellingConflictError: The two are sessions of two devices.
        """
        name = session_name(company_id)
        wrong = f"{WRONG_PREFIX}{name}"
        found: int = yield from self.ask(Merge(company_id=name, wrong=wrong, decide=decide(name)))
        return found


class SessionStore(StoreMethods, Blocking):
    """WhatsApp sessions; make one with `over_repositories`, `over_client` or `over_sides`.

    It may be used by several threads. What it was made over is the caller's, and stays open.

    Raises:
        ChangeoverError: Every method but `health` and `tend` may raise Changeover's public errors.
    """

    def __init__(
        self, backend: Backend, *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> None:
        """Take a backend."""
        super().__init__(_setup(settings, clock))
        self.backend: Backend = backend

    def open(self, company_id: str, create: Create | None = None) -> Session:
        """Return the session of a salon.

        Args:
            company_id: Its name.
            create: Returns new credentials. It is called only when the database has answered that
                there are none; where two processes do so at once, both get the same ones.

        Raises:
            NoSessionError: There are none and `create` was not given.
        """
        name, creds = self.run(self._opened(company_id, create))
        return Session(name, creds, self.setup, self.backend)

    @classmethod
    def over_repositories(cls, database: Database, **options: Any) -> Self:
        """Return a store over PostgreSQL.

        Args:
            database: Of `changeover.connect`.
            options: `settings` and `clock`.
        """
        return cls(RepositoryBackend(database), **options)

    @classmethod
    def over_client(cls, client: "Client", **options: Any) -> Self:
        """Return a store over the official client.

        Args:
            client: Of Supabase, of a gateway, or with `changeover.http_client` as its HTTP client.
            options: `settings` and `clock`.
        """
        from salon.whatsapp.over_client import ClientBackend  # noqa: PLC0415 - needs the client

        return cls(ClientBackend(client), **options)

    @classmethod
    def over_sides(
        cls, backends: Mapping[Side, Backend], authority: Authority, **options: Any
    ) -> Self:
        """Return a store that follows a swap: everything goes to the side with the authority.

        Args:
            backends: How each side is reached.
            authority: Says which side it is.
            options: `settings` and `clock`.
        """
        return cls(SideBackend(backends, authority), **options)


class AsyncSessionStore(StoreMethods, Awaited):
    """`SessionStore` for asyncio."""

    def __init__(
        self, backend: AsyncBackend, *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> None:
        """Take a backend."""
        super().__init__(_setup(settings, clock))
        self.backend: AsyncBackend = backend

    async def open(self, company_id: str, create: Create | None = None) -> AsyncSession:
        """Return the session of a salon; see `SessionStore.open`."""
        name, creds = await self.run(self._opened(company_id, create))
        return AsyncSession(name, creds, self.setup, self.backend)

    @classmethod
    def over_repositories(cls, database: AsyncDatabase, **options: Any) -> Self:
        """Return a store over PostgreSQL; see `SessionStore.over_repositories`."""
        return cls(AsyncRepositoryBackend(database), **options)

    @classmethod
    def over_client(cls, client: "AsyncClient", **options: Any) -> Self:
        """Return a store over the official client; see `SessionStore.over_client`."""
        from salon.whatsapp.over_client import AsyncClientBackend  # noqa: PLC0415 - as above

        return cls(AsyncClientBackend(client), **options)

    @classmethod
    def over_sides(
        cls, backends: Mapping[Side, AsyncBackend], authority: Authority, **options: Any
    ) -> Self:
        """Return a store that follows a swap; see `SessionStore.over_sides`."""
        return cls(AsyncSideBackend(backends, authority), **options)


def _setup(settings: Settings | None, clock: Clock) -> Setup:
    return Setup(settings=settings or Settings(), clock=clock)


def _work(act: Callable[[], Any]) -> Steps[Any]:
    return (yield Work(act))
