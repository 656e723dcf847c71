"""The provider: the API of the source, as far away as a real one, and the secrets of its callers.

`changeover gateway` plays it, run by PostgREST's own names; a process before it lets every answer
arrive late.
"""

import json
import re
import secrets as chance
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Protocol, Self

import jwt

from salon.demo import answered
from salon.demo.distance import DistanceConfig
from salon.demo.process import Companion, Logs, environment, python, start_module

START_S_MAX: Final = 60.0
POLL_S: Final = 0.05
ISSUED_AT: Final = 1_700_000_000
LISTENING: Final = re.compile(r"^listening on (http://\S+:(\d+))$", re.MULTILINE)


class NotStartedError(Exception):
    """A process did not come up."""


class Files(Logs, Protocol):
    """Where the files of a run lie."""

    @property
    def provider_dsn_file(self) -> Path:
        """The file with the connection string of the API's login."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Secrets:
    """What callers prove themselves with; made anew for every run.

    Attributes:
        jwt_secret: Signs keys and tokens.
        service_key: The key of the service role.
        salt: Of targeting keys.
    """

    jwt_secret: str
    service_key: str
    salt: str

    @classmethod
    def make(cls) -> Self:
        """Return new ones."""
        jwt_secret = chance.token_urlsafe(32)
        claims = {"role": "service_role", "iat": ISSUED_AT}
        key = jwt.encode(claims, jwt_secret, algorithm="HS256")
        return cls(jwt_secret=jwt_secret, service_key=key, salt=chance.token_urlsafe(16))

    def to_json(self) -> str:
        """Return them as JSON."""
        return json.dumps(asdict(self))


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """The API of the source.

    Attributes:
        url: What `SUPABASE_URL` is.
    """

    url: str


def provide(files: Files, secrets: Secrets, processes: ExitStack, *, delay_ms: float) -> Provider:
    """Serve the source's API from far away.

    Args:
        files: Where the connection string lies and logs go.
        secrets: What callers prove themselves with.
        processes: Ends what was started.
        delay_ms: How late answers arrive.

    Raises:
        NotStartedError: If a process does not come up.
    """
    told = {
        "PGRST_DB_URI": f"@{files.provider_dsn_file}",
        "PGRST_DB_SCHEMAS": "public",
        "PGRST_DB_EXTRA_SEARCH_PATH": "public, extensions",
        "PGRST_DB_ANON_ROLE": "anon",
        "PGRST_DB_MAX_ROWS": "1000",
        "PGRST_DB_PRE_REQUEST": answered.NAME,
        "PGRST_JWT_SECRET": secrets.jwt_secret,
        "PGRST_SERVER_HOST": "127.0.0.1",
        "PGRST_SERVER_PORT": "0",
        "PGRST_LOG_LEVEL": "error",
    }
    near = start_gateway(files, processes, name="provider", told=told)
    port_file = files.log("distance.port")
    config = DistanceConfig(
        upstream_port=int(near.rpartition(":")[2]), port_file=str(port_file), delay_ms=delay_ms
    )
    config.save(files.log("distance.config"))
    processes.enter_context(start_module(files, "salon.demo.distance", "distance"))
    _await(port_file.exists, "the stretch of network")
    return Provider(url=f"http://127.0.0.1:{port_file.read_text(encoding='ascii')}")


def start_gateway(
    files: Logs,
    processes: ExitStack,
    *,
    name: str,
    told: dict[str, str],
    words: tuple[str, ...] = (),
) -> str:
    """Start `changeover gateway` and return its URL when it listens.

    Args:
        files: Where logs go.
        processes: Ends it.
        name: Of its log.
        told: Names for its environment.
        words: More words for its command line.

    Raises:
        NotStartedError: If it does not listen in time.
    """
    log = files.log(f"{name}.err")
    process = processes.enter_context(
        Companion(
            python("changeover", "gateway", *words),
            out=files.log(f"{name}.out"),
            err=log,
            environment=environment() | told,
        )
    )

    def is_listening() -> bool:
        if not process.is_running:
            raise NotStartedError(f"the gateway has ended by itself; see {log}")
        return LISTENING.search(log.read_text(encoding="utf-8")) is not None

    _await(is_listening, f"the gateway of {log.name}")
    found = LISTENING.search(log.read_text(encoding="utf-8"))
    assert found is not None, "it was just seen"
    return found[1]


def _await(is_so: Callable[[], bool], what: str) -> None:
    until = time.monotonic() + START_S_MAX
    while not is_so():
        if time.monotonic() > until:
            raise NotStartedError(f"{what} did not come up within {START_S_MAX:g} s")
        time.sleep(POLL_S)
