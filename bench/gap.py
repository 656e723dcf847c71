"""The write gap of a swap: from a writer's last commit on one side to its first on the other.

The writers are processes of their own, and so is the mirror, as they are in earnest. The gap holds
the writer's own pause between two writes; beside it stands how long the write took that met the
swap.
"""

import multiprocessing
import statistics
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event
from typing import Any

import rig
import scale
from changeover import Side, Writer
from changeover.control.swap import Kind
from changeover.database import Endpoint
from changeover.journey.swap import Driver
from changeover.transfer import capture
from program import program

SWAPS = 50
BETWEEN_S = 1.0
TABLE = "CREATE TABLE public.note (id bigserial PRIMARY KEY, writer int, text text)"
INSERT = "INSERT INTO public.note (writer, text) VALUES (%s, 'n')"


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """Who writes how often.

    Attributes:
        processes: Each with `writers` threads.
        per_s: Writes per second of each writer.
    """

    processes: int
    writers: int
    per_s: float

    @property
    def total(self) -> float:
        """Writes per second of all together."""
        return self.processes * self.writers * self.per_s


LOADS = (Load(processes=1, writers=8, per_s=25), Load(processes=2, writers=16, per_s=62.5))


@dataclass(frozen=True, slots=True, kw_only=True)
class Crossing:
    """One writer at one swap, in milliseconds."""

    gap_ms: float
    waited_ms: float


def measure() -> list[rig.Row]:
    """Return p50, p99 and max of the write gap under each load."""
    return [row for load in LOADS for row in _measure(load)]


def _measure(load: Load) -> list[rig.Row]:
    with rig.servers({"max_connections": 200}) as (source, target):
        for database in (source, target):
            with database.connect() as connection:
                connection.execute(TABLE)
        with rig.move_of(source, target) as move:
            capture.install(move)
            rig.declare_copied(move)
            settings = f'state_directory = "{move.state_directory}"\n'
            with program(source, target, settings) as ours, ours.mirror():
                crossings, rate = _swap_under_load(move, load)
    name = f"{load.total:g} writes/s ({rate:.0f} reached), {scale.count(SWAPS)} swaps"
    gaps = [one.gap_ms for one in crossings]
    waits = [one.waited_ms for one in crossings]
    return [
        *_spread(f"write gap {{}}, {name}", gaps),
        *_spread(f"wait of the write that met the swap {{}}, {name}", waits),
    ]


def _spread(name: str, found: list[float]) -> list[rig.Row]:
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    figures = {"p50": statistics.median(found), "p99": cuts[98], "max": max(found)}
    return [
        rig.plain(name.format(which), "ms", value, len(found)) for which, value in figures.items()
    ]


def _swap_under_load(move: rig.Move, load: Load) -> tuple[list[Crossing], float]:
    context = multiprocessing.get_context("spawn")
    stop, found = context.Event(), context.Queue()
    writers = [
        context.Process(target=write_all, args=(dict(move.owners), load, number, stop, found))
        for number in range(load.processes)
    ]
    for process in writers:
        process.start()
    began = time.monotonic()
    try:
        pairs = rig.installed_pairs(move)
        for number in range(scale.count(SWAPS)):
            time.sleep(BETWEEN_S)
            kind = Kind.ROLLBACK if number % 2 else Kind.CUTOVER
            with move.connect_owner(Side.TARGET, "bench") as connection:
                Driver(move, kind, connection).run(pairs)
        time.sleep(BETWEEN_S)
    finally:
        stop.set()
    seconds = time.monotonic() - began
    reports = [found.get(timeout=60) for _ in writers]
    for process in writers:
        process.join()
    written = sum(count for _, count in reports)
    return [one for crossings, _ in reports for one in crossings], written / seconds


def write_all(
    owners: Mapping[Side, Endpoint], load: Load, number: int, stop: Event, found: "Queue[Any]"
) -> None:
    """Run the writers of one process until told to stop; hand on crossings and the writes."""
    crossings: list[Crossing] = []
    counts: list[int] = []
    threads = [
        threading.Thread(
            target=_write,
            args=(owners, load, number * load.writers + place, stop, crossings, counts),
        )
        for place in range(load.writers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found.put((crossings, sum(counts)))


def _write(  # noqa: PLR0917 - a thread's arguments
    owners: Mapping[Side, Endpoint],
    load: Load,
    number: int,
    stop: Event,
    crossings: list[Crossing],
    counts: list[int],
) -> None:
    writer = Writer(owners)
    last_side, last_at, count = None, 0.0, 0
    due = time.monotonic()
    while not stop.is_set():
        due = max(due + 1 / load.per_s, time.monotonic())
        time.sleep(max(0.0, due - time.monotonic()))
        asked = time.monotonic()
        written = writer.write(lambda one: one.execute(INSERT, (number,)).rowcount)
        now = time.monotonic()
        count += 1
        if last_side not in (None, written.side):
            crossings.append(
                Crossing(gap_ms=1000 * (now - last_at), waited_ms=1000 * (now - asked))
            )
        last_side, last_at = written.side, now
    writer.close()
    counts.append(count)
