"""Who may accept writes when: every acceptance outside a reign is found, none inside."""

import datetime as dt

import pytest

from changeover import Side
from salon.demo.authority import Acceptance, Chronicle


def swap(**phases):
    """Return the events of a swap, phases with their second."""
    return [
        {
            "event": "SwapMoved",
            "phase": phase,
            "at": dt.datetime.fromtimestamp(second, dt.UTC).isoformat(),
        }
        for phase, second in phases.items()
    ]


def seen(side, second):
    """Return that a side took a write at a second."""
    return Acceptance(side=side, at_s=second)


CUTOVER = {"requested": 9, "fenced": 10, "drained": 11, "prepared": 12, "decided": 13, "opened": 14}


@pytest.fixture
def chronicle():
    """A chronicle that has seen both sides guarded and one cutover."""
    found = Chronicle(began_s=1)
    found.take(swap(**CUTOVER))
    return found


def test_a_clean_cutover_has_one_authority(chronicle):
    """The source before its fence and the target after the decision are in order."""
    assert chronicle.breaches([seen(Side.SOURCE, 9.9), seen(Side.TARGET, 13.5)]) == ()


@pytest.mark.parametrize(
    ("side", "second"),
    [(Side.SOURCE, 10.5), (Side.SOURCE, 20), (Side.TARGET, 5), (Side.TARGET, 11.5)],
)
def test_a_write_outside_a_reign_is_found(chronicle, side, second):
    """The source behind its fence and the target before the decision are breaches."""
    assert chronicle.breaches([seen(side, second)]) == (seen(side, second),)


def test_before_both_sides_are_guarded_nothing_is_promised(chronicle):
    """What was accepted before capture was installed is no breach."""
    assert chronicle.breaches([seen(Side.TARGET, 0.5)]) == ()


def test_a_swap_that_was_driven_back_leaves_the_authority():
    """After an abort the old primary may write again; behind the fence it might not."""
    chronicle = Chronicle(began_s=1)
    chronicle.take(swap(requested=9, fenced=10, aborting=12, aborted=13))
    assert chronicle.breaches([seen(Side.SOURCE, 11)])
    assert not chronicle.breaches([seen(Side.SOURCE, 12.5), seen(Side.SOURCE, 30)])
    assert chronicle.breaches([seen(Side.TARGET, 30)])


def test_a_swap_that_never_fenced_changes_nothing():
    """A swap that a gate refused leaves the reigns as they were."""
    chronicle = Chronicle(began_s=1)
    chronicle.take([{"event": "PhaseChanged", "at": "2026-01-01T00:00:00+00:00"}])
    assert len(chronicle.reigns) == 1


def test_a_rollback_gives_the_authority_back(chronicle):
    """After a rollback the source may write and the target may not."""
    chronicle.take(swap(**{phase: second + 100 for phase, second in CUTOVER.items()}))
    assert not chronicle.breaches([seen(Side.SOURCE, 120), seen(Side.TARGET, 100)])
    assert chronicle.breaches([seen(Side.TARGET, 120)])
