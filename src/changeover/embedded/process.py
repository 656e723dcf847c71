"""Processes of one server: starting them as its account, finding them again, ending them.

A server is found by what its processes show: the postmaster its data directory, every other process
its cluster name. So leftovers are found whose parent is gone, and nothing else is ever touched.
"""

import os
import re
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from changeover.embedded.account import Account
from changeover.model.errors import ServerNotStoppedError

POLL_S: Final = 0.01
END_S_MAX: Final = 10.0
PROC: Final = Path("/proc")
ENVIRONMENT: Final = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What tells the processes of one server from all others."""

    cluster_name: str
    data_directory: Path

    def matches(self, command: str) -> bool:
        """Return whether a process with this command line belongs to the server."""
        if command.startswith(f"postgres: {self.cluster_name}: "):
            return True
        started = r"(^|/)(postgres|initdb) -D " + re.escape(str(self.data_directory)) + r"( |$)"
        return re.search(started, command) is not None


def launch(
    arguments: Sequence[str], *, account: Account, output: IO[bytes]
) -> subprocess.Popen[bytes]:
    """Start a program as an account, in a session of its own, so that Ctrl-C reaches only us."""
    return subprocess.Popen(  # noqa: S603 - the programs are PostgreSQL's, without a shell
        arguments,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        env=ENVIRONMENT,
        cwd="/",
        start_new_session=True,
        umask=0o077,
        user=account.user,
        group=account.group,
        extra_groups=account.extra_groups,
    )


def find(mark: Mark) -> tuple[int, ...]:
    """Return the ids of a server's living processes."""
    return tuple(process for process, command in _commands() if mark.matches(command))


def end(mark: Mark, *, gently: bool) -> None:
    """End all processes of a server.

    Args:
        mark: Which server.
        gently: Ask the postmaster for an immediate shutdown first, which frees shared memory.

    Raises:
        ServerNotStoppedError: Some are still there after the limit.
    """
    signals = (signal.SIGQUIT, signal.SIGKILL) if gently else (signal.SIGKILL,)
    for number in signals:
        for process in find(mark):
            with suppress(ProcessLookupError):
                os.kill(process, number)
        if wait_until(lambda: not find(mark), seconds_max=END_S_MAX / len(signals)):
            return
    raise ServerNotStoppedError(
        f"processes {find(mark)} of {mark.cluster_name} are still there after {END_S_MAX:g} s",
        hint="look what they wait for; they were sent SIGKILL",
    )


def wait_until(condition: Callable[[], bool], *, seconds_max: float) -> bool:
    """Return whether a condition came true within a limit."""
    deadline = time.monotonic() + seconds_max
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL_S)
    return True


def _commands() -> Iterator[tuple[int, str]]:
    """Yield id and command line of every process on the machine that we may see."""
    if (PROC / "self" / "cmdline").exists():
        return _commands_from_proc()
    return _commands_from_ps()


def _commands_from_proc() -> Iterator[tuple[int, str]]:
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        # A process may end between the listing and the reading; then it is not there.
        with suppress(FileNotFoundError, ProcessLookupError, PermissionError):
            raw = (entry / "cmdline").read_bytes()
            yield int(entry.name), raw.replace(b"\0", b" ").decode(errors="replace")


def _commands_from_ps() -> Iterator[tuple[int, str]]:
    listing = subprocess.run(
        ["ps", "-axww", "-o", "pid=,command="],  # noqa: S607 - where ps stands differs
        capture_output=True,
        check=True,
        text=True,
        errors="replace",
    )
    for line in listing.stdout.splitlines():
        process, _, command = line.strip().partition(" ")
        yield int(process), command.strip()
