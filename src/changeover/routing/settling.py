"""Settling: a difference counts only when it is still there after the mirror has passed it.

Per try: the primary again, a token that the mirror answers, the secondary, the primary once more.
Equal answers of the primary mean that it stood still; the secondary has by then seen all that the
first of them did. What still differs is no lag. It may be a value that left and came back between
two reads of the primary: so a second try must find both sides as the first did, and then the
primary must stand still for some reads more. A row that changes all the time does not do that.
What has been settled so strictly once need not be again: the same columns of the same table.

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

TRIES_MAX: Final = 3
STILL_READS: Final = 12
"""So often more must the primary answer the same, before a difference is believed."""

Ask: TypeAlias = Callable[[Side, Message], Reply]
"""Asks a side."""

Known: TypeAlias = set[tuple[str, MismatchClass, tuple[str, ...]]]
"""Table, class and columns of what was settled before."""

KNOWN_MAX: Final = 1000


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
        earlier: The same two of an earlier try that found a difference.
        verdict: What came of it; None while it is open.
    """

    suspect: Suspect
    before: Reply | None = None
    after: Reply | None = None
    earlier: tuple[Reply, Reply] | None = None
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
            _judge(case, ask, reading(case.suspect.primary), known)
    return [case.verdict or _unsettled(case.suspect) for case in cases]


def _judge(case: _Case, ask: Ask, reading: Reading, known: Known) -> None:
    """Give a verdict on a try, unless another one is needed."""
    before, after = case.before, case.after
    assert before is not None, "the primary was asked"
    assert after is not None, "the secondary was asked"
    if not _is_still(case, ask, reading, 1):
        return
    verdict = compare(case.suspect.message, before, after, reading)
    if verdict.comparison is Comparison.UNSETTLED:
        return
    if verdict.comparison is not Comparison.MISMATCH:
        case.verdict = verdict
        return
    earlier, case.earlier = case.earlier, (before, after)
    if earlier is None or not all(
        _is_equal(case, reading, *pair) for pair in zip(earlier, case.earlier, strict=True)
    ):
        return
    found = {(one.table, one.kind, one.columns) for one in verdict.differences}
    if found <= known or _is_still(case, ask, reading, STILL_READS):
        case.verdict = verdict
        known.update(found if len(known) < KNOWN_MAX else ())


def _is_equal(case: _Case, reading: Reading, one: Reply, other: Reply) -> bool:
    verdict = compare(case.suspect.message, one, other, reading)
    return verdict.comparison is Comparison.EQUAL


def _is_still(case: _Case, ask: Ask, reading: Reading, times: int) -> bool:
    """Return whether the primary answers so often what it answered before."""
    assert case.before is not None, "the primary was asked"
    message, primary = case.suspect.message, case.suspect.primary
    return all(_is_equal(case, reading, case.before, ask(primary, message)) for _ in range(times))


def _unsettled(suspect: Suspect) -> Verdict:
    return Verdict(table=suspect.table, comparison=Comparison.UNSETTLED)
