"""The witness: looks at both databases all the time and writes down what it sees.

It asks two things that no report of Changeover's is needed for: does this side take a write of the
application right now (the statement is rolled back), and are the twin rows equal in one snapshot?
Run as ``python -m salon.demo.witness --config FILE.json``; SIGTERM ends it.
"""

import argparse
import json
import os
import signal
import sys
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, TextIO

import psycopg
from psycopg import errors as pg

from changeover import Side
from salon.demo.process import Config

FENCE_SQLSTATE: Final = "P0004"
NOBODY: Final = -1
PAUSE_S: Final = 0.5

PROBE: Final = (
    "INSERT INTO public.ledger_write (writer, number, kind) VALUES (%s, 0, 'probe')"
    " RETURNING extract(epoch FROM written_at)::float8"
)
UNEQUAL_TWINS: Final = (
    "SELECT count(*) FROM public.twin_a AS a FULL JOIN public.twin_b AS b USING (writer, slot)"
    " WHERE (a.number, a.writes) IS DISTINCT FROM (b.number, b.writes)"
)
CATCHING_UP: Final = (
    "SELECT bool_or(m.is_catching_up) FROM changeover.mirror AS m WHERE m.direction = %s"
)
DIRECTION_TO: Final = {Side.SOURCE: "reverse", Side.TARGET: "forward"}


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessConfig(Config):
    """What the witness is told.

    Attributes:
        source_dsn_file: A file with the application's connection string.
        target_dsn_file: The same for the target.
        sighting_file: Where it writes, one line of JSON per look.
        interval_s: Pause between two looks, in seconds.
    """

    source_dsn_file: str
    target_dsn_file: str
    sighting_file: str
    interval_s: float = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """One look at one side.

    Attributes:
        side: The database.
        wall_s: When, in seconds since 1970.
        accepted_s: The server's clock where it took a write; None where it did not.
        unequal_twins: Twins that disagreed; None where that can't be asked: not there yet, or
            catching up, when nobody reads the secondary.
        trouble: SQLSTATE of an error that is not the fence's refusal.
    """

    side: str
    wall_s: float
    accepted_s: float | None = None
    unequal_twins: int | None = None
    trouble: str = ""


class Eye:
    """Looks at one side; connects again when it has to."""

    def __init__(self, side: Side, dsn: str) -> None:
        """Prepare; the first look connects."""
        self._side = side
        self._dsn = dsn
        self._session: psycopg.Connection[Any] | None = None

    def look(self) -> Sighting:
        """Look once."""
        wall_s = time.time()
        try:
            session = self._connected()
            accepted_s = _probe(session)
            twins = _count_unequal_twins(session, self._side)
        except psycopg.Error as error:
            self.close()
            return Sighting(
                side=str(self._side), wall_s=wall_s, trouble=error.sqlstate or "connection"
            )
        return Sighting(
            side=str(self._side), wall_s=wall_s, accepted_s=accepted_s, unequal_twins=twins
        )

    def _connected(self) -> psycopg.Connection[Any]:
        if self._session is None or self._session.closed:
            self._session = psycopg.connect(self._dsn, autocommit=True, connect_timeout=5)
        return self._session

    def close(self) -> None:
        """Close the connection."""
        if self._session is not None:
            self._session.close()
            self._session = None


def _probe(session: psycopg.Connection[Any]) -> float | None:
    """Return the server's clock if it takes a write now; the write is rolled back."""
    try:
        with session.transaction(force_rollback=True):
            row = session.execute(PROBE, (NOBODY,)).fetchone()
            return None if row is None else float(row[0])
    except psycopg.Error as error:
        if error.sqlstate == FENCE_SQLSTATE:
            return None
        raise


def _count_unequal_twins(session: psycopg.Connection[Any], side: Side) -> int | None:
    with session.transaction():
        session.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        unequal = session.execute(UNEQUAL_TWINS).fetchone()
        try:
            with session.transaction():
                row = session.execute(CATCHING_UP, (DIRECTION_TO[side],)).fetchone()
        except (pg.UndefinedTable, pg.InvalidSchemaName):
            return None
    is_readable = row is not None and row[0] is not True
    return None if unequal is None or not is_readable else int(unequal[0])


def read(path: Path) -> tuple[Sighting, ...]:
    """Return what a witness saw; a last line that is not whole is passed over."""
    if not path.exists():
        return ()
    *whole, _torn = path.read_text(encoding="utf-8").split("\n")
    return tuple(Sighting(**json.loads(line)) for line in whole)


def count_twins(sightings: Iterable[Sighting], side: Side) -> tuple[int, int | None]:
    """Return how often the twins of a side were read, and how many disagreed.

    Returns:
        Looks, and disagreements; None where nobody could look, which is not the same as none.
    """
    seen = [s.unequal_twins for s in sightings if s.side == side and s.unequal_twins is not None]
    return len(seen), sum(seen) if seen else None


def _watch(config: WitnessConfig, out: TextIO, is_stopping: list[int]) -> None:
    parent = os.getppid()
    files = {Side.SOURCE: config.source_dsn_file, Side.TARGET: config.target_dsn_file}
    eyes = [
        Eye(side, Path(name).read_text(encoding="utf-8").strip()) for side, name in files.items()
    ]
    while not is_stopping and os.getppid() == parent:
        sightings = [eye.look() for eye in eyes]
        out.writelines(json.dumps(asdict(sighting)) + "\n" for sighting in sightings)
        out.flush()
        time.sleep(PAUSE_S if any(s.trouble for s in sightings) else config.interval_s)
    for eye in eyes:
        eye.close()


def main(arguments: list[str] | None = None) -> int:
    """Watch until SIGTERM."""
    parser = argparse.ArgumentParser(prog="python -m salon.demo.witness", description=__doc__)
    parser.add_argument("--config", type=Path, required=True, help="its settings, as JSON")
    config = WitnessConfig.load(parser.parse_args(arguments).config)
    signals: list[int] = []
    signal.signal(signal.SIGTERM, lambda number, _frame: signals.append(number))
    with Path(config.sighting_file).open("a", encoding="utf-8") as out:
        _watch(config, out, signals)
    return 0


if __name__ == "__main__":
    sys.exit(main())
