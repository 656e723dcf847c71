"""The write gap of a swap: from a writer's last commit on one side to its first on the other."""

import statistics
import threading
import time

import rig
from changeover import Side, Writer
from changeover.control.swap import Kind
from changeover.journey.daemon import Daemon
from changeover.journey.swap import Driver
from changeover.transfer import capture

SWAPS = 20
WRITERS = 8
RATE_PER_WRITER = 25


def measure() -> list[rig.Row]:
    """Return p50, p99 and max of the write gap at about 200 writes/s over 20 swaps."""
    table = "CREATE TABLE public.note (id bigserial PRIMARY KEY, writer int, text text)"
    with rig.servers() as (source, target):
        for database in (source, target):
            with database.connect() as connection:
                connection.execute(table)
        with rig.move_of(source, target) as move:
            capture.install(move)
            rig.declare_copied(move)
            gaps = _swap_under_load(move)
    cuts = statistics.quantiles(gaps, n=100)
    figures = {"p50": statistics.median(gaps), "p99": cuts[98], "max": max(gaps)}
    return [
        rig.Row(
            name=f"write gap {name}, {WRITERS * RATE_PER_WRITER} writes/s, {SWAPS} swaps",
            unit="ms",
            ours=round(value, 1),
            peer=None,
            peer_name="",
            ratio=None,
            runs=len(gaps),
        )
        for name, value in figures.items()
    ]


def _swap_under_load(move: rig.Move) -> list[float]:
    stop = threading.Event()
    gaps: list[float] = []
    threads = [
        threading.Thread(target=_write, args=(move, number, stop, gaps))
        for number in range(WRITERS)
    ]
    daemon = threading.Thread(target=Daemon(move).run, args=(stop.is_set,))
    for thread in (daemon, *threads):
        thread.start()
    try:
        pairs = rig.installed_pairs(move)
        for number in range(SWAPS):
            time.sleep(1)
            kind = Kind.ROLLBACK if number % 2 else Kind.CUTOVER
            with move.connect_owner(Side.TARGET, "bench") as connection:
                Driver(move, kind, connection).run(pairs)
        time.sleep(1)
    finally:
        stop.set()
        for thread in (daemon, *threads):
            thread.join(30)
    return gaps


def _write(move: rig.Move, number: int, stop: threading.Event, gaps: list[float]) -> None:
    writer = Writer(move.owners)
    last_side, last_at = None, 0.0
    while not stop.is_set():
        written = writer.write(
            lambda connection: (
                connection.execute(
                    "INSERT INTO public.note (writer, text) VALUES (%s, 'n')", (number,)
                ).rowcount
            )
        )
        now = time.monotonic()
        if last_side not in (None, written.side):
            gaps.append((now - last_at) * 1000)
        last_side, last_at = written.side, now
        stop.wait(1 / RATE_PER_WRITER)
    writer.close()
