"""Settling: a difference counts only when it is still there after the mirror has passed it.

A try is: the primary, a token that the mirror answers, the secondary, the primary again. If the
primary answers the same, it stood still, or it came back to what it was. If it stood still, the
secondary must by then answer the same, so that what differs is no lag. That it came back is ruled
out by repeating: several tries in a row must find both sides as the first did. Each has a token of
its own in the middle, which takes longer than a read: a row that changes all the time does not
look the same on both sides so often, and one that rests for so long has been carried.

What was settled so strictly once needs fewer tries again: the same columns of the same table.
Several suspects are settled together: one token serves them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

from changeover.engine.message import Message, Reply
from changeover.model.routing_observation import Comparison
from changeover.model.side import Side, Stage
from changeover.routing.comparison import Reading, compare
from changeover.routing.mismatch import MismatchClass, Verdict

STREAK_MIN: Final = 6
"""So many tries in a row must find the same, before a difference is believed."""
STREAK_KNOWN_MIN: Final = 2
"""The same where the same columns differed before."""
FAILURES_MAX: Final = 3
"""After so many tries that said nothing a read is left unsettled."""
KNOWN_MAX: Final = 1000

Ask: TypeAlias = Callable[[Side, Message], Reply]
"""Asks a side."""

Known: TypeAlias = set[tuple[str, MismatchClass, tuple[str, ...]]]
"""Table, class and columns of what was settled before."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspect:
    """A read whose answers differed.

    Attributes:
        message: The read.
        table: What it reads.
        stage: The stage that it was answered in.
        primary: The side whose answer counts.
    """

    message: Message
    table: str
    stage: Stage
    primary: Side


@dataclass(slots=True)
class _Case:
    """A suspect, while it is settled.

    Attributes:
        before: The primary's last answer.
        after: The secondary's last one.
        steady: The secondary's answer of the tries in a row that found a difference.
        streak: How many tries they are.
        failures: How many tries said nothing.
        verdict: What came of it; None while it is open.
    """

    suspect: Suspect
    before: Reply
    after: Reply | None = None
    steady: Reply | None = None
    streak: int = 0
    failures: int = 0
    verdict: Verdict | None = None


def settle(
    suspects: Sequence[Suspect],
    ask: Ask,
    confirm: Callable[[], bool],
    reading: Callable[[Side], Reading],
    known: Known,
) -> list[Verdict]:
    """Settle suspects and return what came of each, in their order.

    Args:
        suspects: Reads whose answers differed.
        ask: Asks a side.
        confirm: Waits, bounded, until the mirror has passed all that is committed now; False if it
            did not in time.
        reading: What a comparison with this primary is held against.
        known: What was settled before; what is settled now is added.

    Returns:
        EQUAL, MISMATCH, SKIPPED, or UNSETTLED where the primary did not stand still or the mirror
        did not come.
    """
    cases = [_Case(one, ask(one.primary, one.message)) for one in suspects]
    open_cases = list(cases)
    while open_cases and confirm():
        for case in open_cases:
            case.after = ask(case.suspect.primary.other, case.suspect.message)
        for case in open_cases:
            again = ask(case.suspect.primary, case.suspect.message)
            _judge(case, again, reading(case.suspect.primary), known)
            case.before = again
        open_cases = [case for case in open_cases if case.verdict is None]
    return [case.verdict or _unsettled(case.suspect) for case in cases]


def _judge(case: _Case, again: Reply, reading: Reading, known: Known) -> None:
    """Give a verdict on the tries so far, unless another one is needed."""
    assert case.after is not None, "the secondary was asked"
    if not _is_equal(case, reading, case.before, again):
        _fail(case)
        return
    verdict = compare(case.suspect.message, again, case.after, reading)
    if verdict.comparison is Comparison.UNSETTLED:
        _fail(case)
    elif verdict.comparison is not Comparison.MISMATCH:
        case.verdict = verdict
    else:
        _lengthen(case, verdict, reading, known)


def _lengthen(case: _Case, verdict: Verdict, reading: Reading, known: Known) -> None:
    """Count a try that found a difference, and believe it if it is one of many alike."""
    assert case.after is not None, "the secondary was asked"
    if case.steady is not None and not _is_equal(case, reading, case.steady, case.after):
        _fail(case)
        if case.verdict is not None:
            return
    case.steady = case.after
    case.streak += 1
    found = {(one.table, one.kind, one.columns) for one in verdict.differences}
    if case.streak >= (STREAK_KNOWN_MIN if found <= known else STREAK_MIN):
        case.verdict = verdict
        known.update(found if len(known) < KNOWN_MAX else ())


def _fail(case: _Case) -> None:
    """Begin anew after a try that said nothing; give up after too many."""
    case.steady, case.streak = None, 0
    case.failures += 1
    if case.failures >= FAILURES_MAX:
        case.verdict = _unsettled(case.suspect)


def _is_equal(case: _Case, reading: Reading, one: Reply, other: Reply) -> bool:
    verdict = compare(case.suspect.message, one, other, reading)
    return verdict.comparison is Comparison.EQUAL


def _unsettled(suspect: Suspect) -> Verdict:
    return Verdict(table=suspect.table, comparison=Comparison.UNSETTLED)
