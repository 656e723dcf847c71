"""What the measurements of the API stand on: one server with the platform's roles, a gateway."""

import json
import os
import re
import select
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import Any

import jwt

import changeover
from changeover.embedded import Database, Server, binaries, create_database
from changeover.engine.message import Message
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeyMode, KeySettings
from changeover.stores.postgres import PostgresStore
from changeover.stores.session import Command, Session

SECRET = "a secret of the bench that is long enough"  # noqa: S105  # signs tokens of the bench only
ROWS = 10_000
ROLES = """
CREATE ROLE owner;
CREATE ROLE anon;
CREATE ROLE authenticated;
CREATE ROLE service_role BYPASSRLS;
CREATE ROLE authenticator LOGIN NOINHERIT;
GRANT anon, authenticated, service_role TO authenticator;
"""
TABLES = f"""
CREATE TABLE public.item (id bigint PRIMARY KEY, name text NOT NULL, price numeric(10, 2),
  tags text[], data jsonb, created_at timestamptz NOT NULL DEFAULT now());
INSERT INTO public.item SELECT g, 'item ' || g, g / 7.0, ARRAY['a', 'b'], '{{"n": 1}}', now()
FROM generate_series(1, {ROWS}) AS g;
GRANT ALL ON public.item TO anon, authenticated, service_role;
ANALYZE public.item;
"""
BLOCK = 65_536
START_S_MAX = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """A database behind the API."""

    database: Database
    key: str

    @property
    def dsn(self) -> str:
        """The connection string of the role that may become the others."""
        return self.database.dsn_of("authenticator")


@contextmanager
def scene() -> Iterator[Scene]:
    """Run a server with the table that is asked for."""
    with Server.start(binaries(18), settings={"shared_buffers": "256MB"}) as server:
        with server.connect() as connection:
            connection.execute(ROLES)
        database = create_database(server, "bench", owner="owner")
        with database.connect_as_superuser() as connection:
            connection.execute(TABLES)
        yield Scene(database=database, key=service_key())


def service_key() -> str:
    """Return the key of the service role."""
    claims = {"role": "service_role", "iat": 1_700_000_000, "exp": 4_000_000_000}
    return jwt.encode(claims, SECRET, algorithm="HS256")


@contextmanager
def gateway(made: Scene, *, workers: int = 1, connections: int = 8) -> Iterator[str]:
    """Run the gateway of a scene and return its URL."""
    with tempfile.TemporaryDirectory(prefix="changeover-bench-") as place:
        dsn = Path(place, "dsn")
        dsn.write_text(made.dsn, encoding="utf-8")
        dsn.chmod(0o600)
        environment = {
            "PATH": os.environ["PATH"],
            "PGRST_DB_URI": f"@{dsn}",
            "PGRST_DB_ANON_ROLE": "anon",
            "PGRST_JWT_SECRET": SECRET,
            "PGRST_DB_POOL": str(connections),
            "PGRST_SERVER_HOST": "127.0.0.1",
            "PGRST_SERVER_PORT": "0",
            "PGRST_LOG_LEVEL": "crit",
        }
        program = Path(sys.executable).with_name("changeover")
        words = [str(program), "gateway", "--workers", str(workers)]
        with running(words, environment, Path(place)) as url:
            yield url


@contextmanager
def running(words: list[str], environment: dict[str, str], place: Path) -> Iterator[str]:
    """Run a server process until it says where it listens; stop it at the end."""
    log = place / "log"
    with log.open("wb") as out:
        process = subprocess.Popen(words, env=environment, stdout=out, stderr=out, cwd=place)
    try:
        end = time.monotonic() + START_S_MAX
        while not (found := re.search(r"(?:listening|running) on (\S+)", log.read_text())):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit(f"it did not start: {log.read_text()}")
            time.sleep(0.05)
        yield found[1]
    finally:
        process.terminate()
        process.wait(START_S_MAX)


def store_of(made: Scene) -> PostgresStore:
    """Return a store on a scene's database."""
    keys = KeySettings(
        mode=KeyMode.SUPABASE, jwt_secret=changeover.Secret(SECRET), anonymous_role="anon"
    )
    pool = changeover.PoolSettings(dsn=changeover.Secret(made.dsn))
    return PostgresStore(StoreSettings(pool=pool, keys=keys))


def message(made: Scene, number: int) -> Message:
    """Return the request for one row."""
    headers = (("apikey", made.key),)
    return Message(method="GET", path="/item", query=f"select=*&id=eq.{number}", headers=headers)


def statements_of(made: Scene, number: int = 7) -> str:
    """Return what a store sends for the request for one row, as JSON: texts with their values."""
    seen: list[Command] = []
    exchange = Session.exchange

    def watched(self: Any, commands: Any, generation: int) -> Any:
        seen[:] = commands
        return exchange(self, commands, generation)

    store = store_of(made)
    store.send(message(made, number))
    Session.exchange = watched  # type: ignore[method-assign]
    store.send(message(made, number))
    Session.exchange = exchange  # type: ignore[method-assign]
    store.close()
    return json.dumps(
        [(c.text.decode(), [None if v is None else v.decode() for v in c.values]) for c in seen]
    )


class Delay:
    """A TCP proxy that adds time to every answer, so that a loopback is as far as a provider."""

    def __init__(self, port: int, delay_ms: float) -> None:
        """Begin to pass connections on to a port of this machine."""
        self._upstream = ("127.0.0.1", port)
        self._delay_s = delay_ms / 1000
        self._is_passing = threading.Event()
        self._is_passing.set()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        # While it hangs, the server must have no work either: it would take the processor.
        self._is_passing.wait()
        server = socket.create_connection(self._upstream)
        for one in (client, server):
            one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        due: list[tuple[float, int, bytes]] = []
        count = 0
        while True:
            wait = max(0.0, due[0][0] - time.monotonic()) if due else None
            readable, _, _ = select.select([client, server], [], [], wait)
            self._is_passing.wait()
            now = time.monotonic()
            for one in readable:
                block = one.recv(BLOCK)
                if not block:
                    client.close()
                    server.close()
                    return
                if one is client:
                    server.sendall(block)
                else:
                    count += 1
                    heappush(due, (now + self._delay_s, count, block))
            while due and due[0][0] <= time.monotonic():
                client.sendall(heappop(due)[2])

    def hang(self) -> None:
        """Go on taking connections, and answer nothing any more."""
        self._is_passing.clear()

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()
