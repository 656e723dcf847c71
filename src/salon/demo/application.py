"""The salon's application as it always was: Supabase's own client under the data layer.

One process of several. Its HTTP client is given by us (`way` transport), or its URL is the
gateway's (`way` gateway); nothing else of it knows of a move. Run as
``python -m salon.demo.application --config FILE.json``; SIGTERM lets it finish what is under way.
"""

import argparse
import asyncio
import json
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from contextvars import ContextVar
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

from supabase import AsyncClientOptions, ClientOptions, acreate_client, create_client

import changeover
from changeover import ChangeoverError, OperationFinished, Route, Secret
from salon.demo.conversation import WRITES, Conversation, Turn
from salon.demo.process import Config
from salon.layer import AsyncDataLayer, DataLayer
from salon.rollout import key_of_phone

HEADER: Final = "Changeover-Targeting-Key"
PAUSE_S: Final = 0.2
BEHIND_S_MAX: Final = 0.5

_sides: ContextVar[list[str]] = ContextVar("sides")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationConfig(Config):
    """What an application process is told.

    Attributes:
        name: Its name, which `changeover status` shows.
        way: ``transport`` or ``gateway``.
        is_async: Which of the official clients it uses.
        url: What `SUPABASE_URL` is: the far source, or the gateway.
        dsn_file: A file with the target's connection string of the application's login.
        secret_file: A file with the API's secrets, as JSON: the service key, the secret that signed
            it, and the salt of targeting keys.
        state_file: Where the last known stage is kept.
        request_file: Where it writes a line per call.
        first_lane: The number of its first lane.
        lanes: How many users' conversations go on at once.
        rate_per_s: Calls a second of all its lanes together.
    """

    name: str
    way: str
    is_async: bool
    url: str
    dsn_file: str
    secret_file: str
    state_file: str
    request_file: str
    first_lane: int
    lanes: int
    rate_per_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One call of the application, as its caller saw it.

    Attributes:
        at_s: When it ended, in seconds since 1970.
        method: The method of the data layer.
        is_write: Whether it writes.
        ms: How long it took.
        sides: Where the routing sent it; empty behind a gateway, which says nothing of it.
        error: The code of the error that its caller got; empty for none.
        is_stale: Whether its user was shown less than they had written.
    """

    at_s: float
    method: str
    is_write: bool
    ms: float
    sides: str = ""
    error: str = ""
    is_stale: bool = False


def read(path: Path) -> tuple[Request, ...]:
    """Return the calls of a file; a last line that is not whole is passed over."""
    *whole, _torn = path.read_text(encoding="utf-8").split("\n")
    return tuple(Request(**json.loads(line)) for line in whole)


def observe(observation: changeover.Observation) -> None:
    """Remember which side the routing asked for the call under way."""
    if isinstance(observation, OperationFinished) and (sides := _sides.get(None)) is not None:
        sides.append(str(observation.side))


class Application:
    """The lanes of one process."""

    def __init__(self, config: ApplicationConfig, out: TextIO) -> None:
        """Prepare; nothing is connected yet."""
        self._config = config
        self._out = out
        self._lock = threading.Lock()
        self._secrets = json.loads(Path(config.secret_file).read_text(encoding="utf-8"))
        self._salt = Secret(self._secrets["salt"])
        self._parent = os.getppid()
        self._is_stopping = False
        numbers = range(config.first_lane, config.first_lane + config.lanes)
        self._lanes = [Conversation(lane=number) for number in numbers]

    def stop(self, _number: int, _frame: object) -> None:
        """Take the signal that asks for the end."""
        self._is_stopping = True

    @property
    def _is_going(self) -> bool:
        return not self._is_stopping and os.getppid() == self._parent

    def run(self) -> None:
        """Call until told to stop."""
        if self._config.is_async:
            asyncio.run(self._run_async())
        else:
            self._run()

    # ---- what both colours share -----------------------------------------------------------------

    def _route(self) -> Route:
        return Route(
            source_url=f"{self._config.url}/rest/v1",
            name=self._config.name,
            state_file=self._config.state_file,
            observer=observe,
        )

    def _http_options(self) -> dict[str, Any]:
        dsn = Path(self._config.dsn_file).read_text(encoding="utf-8").strip()
        return {"dsn": dsn, "jwt_secret": self._secrets["jwt_secret"], "route": self._route()}

    def _key(self, phone: str) -> str:
        return key_of_phone(phone, self._salt)

    @contextmanager
    def _call(self, lane: Conversation, turn: Turn) -> Iterator[list[Any]]:
        """Write down how the call went that the block makes; it leaves its result in the list."""
        sides: list[str] = []
        token = _sides.set(sides)
        found: list[Any] = []
        error = ""
        began = time.perf_counter()
        try:
            with changeover.context(targeting_key=self._key(turn.phone)):
                yield found
        except ChangeoverError as caught:
            error = caught.code
        except Exception as caught:  # noqa: BLE001 - whatever the caller gets is counted
            error = type(caught).__name__
        finally:
            _sides.reset(token)
        self._note(
            Request(
                at_s=time.time(),
                method=turn.method,
                is_write=turn.method in WRITES,
                ms=round((time.perf_counter() - began) * 1000, 3),
                sides=" ".join(sides),
                error=error,
                is_stale=not error and lane.settle(turn, found[0]),
            )
        )

    def _note(self, request: Request) -> None:
        line = json.dumps(asdict(request)) + "\n"
        with self._lock:
            self._out.write(line)
            self._out.flush()

    def _wait_s(self, due: float) -> tuple[float, float]:
        """Return how long to wait for the next call, and when the one after it is due."""
        now = time.monotonic()
        if now < due:
            return min(due - now, PAUSE_S), due
        step = self._config.lanes / self._config.rate_per_s
        return 0.0, max(due, now - BEHIND_S_MAX) + step

    # ---- blocking --------------------------------------------------------------------------------

    def _run(self) -> None:
        with ExitStack() as stack:
            shared = None
            if self._config.way == "transport":
                shared = stack.enter_context(changeover.http_client(**self._http_options()))
            lanes = [(lane, self._layers(lane, shared, stack)) for lane in self._lanes]
            threads = [threading.Thread(target=self._converse, args=lane) for lane in lanes]
            for thread in threads:
                thread.start()
            while any(thread.is_alive() for thread in threads):
                time.sleep(PAUSE_S)

    def _layers(self, lane: Conversation, shared: Any, stack: ExitStack) -> dict[str, DataLayer]:
        key = self._secrets["service_key"]
        layers = {}
        for phone in lane.phones:
            options = (
                ClientOptions(headers={HEADER: self._key(phone)})
                if shared is None
                else ClientOptions(httpx_client=shared)
            )
            client = create_client(self._config.url, key, options)
            layers[phone] = stack.enter_context(DataLayer.over_client(client))
        return layers

    def _converse(self, lane: Conversation, layers: dict[str, DataLayer]) -> None:
        due = time.monotonic()
        while self._is_going:
            wait_s, due = self._wait_s(due)
            if wait_s:
                time.sleep(wait_s)
                continue
            turn = lane.following()
            with self._call(lane, turn) as found:
                found.append(getattr(layers[turn.phone], turn.method)(*turn.arguments))

    # ---- asynchronous ----------------------------------------------------------------------------

    async def _run_async(self) -> None:
        async with AsyncExitStack() as stack:
            shared = None
            if self._config.way == "transport":
                options = self._http_options()
                shared = await stack.enter_async_context(changeover.async_http_client(**options))
            lanes = [(lane, await self._async_layers(lane, shared)) for lane in self._lanes]
            await asyncio.gather(*(self._converse_async(*lane) for lane in lanes))

    async def _async_layers(self, lane: Conversation, shared: Any) -> dict[str, AsyncDataLayer]:
        key = self._secrets["service_key"]
        layers = {}
        for phone in lane.phones:
            options = (
                AsyncClientOptions(headers={HEADER: self._key(phone)})
                if shared is None
                else AsyncClientOptions(httpx_client=shared)
            )
            client = await acreate_client(self._config.url, key, options)
            layers[phone] = AsyncDataLayer.over_client(client)
        return layers

    async def _converse_async(self, lane: Conversation, layers: dict[str, AsyncDataLayer]) -> None:
        due = time.monotonic()
        while self._is_going:
            wait_s, due = self._wait_s(due)
            if wait_s:
                await asyncio.sleep(wait_s)
                continue
            turn = lane.following()
            with self._call(lane, turn) as found:
                found.append(await getattr(layers[turn.phone], turn.method)(*turn.arguments))


def main(arguments: list[str] | None = None) -> int:
    """Run an application process until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m salon.demo.application", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its settings, as JSON")
    config = ApplicationConfig.load(parser.parse_args(arguments).config)
    with Path(config.request_file).open("a", encoding="utf-8") as out:
        application = Application(config, out)
        signal.signal(signal.SIGTERM, application.stop)
        application.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
