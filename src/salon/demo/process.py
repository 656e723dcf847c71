"""Processes of a run: commands of the real command line, and those that run beside them.

Each has a session of its own, so that Ctrl-C reaches us only and we end them in order.
"""

import datetime as dt
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Protocol, Self

FAULTS_NAME: Final = "CHANGEOVER_FAULTS"
END_S_MAX: Final = 15.0
LEFT_OUT: Final = ("CHANGEOVER_", "SUPABASE_", "PG", "DATABASE_URL", "TARGET_DATABASE_URL")
"""What the caller's environment must not tell our commands: another database."""

Event = Mapping[str, Any]


class Logs(Protocol):
    """Where the files of processes lie."""

    def log(self, name: str) -> Path:
        """Return a file by its name."""
        ...


class TimeIsUpError(Exception):
    """The run took longer than it may."""


class Clock:
    """The time that is left of the whole run."""

    def __init__(self, seconds_max: float) -> None:
        """Start."""
        self._end = time.monotonic() + seconds_max

    @property
    def left_s(self) -> float:
        """Seconds that are left.

        Raises:
            TimeIsUpError: If none are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeIsUpError
        return left


def environment(faults: str = "") -> dict[str, str]:
    """Return the environment of a command: ours without what names databases, and the faults."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    armed = {FAULTS_NAME: faults} if faults else {}
    return {**kept, **armed, "NO_COLOR": "1", "PYTHONUNBUFFERED": "1"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """How a command ended.

    Attributes:
        words: The command, such as ``schema apply``.
        exit_code: As documented in `docs/reference/commands.md`.
        document: The JSON document from stdout; empty where there was none.
        events: The JSON lines from stderr.
        seconds: How long it took.
    """

    words: str
    exit_code: int
    document: Mapping[str, Any]
    events: tuple[Event, ...]
    seconds: float

    @property
    def result(self) -> Any:
        """The command's data."""
        return self.document.get("result") or {}

    @property
    def complaint(self) -> str:
        """What went wrong, in its own words: a code, the fact, the next act."""
        error = self.document.get("error") or {}
        parts = (error.get("code"), error.get("message"), error.get("hint"))
        told = ": ".join(str(part) for part in parts if part)
        return told or f"exit code {self.exit_code}"


class CommandLine:
    """The command line `changeover`, run in processes of its own."""

    def __init__(self, configuration: Path, log: Path, *, faults: str, clock: Clock) -> None:
        """Prepare.

        Args:
            configuration: The configuration file.
            log: A directory that keeps what each command said.
            faults: Fault points to arm, as `docs/reference/faults.md` names them.
            clock: The time that is left.
        """
        self._configuration = configuration
        self._log = log
        self._faults = faults
        self._clock = clock
        self._count = 0

    def arguments(self, words: Sequence[str]) -> list[str]:
        """Return the argument vector of a command."""
        common = ["--json", "--config", str(self._configuration)]
        return python("changeover", *words, *common)

    def run(self, *words: str) -> Said:
        """Run a command to its end.

        Raises:
            TimeIsUpError: If it outlasts the run; it is ended.
        """
        self._count += 1
        name = f"{self._count:02d}-{'-'.join(word for word in words if word.isalpha())}"
        began = time.monotonic()
        with Companion(
            self.arguments(words),
            out=self._log / f"{name}.json",
            err=self._log / f"{name}.events",
            environment=environment(self._faults),
        ) as process:
            exit_code = process.wait(self._clock)
        return Said(
            words=" ".join(words[:2] if words[1:] and words[1].isalpha() else words[:1]),
            exit_code=exit_code,
            document=_document(self._log / f"{name}.json"),
            events=read_events(self._log / f"{name}.events"),
            seconds=time.monotonic() - began,
        )

    def start(self, *words: str, name: str) -> "Companion":
        """Start a command that runs beside the others."""
        return Companion(
            self.arguments(words),
            out=self._log / f"{name}.json",
            err=self._log / f"{name}.events",
            environment=environment(self._faults),
        )


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except json.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def read_events(path: Path) -> tuple[Event, ...]:
    """Return the JSON lines of a file; lines that are none (a traceback) are passed over."""
    found = []
    for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
        try:
            event = json.loads(line)
        except json.JSONDecodeError:
            continue
        if isinstance(event, dict) and "event" in event:
            found.append(event)
    return tuple(found)


def at_s(event: Event) -> float:
    """Return when an event happened, in seconds since 1970."""
    return dt.datetime.fromisoformat(event["at"]).timestamp()


class Companion:
    """A process that we started and that ends with us."""

    def __init__(
        self, arguments: Sequence[str], *, out: Path, err: Path, environment: Mapping[str, str]
    ) -> None:
        """Start it; its output goes into files."""
        with out.open("w", encoding="utf-8") as stdout, err.open("w", encoding="utf-8") as stderr:
            self._process = subprocess.Popen(  # noqa: S603 - our own modules, no shell
                list(arguments),
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=stderr,
                env=dict(environment),
                start_new_session=True,
            )
        self.err = err

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()

    @property
    def is_running(self) -> bool:
        """Whether it is alive."""
        return self._process.poll() is None

    def wait(self, clock: Clock) -> int:
        """Wait for its end and return its exit code.

        Raises:
            TimeIsUpError: If it outlasts the run.
        """
        try:
            return self._process.wait(clock.left_s)
        except subprocess.TimeoutExpired:
            raise TimeIsUpError from None

    def ask_to_end(self) -> None:
        """Send SIGTERM."""
        if self.is_running:
            self._process.send_signal(signal.SIGTERM)

    def end(self) -> int:
        """End it: SIGTERM, and SIGKILL where that does not help.

        Returns:
            Its exit code.
        """
        self.ask_to_end()
        try:
            return self._process.wait(END_S_MAX)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """The settings of one of our modules, as a dataclass: a file of JSON beside its log."""

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read the file that `save` wrote."""
        return cls(**json.loads(path.read_text(encoding="utf-8")))

    def save(self, path: Path) -> None:
        """Write the file that ``--config`` names."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def python(*words: str) -> list[str]:
    """Return the argument vector of a module run as a program."""
    return [sys.executable, "-m", *words]


def start_module(logs: Logs, module: str, name: str) -> Companion:
    """Start one of our modules; its settings lie beside its log, as NAME.config."""
    return Companion(
        python(module, "--config", str(logs.log(f"{name}.config"))),
        out=logs.log(f"{name}.out"),
        err=logs.log(f"{name}.err"),
        environment=environment(),
    )
