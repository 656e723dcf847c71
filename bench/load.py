"""What the application feels while the copy runs, with the throttle off and on, and its knobs live.

pgbench plays the application at a steady rate and logs the time of each of its transactions; time
that a transaction waited behind late ones counts. The target is kept in memory: on one disk, its
checkpoints would be what the application feels, and in a real move it has a disk of its own.
"""

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
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
THREADS = 2
ALONE_S = 30
WARM_S = 1.0
LATENCY_MS_MAX = 3.0
OFF = "source_latency_ms_max = 1000000.0\nsource_connections_percent_max = 100.0\n"
ON = f"source_latency_ms_max = {LATENCY_MS_MAX:g}\nthrottle_interval_ms = 100\n"
ALONE, FREE = "alone", "throttle off, 2 workers"
WAYS = {
    FREE: OFF + "workers = 2\n",
    f"throttle on, {LATENCY_MS_MAX:g} ms, 2 workers": ON + "workers = 2\n",
    "throttle off, 1 worker": OFF + "workers = 1\n",
    f"throttle on, {LATENCY_MS_MAX:g} ms, 1 worker, ranges of 5,000 rows": (
        ON + "workers = 1\nrange_rows = 5000\n"
    ),
}
COPIED = "copy beside the application"
PAUSE_S = 2.0
WIDE = 2 * stock.WIDE
MEMORY_FREE_BYTES_MIN = 6 * 1024**3


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
    """Return what the application feels beside the copy, and how soon a knob is heard."""
    if not rig.MEMORY.is_dir() or shutil.disk_usage(rig.MEMORY).free < MEMORY_FREE_BYTES_MIN:
        return [rig.skipped("load", f"{rig.MEMORY} has no room for the target")]
    felt: dict[str, list[Felt]] = {name: [] for name in (ALONE, *WAYS)}
    with rig.servers(is_target_in_memory=True) as (source, target):
        _create(source, target)
        for _ in range(ROUNDS):
            felt[ALONE].append(_felt(source, lambda: time.sleep(scale.seconds(ALONE_S))))
            for name, settings in WAYS.items():
                felt[name].append(_beside(source, target, settings))
        heard = _pause(source, target)
    rows = [row for name in WAYS for row in _rows(name, felt)]
    return [*rows, rig.plain("a running copy hears `copy.paused` after", "s", heard, 1)]


def _rows(name: str, felt: Mapping[str, Sequence[Felt]]) -> list[rig.Row]:
    def compare(figure: str, unit: str, of: Callable[[Felt], float], peer: str) -> rig.Row:
        mine, theirs = ([of(one) for one in felt[way]] for way in (name, peer))
        return rig.row(f"{figure}, {name}", unit, mine, theirs, peer)

    return [
        compare("application p50 during copy", "ms", lambda one: one.p50_ms, ALONE),
        compare("application p99 during copy (goal 1.1)", "ms", lambda one: one.p99_ms, ALONE),
        *([compare(COPIED, "s", lambda one: one.seconds, FREE)] if name != FREE else []),
    ]


def _create(source: Database, target: Database) -> None:
    """Make the table that is copied; the application writes into tables of its own."""
    for database in (source, target):
        with database.connect() as connection:
            connection.execute(stock.CREATE_WIDE)
    rig.pgbench(source, "-i", "-q", "-s", "10")
    with source.connect() as connection:
        connection.execute(stock.FILL_WIDE, (scale.rows(WIDE),))
        connection.execute("VACUUM ANALYZE")
    with source.connect_as_superuser() as connection:
        connection.execute("CHECKPOINT")


@contextmanager
def _application(source: Database, directory: Path) -> Iterator[None]:
    words = [str(rig.program("pgbench")), "-n", "-c", "4", "-j", str(THREADS), "-T", "3600"]
    words += ["-M", "prepared", "-R", str(TRANSACTIONS_PER_S), "-l", "--log-prefix=application"]
    environment = {**os.environ, **rig.environment_of(source)}
    with subprocess.Popen(
        words, cwd=directory, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
        finally:
            process.terminate()


def _felt(source: Database, happening: Callable[[], object]) -> Felt:
    """Return what the application feels while something happens."""
    with (
        tempfile.TemporaryDirectory(prefix="changeover-bench-") as directory,
        _application(source, Path(directory)),
    ):
        time.sleep(WARM_S)
        began = time.time()
        happening()
        ended = time.time()
        # pgbench writes each thread's log block by block, and its last block not at all.
        _wait(lambda: all(at > ended for at in _last_logged(Path(directory))))
        times = [ms for at, ms in _logged(Path(directory)) if began <= at <= ended]
    if len(times) < 10:
        raise SystemExit("the application has hardly run")
    cuts = statistics.quantiles(times, n=100, method="inclusive")
    return Felt(p50_ms=statistics.median(times), p99_ms=cuts[98], seconds=ended - began)


def _last_logged(directory: Path) -> list[float]:
    """Return up to when each of pgbench's threads has written its log."""
    logs = [list(_lines(log)) for log in directory.glob("application.*")]
    return [log[-1][0] if log else 0.0 for log in logs] if len(logs) == THREADS else [0.0]


def _logged(directory: Path) -> Iterator[tuple[float, float]]:
    for log in directory.glob("application.*"):
        yield from _lines(log)


def _lines(log: Path) -> Iterator[tuple[float, float]]:
    """Yield when each transaction of a log ended, on the wall clock, and its milliseconds.

    A line is: client, number, µs, script, seconds and µs of its end, µs behind its schedule.
    """
    for line in log.read_text().splitlines(keepends=True):
        words = line.split()
        if line.endswith("\n") and len(words) == 7:
            yield int(words[4]) + int(words[5]) / 1e6, int(words[2]) / 1000


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
    with _installed(source, target, settings) as ours:
        return _felt(source, lambda: ours.change("copy", "run"))


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
