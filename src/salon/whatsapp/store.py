"""`SessionStore` and `AsyncSessionStore`: WhatsApp sessions in one of two backends, or in both."""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Self

from changeover import AsyncDatabase, Database, Side, gte, is_null, lt
from salon.error import InvalidArgumentError, SalonError
from salon.whatsapp.buffer import encode, revive
from salon.whatsapp.driver import AsyncBackend, Awaited, Backend, Blocking, Setup, call
from salon.whatsapp.folder import Content, read_folder, write_folder
from salon.whatsapp.health import (
    AGES_DAYS,
    Health,
    Rounds,
    Status,
    Tended,
    is_due,
    status_of,
)
from salon.whatsapp.merging import WRONG_PREFIX, decide
from salon.whatsapp.operation import (
    Cleanup,
    Count,
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
from salon.whatsapp.session import Asking, AsyncSession, Session
from salon.whatsapp.setting import Settings

if TYPE_CHECKING:
    from supabase import AsyncClient, Client

Clock = Callable[[], dt.datetime]
Create = Callable[[], Any]

_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,50}")


class NoSessionError(SalonError):
    """There is no such session, and nobody said how to create its credentials."""

    code = "SALON112"


def now_utc() -> dt.datetime:
    """Return the current moment in UTC."""
    return dt.datetime.now(dt.UTC)


def session_name(company_id: Any) -> str:
    """Return a session's name: the bare number of the tenant, by convention.

    Raises:
        InvalidArgumentError: It is none, or the spelling with the prefix.
    """
    if not isinstance(company_id, str) or not _NAME.fullmatch(company_id):
        raise InvalidArgumentError(
            "company_id must be text of 1 to 50 of A-Z, a-z, 0-9, _ and -",
            hint="give the tenant's number as text",
        )
    if company_id.lower().startswith(WRONG_PREFIX):
        raise InvalidArgumentError(
            f"company_id is spelled without {WRONG_PREFIX!r}",
            hint="two spellings are two sessions; `merge_spellings` joins what was written",
        )
    return company_id


class StoreMethods(Asking):
    """What both colours of a store share."""

    def __init__(self, setup: Setup) -> None:
        """Take the surroundings."""
        self.setup = setup
        self.rounds = Rounds()

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
    def cleanup(self) -> Steps[int]:
        """Delete the keys of all sessions that have expired; return how many."""
        return (yield from self._cleanup())

    def _cleanup(self) -> Steps[int]:
        found: int = yield from self.ask(Cleanup(before=self.now()))
        return found

    @call
    def health(self) -> Steps[Health]:
        """Return how the sessions are; it never raises, and what is unknown is never healthy."""
        return (yield from self._health())

    def _health(self) -> Steps[Health]:
        try:
            return (yield from self._numbers())
        except Exception as error:  # noqa: BLE001 - a check that can't be made is its own result
            return Health(status=Status.UNKNOWN, problem=type(error).__name__)

    def _numbers(self) -> Steps[Health]:
        now = self.now()
        expired: int = yield from self.ask(Count(filters=(lt("expires_at", _text(now)),)))
        bounds = [_text(now - dt.timedelta(days=days)) for days in AGES_DAYS]
        ages: list[int] = []
        newer: str | None = None
        for older in [*bounds, None]:
            filters = [] if older is None else [gte("updated_at", older)]
            filters += [] if newer is None else [lt("updated_at", newer)]
            ages.append((yield from self.ask(Count(filters=tuple(filters)))))
            newer = older
        undated: int = yield from self.ask(Count(filters=(is_null("updated_at"),)))
        return Health(status=status_of(expired), expired=expired, ages=tuple(ages), undated=undated)

    @call
    def tend(self) -> Steps[Tended]:
        """Do what is due of the cleanup and the check of health; call it every minute or so.

        One process does it, under the authority in force: the store asks who has it each time.
        """
        now, settings, rounds = self.now(), self.setup.settings, self.rounds
        health, is_alarm, deleted, failed = None, False, None, None
        if is_due(rounds.looked, settings.health_every, now):
            health = yield from self._health()
            rounds.looked = now
            is_bad = health.status is not Status.HEALTHY
            is_alarm = is_bad and is_due(rounds.alarmed, settings.alarm_every, now)
            rounds.alarmed = now if is_alarm else rounds.alarmed
        if is_due(rounds.cleaned, settings.cleanup_every, now):
            try:
                deleted = yield from self._cleanup()
                rounds.cleaned = now
            except Exception as error:  # noqa: BLE001 - the round reports it, and it stays due
                failed = error
        return Tended(health=health, is_alarm=is_alarm, deleted=deleted, error=failed)

    @call
    def export_to(self, company_id: str, folder: Path) -> Steps[int]:
        """Write a session into a new folder, as files; return how many keys.

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
        rows = [
            {
                "company_id": name,
                "key_type": key_type,
                "key_id": key_id,
                "value": encode(value),
                "updated_at": _text(now),
                "expires_at": _text(now + self.setup.settings.ttl_of(key_type)),
            }
            for (key_type, key_id), value in sorted(content.keys.items(), key=lambda one: one[0])
        ]
        auth = None
        if content.creds is not None:
            auth = {"company_id": name, "creds": encode(content.creds), "updated_at": _text(now)}
        yield from self.ask(Write(company_id=name, auth=auth, rows=tuple(rows)))
        return len(rows)

    @call
    def merge_spellings(self, company_id: str) -> Steps[int]:
        """Move what was written under `company_` and the name to the name; return how many keys.

        The newer of two values of one type and id stays. It needs transactions.

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


def _text(moment: dt.datetime) -> str:
    return moment.isoformat()


def _work(act: Callable[[], Any]) -> Steps[Any]:
    return (yield Work(act))
