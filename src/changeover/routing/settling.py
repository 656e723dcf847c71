"""Settling: a difference counts only when it is still there after the mirror has passed it.

Per try: the primary again, a token that the mirror answers, the secondary, the primary once more.
Equal answers of the primary mean that it stood still; the secondary has by then seen all that the
first of them did. What still differs, and differs alike in a second try, is no lag: a value that
left and came back between two reads of the primary would not have looked the same twice.

Several suspects are settled together: one token serves them all.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

from changeover.engine.message import Message, Reply
from changeover.model.routing_observation import Comparison
from changeover.model.side import Side, Stage
from changeover.routing.comparison import Reading, compare
from changeover.routing.mismatch import Difference, Verdict

TRIES_MAX: Final = 3
TIMES_SEEN: Final = 2
"""So many tries must find the same difference."""

Ask: TypeAlias = Callable[[Side, Message], Reply]
"""Asks a side."""


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
        before: The primary's answer before the token.
        after: The secondary's answer after it.
        found: The differences of an earlier try.
        verdict: What came of it; None while it is open.
    """

    suspect: Suspect
    before: Reply | None = None
    after: Reply | None = None
    found: tuple[Difference, ...] = ()
    verdict: Verdict | None = None


def settle(
    suspects: Sequence[Suspect],
    ask: Ask,
    confirm: Callable[[], bool],
    reading: Callable[[Side], Reading],
) -> list[Verdict]:
    """Settle suspects and return what came of each, in their order.

    Args:
        suspects: Reads whose answers differed.
        ask: Asks a side.
        confirm: Waits, bounded, until the mirror has passed all that is committed now; False if it
            did not in time.
        reading: What a comparison with this primary is held against.

    Returns:
        EQUAL, MISMATCH, SKIPPED, or UNSETTLED where the primary did not stand still or the mirror
        did not come.
    """
    cases = [_Case(one) for one in suspects]
    for _ in range(TRIES_MAX):
        open_cases = [case for case in cases if case.verdict is None]
        if not open_cases:
            break
        for case in open_cases:
            case.before = ask(case.suspect.primary, case.suspect.message)
        if not confirm():
            break
        for case in open_cases:
            case.after = ask(case.suspect.primary.other, case.suspect.message)
        for case in open_cases:
            again = ask(case.suspect.primary, case.suspect.message)
            _judge(case, again, reading(case.suspect.primary))
    return [case.verdict or _unsettled(case.suspect) for case in cases]


def _judge(case: _Case, again: Reply, reading: Reading) -> None:
    """Give a verdict on a try, unless another one is needed."""
    assert case.before is not None, "the primary was asked"
    assert case.after is not None, "the secondary was asked"
    message = case.suspect.message
    if compare(message, case.before, again, reading).comparison is not Comparison.EQUAL:
        return
    verdict = compare(message, case.before, case.after, reading)
    if verdict.comparison is Comparison.UNSETTLED:
        return
    if verdict.comparison is not Comparison.MISMATCH:
        case.verdict = verdict
        return
    lasting = tuple(one for one in verdict.differences if one in case.found)
    if lasting:
        case.verdict = replace(verdict, differences=lasting)
    case.found = verdict.differences


def _unsettled(suspect: Suspect) -> Verdict:
    return Verdict(table=suspect.table, comparison=Comparison.UNSETTLED)
