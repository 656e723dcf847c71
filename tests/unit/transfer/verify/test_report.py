"""What a report calls equal and green."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from changeover.model.name import TableName
from changeover.model.side import Side
from changeover.transfer.verify.divergence import Divergence, Kind, RowKey
from changeover.transfer.verify.report import SequenceNote, TableReport, VerifyReport

NAME = TableName("public", "a")
TABLE = TableReport(
    table=NAME,
    table_id=1,
    is_whole=False,
    rows_primary=1,
    rows_secondary=1,
    ranges=1,
    divergences=(),
    unsettled=0,
    is_complete=True,
    orphans=(),
)
REPORT = VerifyReport(
    run_id=1,
    primary=Side.SOURCE,
    epoch=1,
    started_at=datetime(2024, 1, 1, tzinfo=UTC),
    finished_at=datetime(2024, 1, 2, tzinfo=UTC),
    hashing="md5",
    tables=(TABLE,),
    sequences=(),
)
DIVERGENCE = Divergence(key=RowKey(("k",), logged="k"), kind=Kind.EXTRA, rows=3)


def test_an_equal_report_is_green():
    """All of each table compared and nothing found is green."""
    assert (REPORT.is_equal, REPORT.is_green, REPORT.differences) == (True, True, 0)


@pytest.mark.parametrize(
    "change",
    [
        {"divergences": (DIVERGENCE,)},
        {"unsettled": 1},
        {"is_complete": False},
        {"ranges": 0},
    ],
)
def test_anything_found_or_unknown_is_not_green(change):
    """A difference, an unknown row, a cut list or a table without digest is not green."""
    report = replace(REPORT, tables=(TABLE, replace(TABLE, **change)))
    assert (report.is_equal, report.is_green) == (False, False)


def test_nothing_compared_is_not_green():
    """A report without tables is not green."""
    assert not replace(REPORT, tables=()).is_green


@pytest.mark.parametrize(("is_demanded", "is_green"), [(False, True), (True, False)])
def test_a_sequence_that_is_behind_counts_when_it_is_demanded(is_demanded, is_green):
    """Before a swap a sequence that is behind is a refusal, otherwise a note."""
    note = SequenceNote(sequence=NAME, table=NAME, column="id", is_past=False)
    report = replace(REPORT, sequences=(note,), demands_sequences=is_demanded)
    assert (report.is_equal, report.is_green) == (True, is_green)


def test_rows_are_counted_per_kind():
    """A difference without key stands for as many rows as it says."""
    table = replace(TABLE, divergences=(DIVERGENCE,))
    assert (table.rows(Kind.EXTRA), table.rows(Kind.MISSING)) == (3, 0)
    assert replace(REPORT, tables=(table, table)).differences == 6
