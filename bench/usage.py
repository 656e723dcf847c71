"""What a program costs beside its time: CPU seconds and memory of it and of all that it starts."""

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

SAMPLE_S: Final = 0.05
PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")
MEGABYTE: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one run took.

    Attributes:
        cpu_s: User and system time of all processes of the run.
        memory_mb: The most that their resident sets came to together; shared pages count in each.
        output: What it printed, errors too.
    """

    seconds: float
    cpu_s: float
    memory_mb: float
    output: str = ""


class ProgramFailedError(Exception):
    """A measured program ended with an error; its last lines are the text."""


def run(
    words: Sequence[str],
    environment: Mapping[str, str],
    *,
    place: Path | None = None,
    code: int = 0,
) -> Usage:
    """Run a program to its end and return what it took.

    Args:
        words: The program and its arguments; never a password.
        environment: Added to this process's own.
        place: Where it runs.
        code: How it is to end.

    Raises:
        ProgramFailedError: If it ended in another way.
    """
    began = time.perf_counter()
    with subprocess.Popen(
        words,
        env={**os.environ, **environment},
        cwd=place,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    ) as process:
        watch = Watch(process.pid)
        assert process.stdout is not None, "its output was asked for"
        output = process.stdout.read().decode(errors="replace")
        # Also the time of children that it has waited for.
        _, status, spent = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    memory_mb = watch.end()
    if process.returncode != code:
        last = " / ".join(output.splitlines()[-6:])
        raise ProgramFailedError(f"{Path(words[0]).name} ended with {process.returncode}: {last}")
    cpu_s = spent.ru_utime + spent.ru_stime
    return Usage(seconds=seconds, cpu_s=cpu_s, memory_mb=memory_mb, output=output)


class Watch:
    """Looks at the memory of a process and its descendants until it is told to end."""

    def __init__(self, pid: int) -> None:
        """Begin to look."""
        self._pid = pid
        self._most = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        self._thread.start()

    def _look(self) -> None:
        while not self._stop.wait(SAMPLE_S):
            self._most = max(self._most, sum(_resident(pid) for pid in family(self._pid)))

    def end(self) -> float:
        """Stop looking and return the most that was seen, in megabytes."""
        self._stop.set()
        self._thread.join()
        return self._most / MEGABYTE


def family(pid: int) -> list[int]:
    """Return a process and all that descend from it."""
    found = [pid]
    for one in found:
        try:
            for thread in Path(f"/proc/{one}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
        except OSError:
            continue  # it has ended
    return found


def _resident(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * PAGE_BYTES
    except (OSError, IndexError):
        return 0
