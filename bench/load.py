"""What the application feels while the copy runs, with the throttle off and on, and its knobs live.

pgbench plays the application at a steady rate and logs the time of each of its transactions; time
that a transaction waited behind late ones counts.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import rig
import scale
import stock
from changeover.embedded import Database
from changeover.transfer.knob import turn_knob
from program import Program, program

ROUNDS = 3
TRANSACTIONS_PER_S = 100
ALONE_S = 30
WARM_S = 1.0
LATENCY_MS_MAX = 3.0
OFF = "source_latency_ms_max = 1000000.0\nsource_connections_percent_max = 100.0\n"
ON = f"source_latency_ms_max = {LATENCY_MS_MAX}\nthrottle_interval_ms = 100\n"
PAUSE_S = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Felt:
    """One phase of the application's day.

    Attributes:
        seconds: How long the copy took, 0 without one.
    """

    p50_ms: float
    p99_ms: float
    seconds: float


def measure() -> list[rig.Row]:
    """Return p99 of the application alone and beside the copy, and how soon a knob is heard."""
    felt: dict[str, list[Felt]] = {"alone": [], "off": [], "on": [], "one worker": []}
    ways = {"off": OFF + "workers = 2\n", "on": ON + "workers = 2\n", "one worker": OFF}
    with rig.servers() as (source, target):
        _create(source, target)
        for _ in range(ROUNDS):
            felt["alone"].append(_alone(source))
            for name, settings in ways.items():
                felt[name].append(_beside(source, target, settings))
        heard = _pause(source, target)
    alone = [one.p99_ms for one in felt["alone"]]
    names = {
        "off": "throttle off, 2 workers",
        "on": f"throttle on, {LATENCY_MS_MAX:g} ms",
        "one worker": "throttle off, 1 worker",
    }
    rows = []
    for key, name in names.items():
        mine = [one.p99_ms for one in felt[key]]
        rows.append(rig.row(f"application p99 during copy, {name} (goal 1.1)", "ms", mine, alone,
                            "without copy"))  # fmt: skip
        rows.append(
            rig.row(f"copy beside the application, {name}", "s",
                    [one.seconds for one in felt[key]], [one.seconds for one in felt["off"]],
                    "throttle off, 2 workers")
        )  # fmt: skip
    return [*rows, rig.plain("a running copy hears `copy.paused` after", "s", heard, 1)]


def _create(source: Database, target: Database) -> None:
    """Make the table that is copied; the application writes into tables of its own."""
    for database in (source, target):
        with database.connect() as connection:
            connection.execute(stock.CREATE_WIDE)
    rig.pgbench(source, "-i", "-q", "-s", "10")
    with source.connect() as connection:
        connection.execute(stock.FILL_WIDE, (scale.rows(4 * stock.WIDE),))
        connection.execute("VACUUM ANALYZE")


@contextmanager
def _application(source: Database, directory: Path) -> Iterator[None]:
    words = [str(rig.program("pgbench")), "-n", "-c", "4", "-j", "2", "-T", "3600"]
    words += ["-M", "prepared", "-R", str(TRANSACTIONS_PER_S), "-l", "--log-prefix=application"]
    environment = {**os.environ, **rig.environment_of(source)}
    with subprocess.Popen(
        words, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _felt(directory: Path, began: float, ended: float) -> Felt:
    """Read what pgbench has logged between two moments of the wall clock.

    A line is: client, number, µs, script, seconds and µs of its end, µs behind its schedule.
    """
    times = []
    for log in directory.glob("application.*"):
        for line in log.read_text().splitlines():
            words = line.split()
            if len(words) < 7:
                continue
            at = int(words[4]) + int(words[5]) / 1e6
            if began <= at <= ended:
                times.append(int(words[2]) / 1000)
    if len(times) < 10:
        raise SystemExit("the application has hardly run")
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Felt(p50_ms=statistics.median(times), p99_ms=cuts[98], seconds=ended - began)


def _alone(source: Database) -> Felt:
    with tempfile.TemporaryDirectory(prefix="changeover-bench-") as directory:
        with _application(source, Path(directory)):
            time.sleep(WARM_S)
            began = time.time()
            time.sleep(scale.seconds(ALONE_S))
            ended = time.time()
        return _felt(Path(directory), began, ended)


@contextmanager
def _installed(source: Database, target: Database, settings: str) -> Iterator[Program]:
    excluded = ", ".join(f'"public.pgbench_{name}"' for name in (
        "accounts", "branches", "tellers", "history"))  # fmt: skip
    text = f"[move]\nexclude = [{excluded}]\n[copy]\n{settings}"
    with program(source, target, text) as ours:
        ours.change("capture", "install")
        try:
            yield ours
        finally:
            ours.change("copy", "reset")
            ours.change("capture", "remove")


def _beside(source: Database, target: Database, settings: str) -> Felt:
    with (
        _installed(source, target, settings) as ours,
        tempfile.TemporaryDirectory(prefix="changeover-bench-") as directory,
    ):
        with _application(source, Path(directory)):
            time.sleep(WARM_S)
            began = time.time()
            ours.change("copy", "run")
            ended = time.time()
        return _felt(Path(directory), began, ended)


def _pause(source: Database, target: Database) -> float:
    """Turn a knob while a copy runs and return after how long no range is begun any more."""
    with _installed(source, target, OFF + "workers = 2\nrange_rows = 5000\n") as ours:
        words = [sys.executable, "-m", "changeover", "copy", "run", "--yes", "--json"]
        log = ours.place / "copy.log"
        with log.open("wb") as out, subprocess.Popen(words, cwd=ours.place, stderr=out,
                                                     stdout=out) as process:  # fmt: skip
            _wait(lambda: b"CopyProgressed" in log.read_bytes())
            move = rig.move_at(source, target, ours.place / ".changeover")
            turn_knob(move, "paused", "true")
            turned = time.monotonic()
            _wait(lambda: b"paused by an operator" in log.read_bytes())
            heard = time.monotonic() - turned
            time.sleep(PAUSE_S)
            before = log.stat().st_size
            time.sleep(PAUSE_S)
            if b"CopyProgressed" in log.read_bytes()[before:]:
                raise SystemExit("a paused copy went on")
            turn_knob(move, "paused", None)
            if process.wait(600):
                raise SystemExit("the copy did not end well after its pause")
    return heard


def _wait(condition: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not condition():
        if time.monotonic() > end:
            raise SystemExit("it did not happen in time")
        time.sleep(0.02)
