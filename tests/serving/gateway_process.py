"""A gateway as its users run it: a process of the command line, on a free port, for a database.

`gateway_process` is the context manager behind the fixture `make_gateway` of the root conftest.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt

PROGRAM = Path(sys.executable).with_name("changeover")
JWT_SECRET = "planted-secret-" + "of-at-least-32-bytes"
PUBLISHABLE_KEY = "sb_publishable_" + "planted"
SECRET_KEY = "sb_secret_" + "planted"
START_S_MAX = 60.0
STOP_S_MAX = 60.0
POLL_S = 0.02

POSTGREST = {
    "PGRST_DB_SCHEMAS": "public",
    "PGRST_DB_ANON_ROLE": "anon",
    "PGRST_JWT_SECRET": JWT_SECRET,
    "PGRST_SERVER_HOST": "127.0.0.1",
    "PGRST_SERVER_PORT": "0",
    "PGRST_LOG_LEVEL": "info",
}
KEYS = {
    "SUPABASE_JWT_SECRET": JWT_SECRET,
    "SUPABASE_PUBLISHABLE_KEY": PUBLISHABLE_KEY,
    "SUPABASE_SECRET_KEY": SECRET_KEY,
}


def token(role: str, **claims: Any) -> str:
    """Return a token that a gateway of ours takes."""
    return jwt.encode({"role": role, **claims}, JWT_SECRET, algorithm="HS256")


@dataclass(slots=True)
class GatewayProcess:
    """A running gateway.

    Attributes:
        process: The process that was started: the parent, where there are several workers.
        log: What it writes to stderr.
        url: Where it listens, such as `http://127.0.0.1:3000`; `unix:PATH` for a socket.
        admin_url: Where health is answered by itself; empty if nowhere.
        headers: What `client` sends with each request: the service's token or key.
    """

    process: "subprocess.Popen[bytes]"
    log: Path
    url: str = ""
    admin_url: str = ""
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def rest_url(self) -> str:
        """Where the API is mounted for Supabase's clients."""
        return f"{self.url}/rest/v1"

    def client(self, *, has_key: bool = True, **more: Any) -> httpx.Client:
        """Return a client of the API's root; it has the service's rights unless told otherwise."""
        headers = self.headers if has_key else {}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30, trust_env=False, **more)

    def text(self) -> str:
        """Return what it has written so far."""
        return self.log.read_text(encoding="utf-8", errors="replace")

    def events(self, name: str) -> list[dict[str, Any]]:
        """Return the events of one name that it has logged so far."""
        lines = [json.loads(line) for line in self.text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == name]

    def send(self, number: int) -> None:
        """Send it a signal."""
        self.process.send_signal(number)

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Stop it; return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(STOP_S_MAX)


def wait_for(condition, *, what="it", seconds_max=START_S_MAX):
    """Return the first true value of a condition; fail after the limit."""
    end = time.monotonic() + seconds_max
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} did not come within {seconds_max:g} s"
        time.sleep(POLL_S)
    return found


def postgrest_environment(dsn: str, directory: Path) -> dict[str, str]:
    """Return PostgREST's settings for a database; the connection string lies in a file."""
    path = directory / "gateway.dsn"
    path.write_text(dsn, encoding="utf-8")
    path.chmod(0o600)
    return {**POSTGREST, "PGRST_DB_URI": f"@{path}"}


@contextmanager
def gateway_process(
    dsn: str,
    directory: Path,
    *,
    settings: Mapping[str, str | None] | None = None,
    table: str | None = None,
    environment: Mapping[str, str] | None = None,
    flags: Sequence[str] = (),
    is_awaited: bool = True,
) -> Iterator[GatewayProcess]:
    """Run a gateway; it is killed at the end if it still runs.

    Args:
        dsn: The role that it logs in as, such as `database.dsn_of("authenticator")`.
        directory: Its own; it is started there.
        settings: PostgREST's settings (`PGRST_…`) over those of `POSTGREST`; None takes one away.
        table: Instead of them: the lines of `[gateway]` in a changeover.toml; keys are `KEYS`.
        environment: More names for its environment.
        flags: More words for its command line.
        is_awaited: Whether to return when it listens; else at once.
    """
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    if table is None:
        kept |= postgrest_environment(dsn, directory) | dict(settings or {})
        headers = {"authorization": f"Bearer {token('service_role')}"}
    else:
        kept |= KEYS
        headers = {"apikey": SECRET_KEY}
        (directory / "gateway.dsn").write_text(dsn, encoding="utf-8")
        (directory / "gateway.dsn").chmod(0o600)
        (directory / "changeover.toml").write_text(
            f'[gateway]\ndsn = "@gateway.dsn"\nport = 0\n{table}\n', encoding="utf-8"
        )
    kept |= environment or {}
    log = directory / "gateway.log"
    with log.open("wb") as stderr:
        process = subprocess.Popen(
            [PROGRAM, "gateway", *flags],
            cwd=directory,
            env={name: value for name, value in kept.items() if value is not None},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=stderr,
        )
    found = GatewayProcess(process, log, headers=headers)
    try:
        if is_awaited:
            _await(found)
        yield found
    finally:
        if process.poll() is None:
            process.terminate()
        try:
            process.wait(STOP_S_MAX)
        finally:
            process.kill()
            process.wait()


def _await(found: GatewayProcess) -> None:
    """Wait until it listens and its catalog is loaded."""

    def listening():
        assert found.process.poll() is None, f"the gateway has ended: {found.text()}"
        return re.search(r"^listening on (\S+)$", found.text(), re.MULTILINE)

    found.url = wait_for(listening, what="the gateway")[1]
    health = re.search(r"^health on (\S+)$", found.text(), re.MULTILINE)
    found.admin_url = health[1] if health else ""
