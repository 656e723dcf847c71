"""What can be counted without asking Changeover: on the databases, in ledgers and sightings.

Every count is None where it could not be made: unknown is never zero.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import psycopg

from changeover import Side
from salon.demo import ledger, witness
from salon.demo.authority import Acceptance, Chronicle
from salon.demo.comparison import TableComparison, compare
from salon.demo.ledger import Fingerprint, Judgement, Outcome, Record
from salon.demo.process import Clock
from salon.demo.scene import Scene
from salon.demo.witness import Sighting

DRAIN_S_MAX: Final = 20.0
POLL_S: Final = 0.1
BOOK_LOOKS: Final = 5
LOOKS_MIN: Final = 10

LEFT: Final = "SELECT count(*) FROM changeover.change AS c WHERE c.table_id > 0"
APPLIED: Final = "SELECT direction, batch_id, keys_read, keys_applied FROM changeover.applied"
REMOVED: Final = "SELECT direction, batch_id, keys_read FROM changeover.removed"
TWIN_WRITES: Final = (
    "SELECT coalesce(sum(abs(t.writes - (SELECT count(*) FROM public.ledger_write AS w"
    " WHERE w.writer = t.writer))), 0)::bigint"
    " FROM (SELECT a.writer, sum(a.writes) AS writes FROM public.twin_a AS a GROUP BY 1) AS t"
)
FINGERPRINTS: Final = "SELECT writer, number FROM public.ledger_write"


@dataclass(frozen=True, slots=True, kw_only=True)
class Counted:
    """What the ledgers, the witness and the primary's rows come to.

    Attributes:
        records: All records of all writers.
        judgement: The ledgers against the rows of the final primary.
        doubled_effects: Writes whose effect is there more often than their fingerprint.
        two_authorities: Writes that a side took outside its reign; None before both were guarded.
        twin_disagreements: Twins that were seen apart.
        twin_looks: How often the twins of each side were read.
    """

    records: tuple[Record, ...]
    judgement: Judgement
    doubled_effects: int
    two_authorities: int | None
    twin_disagreements: int | None
    twin_looks: dict[str, int]


def read_primary(scene: Scene) -> Side:
    """Return the side with the authority, as the databases have it; the source at first."""
    with scene.connect(Side.TARGET) as target:
        known = target.execute("SELECT to_regclass('changeover.control')").fetchone()
        if known is None or known[0] is None:
            return Side.SOURCE
        row = target.execute("SELECT primary_side FROM changeover.control").fetchone()
    return Side.SOURCE if row is None else Side(str(row[0]))


def await_empty_log(scene: Scene, clock: Clock) -> bool:
    """Wait until the mirror has carried everything.

    Returns:
        Whether it has, within DRAIN_S_MAX.
    """
    until = time.monotonic() + min(DRAIN_S_MAX, clock.left_s)
    with scene.connect(read_primary(scene)) as primary:
        while time.monotonic() < until:
            row = primary.execute(LEFT).fetchone()
            if row is not None and row[0] == 0:
                return True
            time.sleep(POLL_S)
    return False


def compare_sides(scene: Scene) -> tuple[TableComparison, ...]:
    """Compare all tables by hand-written SQL."""
    with scene.connect(Side.SOURCE) as source, scene.connect(Side.TARGET) as target:
        return compare(source, target)


def count_unbalanced_books(scene: Scene) -> int:
    """Return how many batches are not booked alike on both sides, in both directions.

    Stricter than the gate: nothing is killed here, so no batch needs another one to close it. The
    mirror goes on meanwhile: a batch that one look finds half booked, and the next does not, is
    none.
    """
    with scene.connect(Side.SOURCE) as source, scene.connect(Side.TARGET) as target:
        wrong = _half_booked(source, target)
        for _ in range(BOOK_LOOKS):
            if not wrong:
                break
            time.sleep(POLL_S)
            wrong &= _half_booked(source, target)
    return len(wrong)


def _half_booked(*sessions: psycopg.Connection[tuple[Any, ...]]) -> set[tuple[str, int]]:
    applied = {
        (row[0], row[1]): (row[2], row[3])
        for session in sessions
        for row in session.execute(APPLIED).fetchall()
    }
    removed = {(row[0], row[1]): row[2] for session in sessions for row in session.execute(REMOVED)}
    wrong = applied.keys() ^ removed.keys()
    return wrong | {
        batch for batch in applied.keys() & removed.keys() if {*applied[batch]} != {removed[batch]}
    }


def count(scene: Scene, chronicle: Chronicle | None) -> Counted:
    """Judge the ledgers and the sightings against the final primary.

    Args:
        scene: The scene; the writers have ended.
        chronicle: Who had the authority when; None if both sides were never guarded.
    """
    records = ledger.read(scene.place.ledgers)
    sightings = witness.read(scene.place.sightings)
    with scene.connect(read_primary(scene)) as primary:
        rows = [_fingerprint(row) for row in primary.execute(FINGERPRINTS).fetchall()]
        effects = primary.execute(TWIN_WRITES).fetchone()
    assert effects is not None, "an aggregate returns one row"
    disagreements, looks = _twins(sightings)
    return Counted(
        records=records,
        judgement=ledger.judge(records, rows),
        doubled_effects=int(effects[0]),
        two_authorities=_second_authorities(records, sightings, chronicle),
        twin_disagreements=disagreements,
        twin_looks=looks,
    )


def _fingerprint(row: tuple[Any, ...]) -> Fingerprint:
    return int(row[0]), int(row[1])


def _twins(sightings: Sequence[Sighting]) -> tuple[int | None, dict[str, int]]:
    seen = {side: witness.count_twins(sightings, side) for side in Side}
    looks = {str(side): many for side, (many, _) in seen.items()}
    counts = [unequal for _, unequal in seen.values()]
    if any(many < LOOKS_MIN for many in looks.values()):
        return None, looks
    return sum(unequal or 0 for unequal in counts), looks


def _second_authorities(
    records: Sequence[Record], sightings: Sequence[Sighting], chronicle: Chronicle | None
) -> int | None:
    if chronicle is None:
        return None
    told = [
        Acceptance(side=Side(record.side), at_s=record.accepted_s)
        for record in records
        if record.state == Outcome.ACKNOWLEDGED and record.accepted_s is not None
    ]
    seen = [
        Acceptance(side=Side(sighting.side), at_s=sighting.accepted_s)
        for sighting in sightings
        if sighting.accepted_s is not None
    ]
    looks = {sighting.side for sighting in sightings if not sighting.trouble}
    if looks != {str(side) for side in Side}:
        return None
    return len(chronicle.breaches([*told, *seen]))
