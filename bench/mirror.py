"""What the mirror carries, how late it is, what its log takes: for minutes, not in a burst.

The producers are a bulk update, an insert, and pgbench's transactions; the daemon is our program as
it is run in earnest. Lag is what the daemon books of its markers, through capture, log and merge.
"""

import json
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import rig
import scale
import usage
from changeover.control.move import read_pairs
from changeover.embedded import Database
from changeover.transfer import capture
from program import program

SECONDS = 300
CHUNK = 20_000
PACED_S = 0.45
"""From one chunk to the next, for a little more than 40,000 keys/s."""
LARGE = 1_000_000
MANY, FEW = 500, 5
WARM_S = 10.0
DRAIN_S_MAX = 600
TRANSACTIONS_PER_S = 500
FAST_BEAT = "[mirror]\nheartbeat_ms = 50\n"
SETTINGS = {"max_locks_per_transaction": 256}


def measure() -> list[rig.Row]:
    """Return keys/s, lag, size of the log and memory of the daemon."""
    rows = []
    with rig.servers(SETTINGS) as (source, target):
        _create(source, target, "wide", LARGE)
        for database in (source, target):
            _create_pgbench(database, is_filled=True)
        with _mirrored(source, target) as watched:
            # The log's file shrinks late: who asks the most of it comes last.
            rows += _bulk(watched, PACED_S, "paced")
            rows += _pgbench(watched)
            rows += _bulk(watched, 0.0, "as fast as it goes")
            rows += _large(watched)
    return rows + _tables()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A running mirror.

    Attributes:
        log: What the daemon says: a JSON document per line.
        pid: Of the daemon.
    """

    source: Database
    target: Database
    log: Path
    pid: int

    def events(self, name: str, since: int = 0) -> list[dict[str, float]]:
        """Return the daemon's events of a kind from a position of the log on."""
        lines = self.log.read_bytes()[since:].splitlines()
        found = []
        for line in lines:
            with suppress(ValueError):
                one = json.loads(line)
                if one.get("event") == name:
                    found.append(one)
        return found

    def position(self) -> int:
        """Return where the log ends now."""
        return self.log.stat().st_size

    def wait_until_empty(self) -> None:
        """Wait until no key of the application is left in the log."""
        end = time.monotonic() + DRAIN_S_MAX
        with self.source.connect() as connection:
            while _has_keys(connection):
                if time.monotonic() > end:
                    raise SystemExit(f"the log was not empty after {DRAIN_S_MAX} s")
                time.sleep(0.1)


def _has_keys(connection: rig.Connection) -> bool:
    row = connection.execute(
        "SELECT EXISTS (SELECT FROM changeover.change WHERE table_id <> 0)"
    ).fetchone()
    return row is not None and bool(row[0])


@contextmanager
def _mirrored(source: Database, target: Database) -> Iterator[Watched]:
    with rig.move_of(source, target) as move:
        capture.install_on(move, read_pairs(move))
        rig.declare_copied(move)
        settings = f'state_directory = "{move.state_directory}"\n{FAST_BEAT}'
        with program(source, target, settings) as ours, ours.mirror() as pid:
            yield _ready(Watched(source=source, target=target, log=ours.log, pid=pid))


def _ready(watched: Watched) -> Watched:
    end = time.monotonic() + 60
    while not watched.events("MarkerReturned"):
        if time.monotonic() > end:
            raise SystemExit(f"the mirror did not start: {watched.log.read_text()[-500:]}")
        time.sleep(0.1)
    return watched


def _create(source: Database, target: Database, name: str, rows: int) -> None:
    for database in (source, target):
        with database.connect() as connection:
            connection.execute(
                f"CREATE TABLE public.{name} (id bigint PRIMARY KEY, number int, text text)"
                " WITH (fillfactor = 70)"
            )
            connection.execute(
                f"INSERT INTO public.{name} SELECT g, g, repeat('x', 80)"
                " FROM generate_series(1, %s) AS g",
                (scale.rows(rows),),
            )
            connection.execute(f"VACUUM ANALYZE public.{name}")


def _create_pgbench(database: Database, *, is_filled: bool) -> None:
    rig.pgbench(database, "-i", "-q", "-s", "10", *(() if is_filled else ("-I", "dtp")))
    with database.connect() as connection:
        connection.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")


def _bulk(watched: Watched, pause_s: float, how: str) -> list[rig.Row]:
    """Update all keys again and again, chunk by chunk, for minutes.

    A key that has changed twice before a round takes it is carried once, hence both figures.
    """
    began, position = time.monotonic(), watched.position()
    with _depth(watched.source) as depths:
        made = _update(watched.source, scale.seconds(SECONDS), pause_s)
        offered = made / (time.monotonic() - began)
        watched.wait_until_empty()
    seconds = time.monotonic() - began
    carried = sum(one["keys"] for one in watched.events("RoundFinished", position))
    name = f"mirror, bulk updates {how} for {scale.seconds(SECONDS):g} s"
    return [
        rig.row(f"{name}, row changes", "1/s", [made / seconds], [offered], "written meanwhile"),
        rig.plain(f"{name}, keys carried (aim 40,000)", "1/s", carried / seconds, 1),
        *_lag(watched, position, name),
        rig.plain(f"{name}, change log at most", "MB", max(depths), 1),
    ]


def _update(source: Database, seconds: float, pause_s: float) -> int:
    """Update all rows in chunks, each a transaction, again and again; return the rows."""
    total = scale.rows(LARGE)
    made, first, end = 0, 0, time.monotonic() + seconds
    with source.connect() as connection:
        while time.monotonic() < end:
            due = time.monotonic() + pause_s
            made += connection.execute(
                "UPDATE public.wide SET number = number + 1 WHERE id > %s AND id <= %s",
                (first, first + CHUNK),
            ).rowcount
            first = (first + CHUNK) % total
            time.sleep(max(0.0, due - time.monotonic()))
    return made


@contextmanager
def _depth(source: Database) -> Iterator[list[float]]:
    """Look at the size of the change log meanwhile, in megabytes."""
    sizes, stop = [0.0], threading.Event()

    def look() -> None:
        with source.connect() as connection:
            while not stop.wait(0.5):
                row = connection.execute(
                    "SELECT pg_total_relation_size('changeover.change')"
                ).fetchone()
                sizes.append(row[0] / 1e6 if row else 0.0)

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield sizes
    finally:
        stop.set()
        thread.join()


def _lag(watched: Watched, position: int, name: str) -> list[rig.Row]:
    lags = [one["lag_ms"] for one in watched.events("MarkerReturned", position)]
    if len(lags) < 2:
        return [rig.skipped(f"{name}, lag", f"only {len(lags)} markers came back")]
    cuts = statistics.quantiles(lags, n=100, method="inclusive")
    return [
        rig.plain(f"{name}, lag p50", "ms", statistics.median(lags), len(lags)),
        rig.plain(f"{name}, lag p99", "ms", cuts[98], len(lags)),
    ]


def _pgbench(watched: Watched) -> list[rig.Row]:
    """Run pgbench's transactions for minutes: a rate that leaves the machine room for a mirror."""
    seconds, position = scale.seconds(SECONDS), watched.position()
    with _depth(watched.source) as depths:
        rig.pgbench(
            watched.source,
            *("-n", "-c", "4", "-j", "2", "-M", "prepared", "-R", str(TRANSACTIONS_PER_S)),
            *("-T", f"{seconds:.0f}"),
        )
    name = f"mirror, pgbench {TRANSACTIONS_PER_S}/s for {seconds:g} s"
    rows = _lag(watched, position, name)
    watched.wait_until_empty()
    return [*rows, rig.plain(f"{name}, change log at most", "MB", max(depths), 1)]


def _large(watched: Watched) -> list[rig.Row]:
    """Update all rows in one transaction; the daemon's memory must not grow with it."""
    before = usage.Watch(watched.pid)
    time.sleep(1)
    idle = before.end()
    watch = usage.Watch(watched.pid)
    with watched.source.connect() as connection:
        connection.execute("UPDATE public.wide SET number = number + 1")
    began = time.monotonic()
    watched.wait_until_empty()
    seconds = time.monotonic() - began
    total = scale.rows(LARGE)
    name = f"mirror, one transaction of {total:,} rows"
    return [
        rig.plain(name, "keys/s", total / seconds, 1),
        rig.row(f"{name}, memory of the daemon", "MB", [watch.end()], [idle], "idle"),
    ]


def _tables() -> list[rig.Row]:
    """Return lag and rounds with 500 tables beside those with 5, at the same rate of writes."""
    spread: dict[int, list[float]] = {}
    rounds: dict[int, list[float]] = {}
    for count in (FEW, scale.count(MANY, least=FEW * 2)):
        with rig.servers(SETTINGS) as (source, target):
            for database in (source, target):
                with database.connect() as connection, connection.transaction():
                    for number in range(count):
                        connection.execute(
                            f"CREATE TABLE public.t{number} (id int PRIMARY KEY, number int)"
                        )
                        connection.execute(
                            f"INSERT INTO public.t{number} SELECT g, g FROM generate_series(1, 9) g"
                        )
            with _mirrored(source, target) as watched:
                # The first rows of a table cost more: each has had some before it counts.
                _touch(source, count, WARM_S)
                position = watched.position()
                _touch(source, count, scale.seconds(60))
                spread[count] = [
                    one["lag_ms"] for one in watched.events("MarkerReturned", position)
                ]
                rounds[count] = [
                    one["seconds"] * 1000 for one in watched.events("RoundFinished", position)
                ]
    few, many = spread.values()
    rows = []
    for share, name in ((50, "p50"), (99, "p99 (goal 1.2)")):
        cut = [
            statistics.quantiles(one, n=100, method="inclusive")[share - 1] for one in (many, few)
        ]
        rows.append(
            rig.row(f"mirror, lag {name}, {max(spread)} tables", "ms", [cut[0]], [cut[1]],
                    f"{FEW} tables")
        )  # fmt: skip
    few, many = rounds.values()
    name = f"mirror, a round (median), {max(spread)} tables"
    return [*rows, rig.row(name, "ms", many, few, f"{FEW} tables")]


def _touch(source: Database, count: int, seconds: float) -> None:
    """Update one row at a time, of one table after another, 100 times a second."""
    end, number = time.monotonic() + seconds, 0
    with source.connect() as connection:
        while time.monotonic() < end:
            connection.execute(f"UPDATE public.t{number % count} SET number = number + 1")
            number += 1
            time.sleep(0.01)
