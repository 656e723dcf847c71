"""Markers: rows with content that travel with the mirror, the proof that it flows.

A marker is written by a session of its own, captured by a trigger, carried with everything else and
read on the secondary. Idle is not caught up: only a marker that came back is.
"""

import secrets
import time
from dataclasses import dataclass
from typing import Final

from changeover.catalog.pair import Pair
from changeover.catalog.reading import read_tables
from changeover.control.move import Connection, Move
from changeover.database import fixed
from changeover.model.name import TableName
from changeover.model.side import Side

_MINE: Final = "changeover.transfer"
MARKER_ID: Final = 0
NAME: Final = TableName("changeover", "marker")


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """A marker that is under way.

    Attributes:
        content: Random text that has to come back.
        sent_at: When its commit returned, by this process's monotonic clock, in seconds.
    """

    side: Side
    number: int
    content: str
    sent_at: float


def marker_pair(move: Move) -> Pair:
    """Return the marker's own table as a pair, numbered 0."""
    with (
        move.connect_owner(Side.SOURCE, "marker") as source,
        move.connect_owner(Side.TARGET, "marker") as target,
    ):
        here, there = (
            next(t for t in read_tables(c, [NAME.schema]) if t.name == NAME)
            for c in (source, target)
        )
    return Pair(
        table_id=MARKER_ID,
        name=NAME,
        source=here,
        target=there,
        key=("side",),
        columns=("side", "number", "content", "written_at"),
    )


def send(connection: Connection, side: Side) -> Marker:
    """Write a new marker on a side.

    Args:
        connection: A session of that side, in autocommit.
        side: The side.
    """
    content = secrets.token_hex(16)
    row = connection.execute(
        fixed(_MINE, "write_marker"), {"side": str(side), "content": content}
    ).fetchone()
    assert row is not None, "the statement returns the marker's number"
    return Marker(side=side, number=row[0], content=content, sent_at=time.monotonic())


def has_returned(connection: Connection, marker: Marker) -> bool:
    """Return whether a side holds a marker with the content that was sent."""
    row = connection.execute(fixed(_MINE, "read_marker"), {"side": str(marker.side)}).fetchone()
    return row is not None and row[0] == marker.number and row[1] == marker.content
