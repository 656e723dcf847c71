"""Verification of 10 million rows, beside reladiff and beside a bare hash scan of both sides."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path

import peer
import rig
import scale
import stock
import usage
from changeover import Side
from changeover.control.move import read_pairs
from changeover.embedded import Database
from changeover.transfer import capture
from program import Program, program

ROUNDS = 3
DIFFERENCES = 100
WRITES_PER_SECOND = 200
TABLE = "public.pgbench_accounts"
FOUND = 3
"""How `verify` ends where it has found differences."""

SCAN = """
SELECT count(*), sum(hashtextextended(r.content, 0)) FROM (
  SELECT ROW(aid, bid, abalance, filler)::text COLLATE "C" AS content FROM pgbench_accounts OFFSET 0
) AS r
"""
RELADIFF = Path(__file__).with_name("reladiff_run.py")
OURS, SCANNED, THEIRS, BUSY = "ours", "bare hash scan", "reladiff", "ours under pgbench"
TRIED = {f"tried: ranges of {rows:,} rows": rows for rows in (100_000, 200_000)}


def measure() -> list[rig.Row]:
    """Return seconds where nothing differs, where 100 rows do, and while pgbench writes."""
    with rig.servers() as (source, target):
        for database in (source, target):
            _fill(database)
        with rig.move_of(source, target) as move:
            capture.install_on(move, read_pairs(move))
            rig.declare_copied(move)
            settings = f'state_directory = "{move.state_directory}"\n'
            with ExitStack() as stack:
                ours = stack.enter_context(program(source, target, settings))
                tried = {
                    name: stack.enter_context(
                        program(source, target, f"{settings}[verify]\nrange_rows = {rows}\n")
                    )
                    for name, rows in TRIED.items()
                }
                return _compare(move, ours, tried, source, target)


def _fill(database: Database) -> None:
    branches = max(1, round(scale.rows(stock.ACCOUNTS) / stock.ACCOUNTS_PER_BRANCH))
    rig.pgbench(database, "-i", "-q", "-s", str(branches))
    with database.connect() as connection:
        connection.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")
        connection.execute("VACUUM ANALYZE")


def _compare(
    move: rig.Move,
    ours: Program,
    tried: dict[str, Program],
    source: Database,
    target: Database,
) -> list[rig.Row]:
    rows = stock.count(source, [TABLE])[0]
    ways: dict[str, Callable[[], usage.Usage]] = {
        SCANNED: lambda: _scan(source, target),
        OURS: lambda: _verified(ours, 0),
        **{name: partial(_verified, one, 0) for name, one in tried.items()},
    }
    skipped = []
    try:
        python = peer.reladiff()
        ways[THEIRS] = lambda: _reladiff(python, source, target, 0)
    except peer.MissingError as error:
        skipped.append(rig.skipped("verify, nothing differs", str(error)))
    equal = _in_turns({**ways, BUSY: lambda: _under_writes(ours, source)})
    with ours.mirror():
        _wait_until_empty(source)
    _differ(move, rows)
    apart = dict(ways)
    for name, one in {OURS: ours, **tried}.items():
        apart[name] = partial(_verified, one, DIFFERENCES)
    if THEIRS in apart:
        apart[THEIRS] = lambda: _reladiff(python, source, target, DIFFERENCES)
    with ours.mirror():  # it answers when a suspected row is settled
        different = _in_turns(apart)
    return _rows(equal, different, f"{rows:,} rows") + skipped


def _in_turns(ways: dict[str, Callable[[], usage.Usage]]) -> dict[str, list[usage.Usage]]:
    taken: dict[str, list[usage.Usage]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, way in ways.items():
            taken[name].append(way())
    return taken


def _scan(source: Database, target: Database) -> usage.Usage:
    """Hash all rows of both sides at the same time, once, and look no further."""

    def scan(database: Database) -> None:
        with database.connect() as connection:
            connection.execute(SCAN).fetchone()

    began = time.perf_counter()
    both = [threading.Thread(target=scan, args=(database,)) for database in (source, target)]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    return usage.Usage(seconds=time.perf_counter() - began, cpu_s=0, memory_mb=0)


def _verified(ours: Program, differences: int) -> usage.Usage:
    taken = ours.run("verify", "--quiet", code=FOUND if differences else 0)
    report = json.loads(taken.output.splitlines()[-1])["result"]
    if (report["differences"], report["unsettled"]) != (differences, 0):
        raise SystemExit(f"verify found {report['differences']}, not {differences}")
    return taken


def _reladiff(python: Path, source: Database, target: Database, differences: int) -> usage.Usage:
    environment = {"BENCH_SOURCE": _url(source), "BENCH_TARGET": _url(target)}
    taken = usage.run([str(python), str(RELADIFF)], environment)
    # Each row that differs is shown twice: as it is here and as it is there.
    if int(taken.output.split()[-1]) != 2 * differences:
        raise SystemExit(f"reladiff found {taken.output}, not twice {differences}")
    return taken


def _url(database: Database) -> str:
    known = rig.environment_of(database)
    return (
        f"postgresql://{known['PGUSER']}:{known['PGPASSWORD']}@{known['PGHOST']}:{known['PGPORT']}"
        f"/{known['PGDATABASE']}"
    )


def _under_writes(ours: Program, source: Database) -> usage.Usage:
    """Verify while pgbench writes and the mirror carries: nothing may be called a difference."""
    with ours.mirror(), writing(source, WRITES_PER_SECOND):
        taken = _verified(ours, 0)
    with ours.mirror():
        _wait_until_empty(source)
    return taken


@contextmanager
def writing(database: Database, transactions_per_s: int) -> Iterator[None]:
    """Run pgbench's transactions meanwhile, at a given rate."""
    words = [str(rig.program("pgbench")), "-n", "-c", "4", "-T", "3600", "-M", "prepared"]
    words += ["-R", str(transactions_per_s)]
    environment = {**os.environ, **rig.environment_of(database)}
    with subprocess.Popen(
        words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield
            if process.poll() is not None:
                raise SystemExit("pgbench ended by itself")
        finally:
            process.terminate()


def _wait_until_empty(source: Database) -> None:
    end = time.monotonic() + 120
    with source.connect() as connection:
        while connection.execute("SELECT EXISTS (SELECT FROM changeover.change)").fetchone()[0]:  # type: ignore[index]
            if time.monotonic() > end:
                raise SystemExit("the change log was not empty in time")
            time.sleep(0.2)


def _differ(move: rig.Move, rows: int) -> None:
    """Change 100 scattered rows of the target behind everybody's back."""
    step = max(1, rows // DIFFERENCES)
    with move.connect_mirror(Side.TARGET, "bench") as connection:
        changed = connection.execute(
            "UPDATE public.pgbench_accounts SET abalance = abalance + 1"
            " WHERE aid %% %s = 0 AND aid <= %s",
            (step, step * DIFFERENCES),
        ).rowcount
    assert changed == DIFFERENCES, "each of them is there"


def _rows(
    equal: dict[str, list[usage.Usage]], different: dict[str, list[usage.Usage]], size: str
) -> list[rig.Row]:
    def figure(name: str, taken: dict[str, list[usage.Usage]], theirs: str) -> rig.Row:
        mine = [one.seconds for one in taken[OURS]]
        return rig.row(name, "s", mine, [one.seconds for one in taken[theirs]], theirs)

    rows = [figure(f"verify, {size}, nothing differs (goal 1.5)", equal, SCANNED)]
    for taken, what in ((equal, "nothing differs"), (different, f"{DIFFERENCES} differ")):
        if THEIRS in taken:
            rows.append(figure(f"verify, {what} (goal 0.5)", taken, THEIRS))
    rows.append(figure(f"verify, {DIFFERENCES} differ", different, SCANNED))
    for taken, what in ((equal, "nothing differs"), (different, f"{DIFFERENCES} differ")):
        scanned = [one.seconds for one in taken[SCANNED]]
        for name in TRIED:
            mine = [one.seconds for one in taken[name]]
            rows.append(rig.row(f"verify, {what}, {name}", "s", mine, scanned, SCANNED))
    busy = [one.seconds for one in equal[BUSY]]
    idle = [one.seconds for one in equal[OURS]]
    name = f"verify while {WRITES_PER_SECOND} transactions/s are written (goal 2)"
    rows.append(rig.row(name, "s", busy, idle, "ours, idle"))
    memory = max(one.memory_mb for one in [*equal[OURS], *different[OURS]])
    cpu = [one.cpu_s for one in equal[OURS]]
    return [
        *rows,
        rig.row("verify, client CPU", "s", cpu, [], ""),
        rig.plain("verify, memory", "MB", memory, 1),
    ]
