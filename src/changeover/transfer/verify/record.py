"""What a verification needs to know of the move's state, and what it leaves there."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from changeover.catalog.pair import Pair
from changeover.control.move import ROOM as CONTROL
from changeover.control.move import Move, installed_pairs, read_pairs, require_places
from changeover.database import fixed
from changeover.database.errors import translated
from changeover.model.side import Side
from changeover.transfer.verify.divergence import Kind
from changeover.transfer.verify.report import TableReport, VerifyReport
from changeover.transfer.verify.session import Session

_DOING: Final = "booking the verification"


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """Who has the authority, and since when.

    Attributes:
        is_installed: The schema `changeover` is on both sides, with its log and its tokens.
        read_at: The target's clock when this was read.
    """

    primary: Side
    epoch: int
    is_installed: bool
    read_at: datetime


def read_state(move: Move) -> State:
    """Read the move's state from the target; before it is installed the source is primary."""
    with move.connect_owner(Side.TARGET, "state") as connection:
        session = Session(Side.TARGET, connection)
        ((has_control, has_tables, _, read_at),) = session.rows(
            "read_installed", "reading the state of the move"
        )
        row = None
        if has_control:
            with translated(Side.TARGET, "reading the state of the move"):
                row = connection.execute(fixed(CONTROL, "read_control")).fetchone()
    if row is None:
        return State(primary=Side.SOURCE, epoch=0, is_installed=False, read_at=read_at)
    epoch, primary = row[0], row[2]
    assert isinstance(epoch, int), "an epoch is a number"
    return State(primary=Side(str(primary)), epoch=epoch, is_installed=has_tables, read_at=read_at)


def moved_pairs(move: Move, state: State) -> tuple[Pair, ...]:
    """Return the pairs that move, as installed or, before that, as configured."""
    if state.is_installed:
        return installed_pairs(move)
    require_places(move)
    return read_pairs(move)


def record(move: Move, state: State, report: VerifyReport) -> VerifyReport:
    """Book a report on the target, and clear the older doubts about tables that are equal.

    Returns:
        The report with its number and its end.
    """
    with move.connect_owner(Side.TARGET, "record") as connection:
        session = Session(Side.TARGET, connection)
        with translated(Side.TARGET, _DOING), connection.transaction():
            ((_, _, _, finished_at),) = session.rows("read_installed", _DOING)
            if not state.is_installed:
                return replace(report, finished_at=finished_at)
            session.rows("lock_verifications", _DOING)
            ((run_id,),) = session.rows("next_run", _DOING)
            booked = replace(report, run_id=run_id, finished_at=finished_at)
            for table in report.tables:
                session.rows("write_verification", _DOING, _row(booked, table))
                if table.is_equal:
                    session.rows("clear_doubt", _DOING, (table.table_id, report.started_at))
    return booked


def _row(report: VerifyReport, table: TableReport) -> tuple[object, ...]:
    is_forward = report.primary is Side.SOURCE
    rows = (table.rows_primary, table.rows_secondary)
    return (
        report.run_id,
        table.table_id,
        report.epoch,
        report.started_at,
        report.finished_at,
        *(rows if is_forward else reversed(rows)),
        table.rows(Kind.MISSING),
        table.rows(Kind.EXTRA),
        table.rows(Kind.DIFFERENT),
        sum(orphan.rows or 0 for orphan in table.orphans),
        table.unsettled,
    )
