"""Rehearsing the way back: before a cutover, the reverse path has carried something.

A marker makes its way target → source; and a merge of zero rows into every moved table of the
source proves the mirror's rights there. Nothing of the application is changed.
"""

from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.control.event import me
from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.errors import BooksUnbalancedError, ChangeoverError
from changeover.model.side import Direction, Side
from changeover.transfer.marker import MARKER_ID, has_returned, marker_pair, send
from changeover.transfer.merge import Merge, plan_merge
from changeover.transfer.mirror import read_control
from changeover.transfer.round import pipe
from changeover.transfer.round_session import read_rest_mode, show_secret

_MINE: Final = "changeover.journey"


def rehearse(move: Move, pairs: tuple[Pair, ...]) -> None:
    """Rehearse the reverse mirror and write the evidence, of a failure too.

    Args:
        move: The move; its primary must be the source.
        pairs: The moved tables.

    Raises:
        DatabaseError: If the mirror lacks a right on the source.
        BooksUnbalancedError: If the marker did not arrive.
    """
    with move.connect_owner(Side.TARGET, "rehearsal") as target:
        epoch = read_control(target).epoch
        try:
            detail = _merge_nothing(move, pairs)
            _carry_marker(move)
        except ChangeoverError as error:
            _write_evidence(target, epoch, "fail", f"{error.code} {error.message}")
            raise
        _write_evidence(target, epoch, "pass", f"a marker came target → source; {detail}")


def _write_evidence(target: Connection, epoch: int, outcome: str, detail: str) -> None:
    target.execute(
        fixed(_MINE, "write_evidence"),
        {
            "gate": "rehearsal",
            "outcome": outcome,
            "detail": detail,
            "who": me(),
            "epoch": epoch,
        },
    )


def _merge_nothing(move: Move, pairs: tuple[Pair, ...]) -> str:
    limit_ms = move.settings.mirror.lock_timeout_ms
    with (
        move.connect_mirror(Side.SOURCE, "rehearsal", lock_timeout_ms=limit_ms) as source,
        translated(Side.SOURCE, "rehearsing the way back"),
    ):
        if read_rest_mode(source) == "replica":
            source.execute("SET session_replication_role = replica")
        with source.transaction(force_rollback=True):
            show_secret(move, source, Side.SOURCE)
            for pair in pairs:
                merge = plan_merge(pair, Direction.REVERSE)
                for statement in _zero_rows(merge):
                    source.execute(statement)
    return f"zero rows merged into {len(pairs)} tables of the source"


def _zero_rows(merge: Merge) -> tuple[sql.Composed, ...]:
    statements = [*merge.create_stage, merge.delete_gone, merge.delete_live, merge.insert]
    if merge.upsert is not None:
        statements.append(merge.upsert)
    return tuple(statements)


def _carry_marker(move: Move) -> None:
    merge = plan_merge(marker_pair(move), Direction.REVERSE)
    with (
        move.connect_mirror(Side.SOURCE, "rehearsal") as source,
        move.connect_mirror(Side.TARGET, "rehearsal") as target,
        translated(Side.SOURCE, "rehearsing the way back"),
    ):
        marker = send(target, Side.TARGET)
        target.execute(fixed("changeover.transfer", "create_taken"))
        with source.transaction(), target.transaction():
            for statement in merge.create_stage:
                source.execute(statement)
            target.execute(fixed(_MINE, "take_markers"), {"marker": MARKER_ID})
            pipe(target, source, merge.send_rows, merge.receive_rows)
            assert merge.upsert is not None, "the marker's key is the same on both sides"
            source.execute(merge.upsert)
        if not has_returned(source, marker):
            raise BooksUnbalancedError(
                "the marker that was sent from the target did not arrive on the source",
                hint="run `changeover capture install` again, then look at `changeover status`",
            )
