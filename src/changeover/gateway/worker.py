"""One worker: an event loop, a store, and uvicorn's server around the application.

It stops gracefully: from the first signal on nobody is accepted any more, what was begun is
answered; a second signal does not wait. A worker whose parent is gone stops the same way.
"""

import asyncio
import logging
import os
import signal
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import uvicorn
import uvloop

from changeover.gateway.access_log import AccessLog
from changeover.gateway.application import Gateway
from changeover.gateway.backend import Backend, in_loop
from changeover.gateway.health import Admin, Health
from changeover.gateway.metrics import Metrics
from changeover.gateway.proxy import Proxy
from changeover.gateway.routed_backend import RoutedBackend
from changeover.gateway.routing_log import RoutingLog
from changeover.gateway.setup import Setup
from changeover.gateway.wire import Protocol
from changeover.model.errors import ChangeoverError
from changeover.model.observation import Observer
from changeover.routing.audience import Audience

KEEP_ALIVE_S: Final = 65
ADMIN_STOP_S: Final = 1
INTERRUPTED: Final = 130
LOOK_S: Final = 1.0
"""How often a database that could not be reached at the start is looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sockets:
    """What the workers share.

    Attributes:
        api: Where the API listens.
        admin: Where health listens by itself, if anywhere.
    """

    api: socket.socket
    admin: socket.socket | None = None


class _Server(uvicorn.Server):
    """uvicorn's server; signals are the worker's."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals alone."""
        yield

    def stop(self) -> None:
        """Stop gracefully; the second time at once."""
        self.force_exit = self.should_exit
        self.should_exit = True


class _Voices(logging.Handler):
    """Brings warnings of the libraries into our log: their kind and place, never their texts."""

    def __init__(self, log: AccessLog) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self._log.fault(record.exc_info[1])
        else:
            self._log.event("warning", logger=record.name, text=str(record.msg))


class Worker:
    """Serves until told to stop."""

    def __init__(self, setup: Setup, read: Callable[[], Setup], sockets: Sockets) -> None:
        """Prepare; nothing is opened yet.

        Args:
            setup: How it is run.
            read: Reads the configuration again.
            sockets: What it listens on.
        """
        self._setup = setup
        self._read = read
        self._sockets = sockets
        self._log = AccessLog(status_min=setup.status_logged_min)
        self._servers: list[_Server] = []
        self._metrics = Metrics()
        self._observer: Observer | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._exit_code = 0

    def run(self, parent: int | None = None) -> int:
        """Serve; return the exit code.

        Args:
            parent: A descriptor that ends when the parent does.
        """
        voices = _Voices(self._log)
        for name in ("uvicorn", "asyncio", "websockets"):
            logger = logging.getLogger(name)
            logger.addHandler(voices)
            logger.propagate = False
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            try:
                return runner.run(self._serve(parent))
            except ChangeoverError as error:
                self._log.event("failed", code=error.code, message=error.message)
                return error.exit_code
            finally:
                self._log.flush()

    async def _serve(self, parent: int | None) -> int:
        setup = self._setup
        self._backend = self._open(setup)
        health = Health(self._is_ready, self._standing)
        proxy = Proxy(setup.upstream) if setup.upstream else None
        self._gateway = Gateway(
            self._backend,
            limits=setup.limits,
            origins=setup.origins,
            health=health if setup.has_health else None,
            proxy=proxy,
            log=self._log,
        )
        self._servers = [_server(self._gateway, setup, setup.stop_s_max)]
        runs = [self._servers[0].serve([self._sockets.api])]
        if self._sockets.admin is not None:
            admin = Admin(health, self._metrics.reply)
            self._servers.append(_server(admin, None, ADMIN_STOP_S))
            runs.append(self._servers[1].serve([self._sockets.admin]))
        self._hear(parent)
        if not setup.is_seen:
            self._begin(self._await_database)
        try:
            await asyncio.gather(*runs)
        finally:
            await self._backend.close()
            if proxy is not None:
                await proxy.close()
        return self._exit_code

    def _open(self, setup: Setup) -> Backend:
        loop = asyncio.get_running_loop()
        reload = in_loop(loop, lambda: self._begin(self._reload_configuration))
        if setup.route is None:
            return Backend(setup, reload)
        self._observer = self._observer or self._watch()
        return RoutedBackend(setup, setup.route, reload, self._observer)

    def _watch(self) -> Observer:
        """Return who is told of what happens to the routing, for the life of the worker."""
        log: Observer = RoutingLog(self._log, asyncio.get_running_loop())
        counts = self._metrics.observer()
        return Audience(log, counts) if counts is not None else Audience(log)

    async def _is_ready(self) -> bool:
        is_stopping = any(server.should_exit for server in self._servers)
        return not is_stopping and await self._backend.is_ready()

    def _standing(self) -> Mapping[str, Any]:
        # The backend of now: another one comes with another configuration.
        return self._backend.standing()

    def _hear(self, parent: int | None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop, number)
        loop.add_signal_handler(signal.SIGUSR1, self._begin, self._reload_schema)
        loop.add_signal_handler(signal.SIGUSR2, self._begin, self._reload_configuration)
        if parent is not None:
            # Nobody ever writes there: it becomes readable when the parent ends.
            loop.add_reader(parent, self._orphaned, parent)

    def _orphaned(self, parent: int) -> None:
        asyncio.get_running_loop().remove_reader(parent)
        os.close(parent)
        self._stop()

    def _stop(self, number: int = signal.SIGTERM) -> None:
        if number == signal.SIGINT:
            self._exit_code = INTERRUPTED
        self._log.event("stopping")
        for server in self._servers:
            server.stop()

    def _begin(self, act: Callable[[], Any]) -> None:
        task = asyncio.get_running_loop().create_task(self._reported(act))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _reported(self, act: Callable[[], Any]) -> None:
        try:
            await act()
        except ChangeoverError as error:
            self._log.event("failed", code=error.code, message=error.message)
        except Exception as error:  # noqa: BLE001 - the edge of a task: it is reported
            self._log.fault(error)

    async def _await_database(self) -> None:
        """Read the configuration again until the database's own part of it could be read."""
        while not self._setup.is_seen:
            await asyncio.sleep(LOOK_S)
            setup = await asyncio.to_thread(self._read)
            if setup.is_seen:
                await self._use(setup)

    async def _reload_schema(self) -> None:
        await self._backend.reload()
        self._log.event("schema_reloaded")

    async def _reload_configuration(self) -> None:
        await self._use(await asyncio.to_thread(self._read))

    async def _use(self, setup: Setup) -> None:
        """Answer by another configuration from now on; what was begun ends by the old one."""
        new = self._open(setup)
        try:
            await new.reload()
        except BaseException:
            await new.close()
            raise
        old, self._backend, self._setup = self._backend, new, setup
        await self._gateway.change(new, setup.origins)
        self._log.event("configuration_reloaded")
        await old.close()


def _server(application: Any, setup: Setup | None, stop_s_max: int) -> _Server:
    has_tls = setup is not None and setup.tls_certificate
    assert setup is not None or not has_tls, "only with a set-up there is TLS"
    return _Server(
        uvicorn.Config(
            application,
            http=Protocol,
            ws="auto",
            loop="none",
            interface="asgi3",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            workers=1,
            timeout_keep_alive=KEEP_ALIVE_S,
            timeout_graceful_shutdown=stop_s_max,
            ssl_certfile=setup.tls_certificate if setup and has_tls else None,
            ssl_keyfile=setup.tls_key or None if setup and has_tls else None,
        )
    )
