"""A whole clone, beside the programs that are used for it, each in turn on the same two servers.

The pipe of two `psql` in the binary form is the limit: nothing can be read and written with less.
It carries the rows alone; the others and we carry definitions, rows, indexes and keys.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import peer
import rig
import stock
import usage
from changeover.embedded import Database, create_database
from program import program

ROUNDS = 3
JOBS = 2
PIPE, DUMP, PGCOPYDB = "psql COPY pipe", "pg_dump -Fd, pg_restore", "pgcopydb"
DATA, WHOLE = "ours, rows in one stream", "ours, whole"

Way = Callable[[Database], usage.Usage]


def measure() -> list[rig.Row]:
    """Return seconds, CPU seconds and memory of each way, interleaved."""
    with stock.plain_servers() as (source, target):
        mine = stock.bare(source)
        stock.fill(mine)
        theirs = mine.clone("theirs")
        blank = stock.bare(target)
        wanted = stock.count(theirs)
        with stock.passwords(theirs, blank) as environment:
            ways, skipped = _ways(mine, theirs, environment)
            taken: dict[str, list[usage.Usage]] = {name: [] for name in ways}
            for number in range(ROUNDS):
                for name, way in ways.items():
                    with _fresh(blank, f"clone_{number}") as made:
                        taken[name].append(way(made))
                        assert stock.count(made) == wanted, f"{name} lost rows"
        megabytes = stock.megabytes(theirs)
    return _rows(taken, skipped, f"{sum(wanted):,} rows, {megabytes:,.0f} MB")


@contextmanager
def _fresh(blank: Database, name: str) -> Iterator[Database]:
    """Give an empty database, with nothing of the last run left to be written."""
    made = create_database(blank.server, name, owner=blank.owner)
    with blank.server.connect() as connection:
        connection.execute("CHECKPOINT")
    yield made
    made.drop()


def _ways(
    mine: Database, theirs: Database, environment: dict[str, str]
) -> tuple[dict[str, Way], list[str]]:
    ways: dict[str, Way] = {
        PIPE: lambda made: _pipe(theirs, made, environment),
        DATA: lambda made: _copy_rows(mine, made),
        DUMP: lambda made: _dump(theirs, made, environment),
        WHOLE: lambda made: _clone(mine, made),
    }
    skipped = []
    try:
        copier = peer.pgcopydb()
        ways[PGCOPYDB] = lambda made: _pgcopydb(copier, theirs, made, environment)
    except peer.MissingError as error:
        skipped.append(str(error))
    return ways, skipped


def _pipe(source: Database, made: Database, environment: dict[str, str]) -> usage.Usage:
    """Carry the rows of each table through two psql, into the same tables as ours, with keys."""
    with program(source, made) as ours:
        ours.change("schema", "apply", "--until", "keys")
    copies = "\n".join(
        f"psql -d \"$SOURCE\" -c 'COPY public.{name} TO STDOUT (FORMAT binary)' |"
        f" psql -q -d \"$TARGET\" -c 'COPY public.{name} FROM STDIN (FORMAT binary)'"
        for name in stock.TABLES
    )
    known = {**environment, "SOURCE": stock.address(source), "TARGET": stock.address(made)}
    return usage.run(["bash", "-euo", "pipefail", "-c", copies], known)


def _copy_rows(mine: Database, made: Database) -> usage.Usage:
    """Carry the rows with our own program in one stream; the tables are there, with their keys."""
    with program(mine, made, "[copy]\nworkers = 1\n") as ours:
        ours.change("schema", "apply", "--until", "keys")
        ours.change("capture", "install")
        try:
            return ours.change("copy", "run")
        finally:
            ours.change("capture", "remove")


def _clone(mine: Database, made: Database) -> usage.Usage:
    """Do all that our manual says: definitions, capture, rows, indexes, keys."""
    with program(mine, made, f"[copy]\nworkers = {JOBS}\n") as ours:
        try:
            steps = [
                ours.change("schema", "apply", "--until", "pre-data"),
                ours.change("capture", "install"),
                ours.change("copy", "run"),
                ours.change("schema", "apply"),
            ]
        finally:
            ours.change("capture", "remove")
    return together(steps)


def together(steps: list[usage.Usage]) -> usage.Usage:
    """Return what steps that follow each other took."""
    return usage.Usage(
        seconds=sum(one.seconds for one in steps),
        cpu_s=sum(one.cpu_s for one in steps),
        memory_mb=max(one.memory_mb for one in steps),
    )


def _dump(source: Database, made: Database, environment: dict[str, str]) -> usage.Usage:
    known = {**environment, "SOURCE": stock.address(source), "TARGET": stock.address(made)}
    with TemporaryDirectory(prefix="changeover-bench-") as directory:
        text = (
            f'pg_dump -Fd -Z0 -j {JOBS} --no-owner -d "$SOURCE" -f archive\n'
            f'pg_restore -j {JOBS} --no-owner -d "$TARGET" archive'
        )
        return usage.run(["bash", "-euo", "pipefail", "-c", text], known, place=Path(directory))


def _pgcopydb(
    copier: Path, source: Database, made: Database, environment: dict[str, str]
) -> usage.Usage:
    with TemporaryDirectory(prefix="changeover-bench-") as directory:
        words = [
            *(str(copier), "clone", "--source", stock.address(source)),
            *("--target", stock.address(made), "--no-owner", "--no-acl", "--no-comments"),
            *("--table-jobs", str(JOBS), "--index-jobs", str(JOBS), "--dir", f"{directory}/work"),
        ]
        return usage.run(words, {**environment, "TMPDIR": directory})


def _rows(taken: dict[str, list[usage.Usage]], skipped: list[str], size: str) -> list[rig.Row]:
    def figure(name: str, unit: str, ours: str, theirs: str, attribute: str) -> rig.Row:
        mine = [getattr(one, attribute) for one in taken[ours]]
        other = [getattr(one, attribute) for one in taken[theirs]]
        return rig.row(name, unit, mine, other, theirs)

    rows = [
        figure(f"clone, rows in one stream, {size} (goal 1.18)", "s", DATA, PIPE, "seconds"),
        figure("clone, rows in one stream, client CPU (goal 13 s)", "s", DATA, PIPE, "cpu_s"),
    ]
    for name in (DUMP, PGCOPYDB):
        if name not in taken:
            continue
        rows += [
            figure(f"clone, whole with indexes, {JOBS} jobs", "s", WHOLE, name, "seconds"),
            figure("clone, whole, client CPU", "s", WHOLE, name, "cpu_s"),
            figure("clone, whole, memory of all processes (goal 300)", "MB", WHOLE, name,
                   "memory_mb"),
        ]  # fmt: skip
    return rows + [rig.skipped("clone, whole with indexes", reason) for reason in skipped]
