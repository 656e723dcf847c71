"""Two databases in a move, a gateway that plays the source's API, a mirror, and shadow reads.

`shadow_world` is the context manager behind the fixture `world` of the tests of shadow reads.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import httpx
import psycopg
from gateway_process import JWT_SECRET, GatewayProcess, token
from psycopg import sql

from changeover.control.move import Move
from changeover.engine.message import Message, Reply
from changeover.engine.settings import ApiSettings
from changeover.model.errors import ChangeoverError
from changeover.model.secret import Secret
from changeover.model.side import Side, Stage
from changeover.routing.control_table import ControlTable, ThreadReach
from changeover.routing.guard_rail import GuardRail
from changeover.routing.last_state import LastState
from changeover.routing.link import Link, LinkSettings
from changeover.routing.rule import State
from changeover.routing.shadow import Shadow, ShadowSettings
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import PostgresStore
from changeover.stores.supabase import SupabaseStore
from changeover.transfer.mirror import Mirror

API = ApiSettings(has_aggregates=True)
ROUND_S = 0.01
WAIT_S_MAX = 60.0
API_ROLES = ("anon", "authenticated", "service_role")
_numbers = count(1)


class MirrorThread:
    """A mirror that runs rounds until it is stopped, and rests while it is paused."""

    def __init__(self, mirror: Mirror) -> None:
        """Start running."""
        self._mirror = mirror
        self._is_over = threading.Event()
        self._may_run = threading.Event()
        self._is_resting = threading.Event()
        self._may_run.set()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while not self._is_over.wait(ROUND_S):
            if not self._may_run.is_set():
                self._is_resting.set()
                self._may_run.wait()
                continue
            # What fails is tried again, as the daemon does.
            with suppress(ChangeoverError, psycopg.Error):
                self._mirror.round()

    def pause(self) -> None:
        """Let no round begin; return when none runs."""
        self._is_resting.clear()
        self._may_run.clear()
        assert self._is_resting.wait(WAIT_S_MAX)

    def go_on(self) -> None:
        """Run again."""
        self._may_run.set()

    def stop(self) -> None:
        """End; return when no round runs."""
        self._is_over.set()
        self._may_run.set()
        self._thread.join(WAIT_S_MAX)


@dataclass(slots=True)
class ShadowWorld:
    """A move whose reads are compared.

    Attributes:
        source: What callers ask.
        link: To the control tables.
        shadow: What compares.
        login: The role that the shadow's store of the target logs in as.
        observed: What the shadow has told.
    """

    pair: Any
    move: Move
    source: SupabaseStore
    target: PostgresStore
    mirror: MirrorThread
    link: Link
    shadow: Shadow
    login: str
    observed: list[Any] = field(default_factory=list)
    state: State = field(default_factory=lambda: State(stage=Stage.SHADOW, shadow_percent=100))

    def ask(self, path: str, query: str = "", *, role: str = "service_role", **given: Any) -> Reply:
        """Ask the source as a caller does, and offer what it answered."""
        message = read(path, query, role=role, **given)
        reply = self.source.send(message)
        self.shadow.offer(message, reply, Side.SOURCE, self.state)
        return reply

    def settle(self) -> None:
        """Wait until all that was asked is settled and told."""
        assert self.shadow.wait(WAIT_S_MAX)

    def write(self, side: Side, *statements: str) -> None:
        """Run statements on a side: on the source as its owner, on the target as superuser."""
        database = self.pair.source if side is Side.SOURCE else self.pair.target
        connect = database.connect if side is Side.SOURCE else database.connect_as_superuser
        with connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def bend(self, table: str, statement: str) -> None:
        """Change a table of the target past its fence; see `bend`."""
        bend(self.pair.target, table, statement)

    def mirrored(self) -> None:
        """Wait until the mirror has carried all that is committed."""
        end = time.monotonic() + WAIT_S_MAX
        # A mirror that was silent is not waited for until it has answered again.
        while not self.link.confirm(WAIT_S_MAX):
            assert time.monotonic() < end
            time.sleep(ROUND_S)

    def mismatches(self) -> set[tuple[Any, ...]]:
        """Return what the control tables were told: table, class, columns."""
        with self.pair.target.connect() as connection:
            rows = connection.execute(
                "SELECT table_name, class, columns FROM changeover.shadow_mismatch"
            ).fetchall()
        return {(table, kind, *columns) for table, kind, columns in rows}

    def counts(self) -> dict[str, int]:
        """Return the counts that the control tables were told, over all tables."""
        with self.pair.target.connect() as connection:
            row = connection.execute(
                "SELECT coalesce(sum(compared), 0)::int, coalesce(sum(equal), 0)::int,"
                " coalesce(sum(unsettled), 0)::int, coalesce(sum(skipped), 0)::int,"
                " coalesce(sum(dropped), 0)::int FROM changeover.shadow_count"
            ).fetchone()
        names = ("compared", "equal", "unsettled", "skipped", "dropped")
        return dict(zip(names, row, strict=True))


def bend(database: Any, table: str, statement: str) -> None:
    """Change a table of the target past its fence, as a trigger there once did.

    (While a trigger of the secondary fires, the mirror refuses to carry rows at all.)
    """
    target = sql.SQL(table)
    with database.connect_as_superuser() as connection, connection.transaction():
        triggers = connection.execute(
            "SELECT tgname, tgenabled FROM pg_trigger"
            " WHERE tgrelid = %s::regclass AND NOT tgisinternal",
            [table],
        ).fetchall()
        connection.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(target))
        connection.execute(statement)
        for name, enabled in triggers:
            how = sql.SQL("ENABLE ALWAYS" if enabled == "A" else "ENABLE")
            connection.execute(
                sql.SQL("ALTER TABLE {} {} TRIGGER {}").format(target, how, sql.Identifier(name))
            )


def read(path: str, query: str = "", *, role: str = "service_role", **given: Any) -> Message:
    """Return a read as a client sends it."""
    headers = {"authorization": f"Bearer {token(role)}", **given.pop("headers", {})}
    return Message(
        method=given.pop("method", "GET"), path=path, query=query, headers=tuple(headers.items())
    )


def _store(dsn: str, connections_max: int = 2) -> PostgresStore:
    return PostgresStore(
        StoreSettings(
            pool=PoolSettings(dsn=Secret(dsn), connections_max=connections_max),
            api=API,
            keys=KeySettings(anonymous_role="anon", jwt_secret=Secret(JWT_SECRET)),
        )
    )


def prepare_roles(database: Any) -> str:
    """Make the API's roles on a bare database, and return a login that may become them.

    Its name is new each time: a server knows the password that it once gave to a name.
    """
    login = f"shadow_login_{next(_numbers)}"
    with database.connect_as_superuser() as connection:
        known = {name for (name,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role in sorted(set(API_ROLES) - known):
            bypass = sql.SQL("BYPASSRLS" if role == "service_role" else "NOBYPASSRLS")
            connection.execute(
                sql.SQL("CREATE ROLE {} NOLOGIN {}").format(sql.Identifier(role), bypass)
            )
        connection.execute(
            sql.SQL("CREATE ROLE {} LOGIN NOINHERIT IN ROLE {}").format(
                sql.Identifier(login), sql.SQL(", ").join(map(sql.Identifier, API_ROLES))
            )
        )
    return login


def remove_roles(database: Any, login: str) -> None:
    """Remove what `prepare_roles` made."""
    with database.connect_as_superuser() as connection:
        for role in (login, *API_ROLES):
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(role)))


def _api(gateway: GatewayProcess, after: ExitStack) -> SupabaseStore:
    client = httpx.Client(timeout=30, trust_env=False)
    after.callback(client.close)
    return SupabaseStore(gateway.url, client)


@contextmanager
def shadow_world(
    pair: Any,
    move: Move,
    mirror: Mirror,
    gateway: GatewayProcess,
    directory: Any,
    *,
    login: str,
    guard: GuardRail | None = None,
    **settings: Any,
) -> Iterator[ShadowWorld]:
    """Run a mirror and shadow reads between two databases whose capture is installed."""
    observed: list[Any] = []
    with pair.target.connect() as connection:
        connection.execute("UPDATE changeover.control SET stage = 'shadow'")
    with ExitStack() as after:
        control = _store(pair.target.dsn)
        after.callback(control.close)
        table = ControlTable(ThreadReach(control).run, WAIT_S_MAX)
        link = Link(
            table,
            LastState("test", str(directory / "state")),
            LinkSettings(poll_s=0.1, timeout_s=WAIT_S_MAX),
        )
        after.callback(link.close)
        link.ensure()
        link.ready.result(WAIT_S_MAX)
        target = _store(pair.target.dsn_of(login))
        thread = MirrorThread(mirror)
        after.callback(thread.stop)
        shadow = Shadow(
            _api(gateway, after),
            target,
            link,
            ShadowSettings(**{"confirm_timeout_s": WAIT_S_MAX, **settings}, api=API, flush_s=0.2),
            observed.append,
            guard=guard,
        )
        after.callback(shadow.close)
        source = _api(gateway, after)
        yield ShadowWorld(pair, move, source, target, thread, link, shadow, login, observed)
