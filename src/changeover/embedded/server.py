"""A throw-away PostgreSQL server: ours from initdb to the removal of its directory.

It listens on 127.0.0.1 and on a Unix socket of its own, asks for passwords on both, and keeps its
promises to the disk (`fsync` is on) unless its settings say otherwise. Any number run side by side.
Each server has a system identifier of its own, which is why no initialised directory is copied.
"""

import os
import secrets
import signal
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Self

import psycopg
from psycopg import sql
from psycopg.conninfo import make_conninfo

from changeover.embedded import keeper
from changeover.embedded.account import Account, server_account
from changeover.embedded.binary import binaries, reachable
from changeover.embedded.configuration import DEFAULTS, Setting, check_settings, render
from changeover.embedded.directory import ServerDirectory, create, sweep
from changeover.embedded.process import end, launch, wait_until
from changeover.model.errors import (
    ServerNotRunningError,
    ServerNotStartedError,
    ServerNotStoppedError,
)
from changeover.model.secret import Secret

StopMode = Literal["smart", "fast", "immediate"]

HOST: Final = "127.0.0.1"
STOP_SIGNALS: Final = {
    "smart": signal.SIGTERM,
    "fast": signal.SIGINT,
    "immediate": signal.SIGQUIT,
}
START_S_MAX: Final = 60.0
STOP_S_MAX: Final = 60.0
INITDB_S_MAX: Final = 120.0
PORT_ATTEMPTS_MAX: Final = 20
# Below the range that systems take ports of outgoing connections from, so that a stopped server
# finds its port free when it is started again.
PORTS: Final = range(20_000, 32_000)
MAJOR_DEFAULT: Final = 16


class Server:
    """One server. Made by `start`; a context manager that removes it.

    Attributes:
        bin_directory: The programs that it runs on.
        superuser: The name of its first role.
        port: Where it listens on 127.0.0.1; a restart keeps it.
    """

    def __init__(
        self, bin_directory: Path, *, superuser: str, account: Account, place: Path | None = None
    ) -> None:
        """Make the directory and initialise it; `start` is what callers want."""
        sweep(account, place)
        self.superuser = superuser
        self.port = 0
        self._settings: dict[str, Setting] = {}
        self._passwords = {superuser: Secret(secrets.token_urlsafe(24))}
        self._process: subprocess.Popen[bytes] | None = None
        self._owner = os.getpid()
        self._is_closed = False
        self._start_of_log = 0
        self.bin_directory = reachable(bin_directory, account)
        self._directory: ServerDirectory = create(account, place)
        keeper.keep(self)

    @classmethod
    def start(
        cls,
        bin_directory: Path | None = None,
        *,
        settings: Mapping[str, Setting] | None = None,
        superuser: str = "supabase_admin",
        locale: str = "C.UTF-8",
        ports: Iterable[int] | None = None,
        account: Account | None = None,
        place: Path | None = None,
    ) -> Self:
        """Initialise and start a server.

        Args:
            bin_directory: PostgreSQL's programs; by default those of 16 (see `binaries`).
            settings: Configuration parameters by name.
            superuser: The name of its first role.
            locale: Collation and character type of libc; the messages are always English.
            ports: Ports to try, in this order; by default some of `PORTS`, at random.
            account: Whom it runs as; by default this user, or ``nobody`` where that is root.
            place: The directory to put its own below, such as one in memory; everybody may enter
                it. By default one for temporary files.

        Returns:
            A server that accepts connections.

        Raises:
            EmbeddedError: It could not be initialised or started; nothing is left of it.
        """
        check_settings(settings or {})
        server = cls(
            bin_directory or binaries(MAJOR_DEFAULT),
            superuser=superuser,
            account=account or server_account(),
            place=place,
        )
        try:
            server._initialise(locale)
            server._start_first(settings or {}, ports or _random_ports())
        except BaseException:
            server.close()
            raise
        return server

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        state = "running" if self.is_running else "stopped"
        return f"Server({self._directory.mark.cluster_name}, port={self.port}, {state})"

    @property
    def is_running(self) -> bool:
        """Whether the postmaster is alive."""
        return self._process is not None and self._process.poll() is None

    @property
    def process_id(self) -> int:
        """The postmaster's process id.

        Raises:
            ServerNotRunningError: It is not alive.
        """
        if self._process is None or self._process.poll() is not None:
            raise ServerNotRunningError(f"{self!r} has no process", hint="call restart()")
        return self._process.pid

    @property
    def data_directory(self) -> Path:
        """PostgreSQL's data directory; it belongs to the server's account."""
        return self._directory.data

    @property
    def socket_directory(self) -> Path:
        """The directory of its Unix socket, for ``host=`` of a connection string."""
        return self._directory.socket

    @property
    def log_file(self) -> Path:
        """What the server wrote; it may hold statements, so it is never printed by us."""
        return self._directory.log

    @property
    def major(self) -> int:
        """The major version of PostgreSQL that the data directory belongs to."""
        return int((self.data_directory / "PG_VERSION").read_text().strip())

    def conninfo(
        self,
        *,
        dbname: str = "postgres",
        user: str | None = None,
        password: Secret | None = None,
        host: str = HOST,
    ) -> str:
        """Return a libpq connection string; it holds the password, so don't print it.

        Args:
            dbname: The database.
            user: The role; by default the superuser.
            password: By default the one that was generated for the role, if any was.
            host: 127.0.0.1, or ``socket_directory``.
        """
        role = user or self.superuser
        known = password or self._passwords.get(role)
        secret = {"password": known.reveal()} if known else {}
        return make_conninfo(host=host, port=self.port, dbname=dbname, user=role, **secret)

    def connect(
        self, *, dbname: str = "postgres", user: str | None = None
    ) -> psycopg.Connection[tuple[Any, ...]]:
        """Return a connection that commits each statement; by default the superuser's."""
        return psycopg.connect(self.conninfo(dbname=dbname, user=user), autocommit=True)

    def give_password(self, role: str) -> Secret:
        """Return a role's generated password; the first call sets it.

        The server gets the verifier only, so that no statement or log holds the password.
        """
        if role not in self._passwords:
            password = secrets.token_urlsafe(24)
            with self.connect() as connection:
                verifier = connection.pgconn.encrypt_password(
                    password.encode(), role.encode(), b"scram-sha-256"
                )
                connection.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(verifier.decode())
                    )
                )
            self._passwords[role] = Secret(password)
        return self._passwords[role]

    def stop(self, mode: StopMode = "fast", *, stop_s_max: float = STOP_S_MAX) -> None:
        """Stop the server and keep its data; a server that is not running is left alone.

        Args:
            mode: As in ``pg_ctl stop``.
            stop_s_max: How long to wait, in seconds.

        Raises:
            ServerNotStoppedError: It is still there after the limit.
        """
        if self._process is None:
            return
        if self._process.poll() is None:
            self._process.send_signal(STOP_SIGNALS[mode])
        try:
            self._process.wait(stop_s_max)
        except subprocess.TimeoutExpired as error:
            raise ServerNotStoppedError(
                f"{self!r} did not stop ({mode}) within {stop_s_max:g} s",
                hint="a smart stop waits for every client; use another mode, or kill()",
            ) from error
        self._process = None

    def kill(self) -> None:
        """Crash the server: SIGKILL to the postmaster, then to all its processes.

        What was not flushed is lost to the server, not to the operating system's cache.
        """
        if self._process is not None:
            self._process.kill()
            self._process.wait(STOP_S_MAX)
            self._process = None
        end(self._directory.mark, gently=False)

    def restart(
        self, mode: StopMode = "fast", settings: Mapping[str, Setting] | None = None
    ) -> None:
        """Start the server again on its port and its data, after a stop of ours or any other end.

        Args:
            mode: How to stop it if it runs.
            settings: Changed on top of those that it has.

        Raises:
            ServerNotStoppedError: It did not stop.
            ServerNotStartedError: It did not come up; its port may have been taken.
        """
        check_settings(settings or {})
        self.stop(mode)
        end(self._directory.mark, gently=False)
        self._settings.update(settings or {})
        if not self._launch():
            raise self._not_started("it ended")

    def close(self) -> None:
        """Stop the server and remove everything; in a forked child nothing happens."""
        if self._is_closed or self._owner != os.getpid():
            return
        self._is_closed = True
        try:
            self.stop("immediate")
        except ServerNotStoppedError:
            self.kill()
        finally:
            self._directory.remove()
            keeper.release(self)

    def disown(self) -> None:
        """Let go of the server, in a forked child of its owner."""
        self._directory.disown()

    def _initialise(self, locale: str) -> None:
        password = self._passwords[self.superuser].reveal()
        password_file = self._directory.file("password", password)
        arguments = [
            *(str(self.bin_directory / "initdb"), "-D", str(self.data_directory)),
            *("--username", self.superuser, "--pwfile", str(password_file)),
            *("--auth-local=scram-sha-256", "--auth-host=scram-sha-256"),
            *("--encoding=UTF8", f"--locale={locale}", "--lc-messages=C", "--no-sync"),
        ]
        with self.log_file.open("wb") as output:
            process = launch(arguments, account=self._directory.account, output=output)
        try:
            code = process.wait(INITDB_S_MAX)
        except BaseException:
            process.kill()
            process.wait()
            raise
        finally:
            password_file.unlink()
        if code != 0:
            raise self._not_started(f"initdb ended with {code}")

    def _start_first(self, settings: Mapping[str, Setting], ports: Iterable[int]) -> None:
        """Start on the first port that is free; only the server's own bind can tell."""
        self._settings = {**DEFAULTS, **settings}
        tried = tuple(islice(ports, PORT_ATTEMPTS_MAX))
        for port in tried:
            self.port = port
            if self._launch():
                return
            if "could not bind" not in self._log_of_start():
                raise self._not_started("it ended")
        raise self._not_started(f"{len(tried)} port(s) were tried, and somebody has each")

    def _launch(self) -> bool:
        """Start the postmaster; return whether it became ready rather than ended.

        Raises:
            ServerNotStartedError: It did neither within the limit.
        """
        configuration = self._write_configuration()
        with self.log_file.open("ab") as output:
            self._start_of_log = output.tell()
            self._process = launch(
                [
                    *(str(self.bin_directory / "postgres"), "-D", str(self.data_directory)),
                    *("-c", f"config_file={configuration}"),
                ],
                account=self._directory.account,
                output=output,
            )
        if not wait_until(lambda: not self.is_running or self._is_ready(), seconds_max=START_S_MAX):
            self.kill()
            raise self._not_started(f"it was not ready within {START_S_MAX:g} s")
        if not self.is_running:
            self._process = None
            return False
        return True

    def _write_configuration(self) -> Path:
        settings: dict[str, Setting] = {
            **self._settings,
            "cluster_name": self._directory.mark.cluster_name,
            "listen_addresses": HOST,
            "port": self.port,
            "unix_socket_directories": str(self.socket_directory),
        }
        text = render(settings, initial=self.data_directory / "postgresql.conf")
        return self._directory.file("server.conf", text)

    def _is_ready(self) -> bool:
        """Read what the postmaster says of itself.

        Source: PostgreSQL's pidfile.h: line 1 is the process, line 8 its state, as pg_ctl reads it.
        """
        try:
            lines = (self.data_directory / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        state_line = 7
        if self._process is None or len(lines) <= state_line:
            return False
        return lines[0] == str(self._process.pid) and lines[state_line].strip() in {
            "ready",
            "standby",
        }

    def _log_of_start(self) -> str:
        """Return what was logged since the last start."""
        with self.log_file.open("rb") as handle:
            handle.seek(self._start_of_log)
            return handle.read().decode(errors="replace")

    def _not_started(self, reason: str) -> ServerNotStartedError:
        """Build the error; the log of a start that failed holds no statement of a client."""
        last = " / ".join(self._log_of_start().splitlines()[-3:])
        return ServerNotStartedError(
            f"PostgreSQL did not start: {reason}; the last it said: {last}",
            hint="look for a setting that it does not know, a full disk or a taken port",
        )


def _random_ports() -> Iterator[int]:
    while True:
        yield secrets.choice(PORTS)
