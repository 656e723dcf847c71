"""Whether the secondary's sequences are past what their columns hold on both sides."""

from collections.abc import Sequence
from typing import Final

from psycopg import sql

from changeover.catalog.pair import Pair
from changeover.model.name import TableName
from changeover.transfer.verify.report import SequenceNote
from changeover.transfer.verify.session import Session, Sessions

_DOING: Final = "comparing sequences"


def note_sequences(sessions: Sessions, pairs: Sequence[Pair]) -> tuple[SequenceNote, ...]:
    """Return a note per sequence that serves a column of the secondary's tables."""
    by_oid = {pair.table(sessions.secondary.side).oid: pair for pair in pairs}
    notes = []
    for schema, name, oid, column, increment, last in sessions.secondary.rows(
        "read_owned_sequences", _DOING, (list(by_oid),)
    ):
        pair = by_oid[oid]
        sides = [s for s in (sessions.primary, sessions.secondary) if _has(pair, s, column)]
        notes.append(
            SequenceNote(
                sequence=TableName(schema, name),
                table=pair.name,
                column=column,
                is_past=not any(_is_passed_by(s, pair, column, last, increment) for s in sides),
            )
        )
    return tuple(notes)


def _has(pair: Pair, session: Session, column: str) -> bool:
    return pair.table(session.side).column(column) is not None


def _is_passed_by(
    session: Session, pair: Pair, column: str, last: int | None, increment: int
) -> bool:
    """Return whether a side holds a value that the sequence would give again."""
    ((is_passed,),) = session.rows(
        "read_extreme",
        _DOING,
        (last, increment),
        relation=sql.Identifier(pair.name.schema, pair.name.name),
        column=sql.Identifier("t", column),
    )
    return bool(is_passed)
