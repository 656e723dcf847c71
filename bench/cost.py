"""What a million rows cost the processors: carried in several ways, their key built, digested.

Work is compared, not time on the clock, so the least of some rounds counts. The processor time of a
server is that of the backend that served us, as the kernel counts it.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

import rig
import scale
import stock

Session = psycopg.Connection[Any]
Taken = tuple[float, float, float]
"""Seconds of the processor: ours, the reading server's, the writing server's."""

ROUNDS = 4
ROWS = 1_000_000
TICKS = os.sysconf("SC_CLK_TCK")
READ = "COPY pgbench_accounts TO STDOUT (FORMAT binary)"
WRITE = "COPY pgbench_accounts FROM STDIN (FORMAT binary)"
KIB = 1024
PIPES = {
    "each row put as it comes": 0,
    "rows joined to 32 KiB (ours)": 32 * KIB,
    "rows joined to 64 KiB": 64 * KIB,
    "rows joined to 256 KiB": 256 * KIB,
}
TEXT = """(ROW(aid, bid, abalance, filler)::text COLLATE "C")"""
DIGESTS = {
    "the text alone": f"SELECT sum(octet_length({TEXT})) FROM pgbench_accounts",
    "one hash of it (the bare scan)": f"SELECT sum(hashtextextended({TEXT}, 0))"
    " FROM pgbench_accounts",
    "a hash, and the hash's hash": "SELECT sum(h), sum(hashint8extended(h, 7)) FROM"
    f" (SELECT hashtextextended({TEXT}, 0) AS h FROM pgbench_accounts OFFSET 0) AS r",
    "two hashes of it (ours)": "SELECT sum(hashtextextended(t, 0)), sum(hashtextextended(t, 1))"
    f" FROM (SELECT {TEXT} AS t FROM pgbench_accounts OFFSET 0) AS r",
}
KEY = "ALTER TABLE pgbench_accounts ADD PRIMARY KEY (aid)"


def measure() -> list[rig.Row]:
    """Return seconds of each processor per way, and the write-ahead log of rows and key."""
    with _sessions() as (source, target):
        rows = _count(source)
        pipes: dict[str, Callable[[], None]] = {
            name: lambda block=block: _pipe(source, target, block)  # type: ignore[misc]
            for name, block in PIPES.items()
        }
        pipes["read and forgotten"] = lambda: _forget(source)
        pipes["psycopg's copy() to copy()"] = lambda: _copy(source, target)
        carried: dict[str, list[Taken]] = {name: [] for name in pipes}
        digested: dict[str, list[Taken]] = {name: [] for name in DIGESTS}
        for _ in range(ROUNDS):
            for name, pipe in pipes.items():
                carried[name].append(_taken(source, target, pipe))
            for name, query in DIGESTS.items():
                digested[name].append(
                    _taken(source, target, lambda query=query: _run(source, query))  # type: ignore[misc]
                )
        return [
            *_carried(carried, rows),
            *(_least(f"digest, {name}, {rows:,} rows", some, 1) for name, some in digested.items()),
            *_key(source, target, rows),
        ]


@contextmanager
def _sessions() -> Iterator[tuple[Session, Session]]:
    with stock.plain_servers() as (old, new):
        databases = [stock.bare(server) for server in (old, new)]
        branches = max(1, round(scale.rows(ROWS) / stock.ACCOUNTS_PER_BRANCH))
        rig.pgbench(databases[0], "-i", "-q", "-s", str(branches))
        rig.pgbench(databases[1], "-i", "-I", "dt", "-q", "-s", str(branches))
        with databases[0].connect() as source, databases[1].connect() as target:
            for session in (source, target):
                session.execute("SET max_parallel_workers_per_gather = 0")
                session.execute("SET max_parallel_maintenance_workers = 0")
            source.execute("VACUUM ANALYZE pgbench_accounts")
            yield source, target


def _count(session: Session) -> int:
    return int(_run(session, "SELECT count(*) FROM pgbench_accounts"))


def _run(session: Session, query: str) -> Any:
    row = session.execute(query).fetchone()
    return None if row is None else row[0]


def _taken(source: Session, target: Session, act: Callable[[], Any]) -> Taken:
    """Return what an act takes of the three processors."""
    before = (time.process_time(), _cpu_s(source), _cpu_s(target))
    act()
    after = (time.process_time(), _cpu_s(source), _cpu_s(target))
    ours, reading, writing = (end - begin for begin, end in zip(before, after, strict=True))
    return ours, reading, writing


def _cpu_s(session: Session) -> float:
    text = Path(f"/proc/{session.info.backend_pid}/stat").read_text(encoding="ascii")
    user, system = text.rpartition(")")[2].split()[11:13]
    return (int(user) + int(system)) / TICKS


def _pipe(source: Session, target: Session, block: int) -> None:
    """Carry the rows by libpq's own calls, in blocks of about so many bytes; 0 for row by row."""
    _begin_anew(target)
    with _blocking(source, target):
        target.pgconn.exec_(WRITE.encode())
        for data in _blocks(source, block):
            target.pgconn.put_copy_data(data)
        target.pgconn.put_copy_end()
        _end(target)


def _forget(source: Session) -> None:
    """Read the rows, and do nothing with them."""
    with _blocking(source):
        source.pgconn.exec_(READ.encode())
        while source.pgconn.get_copy_data(0)[0] >= 0:
            continue
        _end(source)


def _blocks(source: Session, block: int) -> Iterator[Any]:
    source.pgconn.exec_(READ.encode())
    rows, size = [], 0
    while True:
        length, data = source.pgconn.get_copy_data(0)
        if length < 0:
            break
        rows.append(data)
        size += length
        if size >= block:
            yield b"".join(rows) if block else data
            rows, size = [], 0
    _end(source)
    yield b"".join(rows)


@contextmanager
def _blocking(*sessions: Session) -> Iterator[None]:
    for session in sessions:
        session.pgconn.nonblocking = 0
    yield
    for session in sessions:
        session.pgconn.nonblocking = 1


def _end(session: Session) -> None:
    while session.pgconn.get_result() is not None:
        continue


def _copy(source: Session, target: Session) -> None:
    _begin_anew(target)
    with source.cursor().copy(READ) as out, target.cursor().copy(WRITE) as into:
        for data in out:
            into.write(data)


def _begin_anew(target: Session) -> None:
    target.execute("TRUNCATE pgbench_accounts")


def _carried(taken: dict[str, list[Taken]], rows: int) -> list[rig.Row]:
    sides = ("our processor", "reading server", "writing server")
    return [
        _least(f"carry {rows:,} rows, {name}, {side}", some, place)
        for name, some in taken.items()
        for place, side in enumerate(sides)
    ]


def _least(name: str, taken: list[Taken], place: int) -> rig.Row:
    return rig.plain(name, "s", min(one[place] for one in taken), len(taken))


def _key(source: Session, target: Session, rows: int) -> list[rig.Row]:
    """Return what the key costs that is built at the end, and the log of rows and key."""
    _begin_anew(target)
    empty = _log_mb(target)
    _pipe(source, target, 32 * KIB)
    filled = _log_mb(target)
    taken = _taken(source, target, lambda: target.execute(KEY))
    keyed = _log_mb(target)
    assert _count(target) == rows, "a row was lost"
    return [
        rig.plain(f"write-ahead log of {rows:,} rows", "MB", filled - empty, 1),
        rig.plain(f"write-ahead log of their key, {rows:,} rows", "MB", keyed - filled, 1),
        rig.plain(f"build their key, {rows:,} rows", "s", taken[2], 1),
    ]


def _log_mb(session: Session) -> float:
    query = "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')"
    return float(_run(session, query)) / 1e6
