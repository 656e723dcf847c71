"""The write gap: from the last acknowledgement on one side to the first on the other."""

import pytest

from changeover import Side
from salon.demo.gap import SwapWindow, percentile, swap_gaps
from salon.demo.ledger import Outcome, Record


def acknowledged(writer, side, second):
    """Return the record of an acknowledged write."""
    return Record(
        writer=writer,
        number=1,
        state=Outcome.ACKNOWLEDGED,
        side=str(side),
        monotonic_s=second,
        wall_s=second,
    )


RECORDS = (
    acknowledged(0, Side.SOURCE, 9.0),
    acknowledged(0, Side.SOURCE, 10.0),
    acknowledged(0, Side.TARGET, 10.5),
    acknowledged(0, Side.TARGET, 11.0),
    acknowledged(0, Side.SOURCE, 21.0),
    acknowledged(0, Side.TARGET, 31.0),
    acknowledged(1, Side.SOURCE, 10.0),
    acknowledged(1, Side.TARGET, 10.25),
    acknowledged(2, Side.SOURCE, 10.0),
)


def test_a_gap_is_measured_per_writer():
    """A writer's gap ends with its own first write; one that never came over has none."""
    gaps = swap_gaps(RECORDS, SwapWindow(kind="cutover", began_s=9.5, until_s=15))
    assert gaps.by_writer_ms == {0: 500.0, 1: 250.0}
    assert gaps.percentile_ms(50) == 375.0
    assert gaps.percentile_ms(100) == 500.0


def test_every_swap_has_its_own_window():
    """A rollback and a second cutover are measured by their own acknowledgements."""
    back = swap_gaps(RECORDS, SwapWindow(kind="rollback", began_s=15, until_s=25))
    again = swap_gaps(RECORDS, SwapWindow(kind="cutover", began_s=25))
    assert back.by_writer_ms == {0: 10_000.0}
    assert again.by_writer_ms == {0: 10_000.0}


def test_no_writer_no_percentile():
    """Where nobody wrote on both sides the gap is unknown, not zero."""
    assert swap_gaps((), SwapWindow(kind="cutover", began_s=0)).percentile_ms(50) is None


@pytest.mark.parametrize(("percent", "expected"), [(0, 1), (50, 2.5), (99, 3.97), (100, 4)])
def test_a_percentile_lies_between_its_neighbours(percent, expected):
    """Percentiles are interpolated linearly."""
    assert percentile([1, 2, 3, 4], percent) == pytest.approx(expected)
