"""Settling: a suspected row is read again after the mirror has passed it, before it is counted.

A difference counts when, twice in a row, the primary's row was the same before and after the
secondary's was read and its key did not wait in the change log. Equal once is equal: the secondary
then holds a committed state of the primary. What keeps moving past the limit is unsettled, which is
unknown, which is not fine.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Final

from changeover.model.errors import TimedOutError
from changeover.transfer.verify.digest import Reader
from changeover.transfer.verify.divergence import (
    Divergence,
    Found,
    Key,
    array_text,
    classify,
    log_text,
)
from changeover.transfer.verify.search import Scope
from changeover.transfer.verify.session import Session, Sessions
from changeover.transfer.verify.token import Tokens

PASSES_MIN: Final = 2
HASHES_AT_A_TIME: Final = 40_000
KEYS_AT_A_TIME: Final = 2_000
PASSES_BEFORE_HOLD: Final = 5
HELD_ROWS_MAX: Final = 20
HOLD_LOCK_TIMEOUT_MS: Final = 1000
HOLD_S_MAX: Final = 2.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What both sides held of a key while nobody wrote to it."""

    primary: Found
    secondary: Found


@dataclass(slots=True, kw_only=True)
class Case:
    """The suspects of one table, on their way to a verdict.

    Attributes:
        pending: Suspected keys with what the last pass saw of them, if it stood still.
        settled: Differences that count.
    """

    scope: Scope
    pending: dict[Key, Verdict | None]
    settled: list[Divergence] = field(default_factory=list)

    @property
    def columns(self) -> tuple[str, ...] | None:
        """The names behind a row's hashes; None without a key."""
        return None if self.scope.pair.is_whole else self.scope.pair.columns

    def see(self, key: Key, verdict: Verdict | None) -> None:
        """Take in what a pass saw of a key that differs; None where it moved meanwhile."""
        before = self.pending[key]
        self.pending[key] = verdict
        if verdict is not None and before is not None and _is_same(before, verdict):
            del self.pending[key]
            self.settled.append(classify(key, verdict.primary, verdict.secondary, self.columns))


def _is_same(before: Verdict, now: Verdict) -> bool:
    return before.primary.rows == now.primary.rows and before.secondary.rows == now.secondary.rows


class Settlement:
    """The settling of all suspects of a verification, in batches, a token per pass."""

    def __init__(
        self,
        sessions: Sessions,
        tokens: Tokens,
        *,
        has_log: bool,
        holder: Session | None,
        limit_s: float,
    ) -> None:
        """Prepare.

        Args:
            sessions: A worker's sessions.
            tokens: How the mirror is asked.
            has_log: The primary has a change log.
            holder: A session of the primary that may lock a row, or None.
            limit_s: Longest time for all, in seconds.
        """
        self._sessions = sessions
        self._tokens = tokens
        self._has_log = has_log
        self._holder = holder
        self._limit_s = limit_s

    def settle(self, cases: Sequence[Case]) -> None:
        """Bring every suspect to a verdict, or leave it pending at the limit."""
        until = time.monotonic() + self._limit_s
        for number in count(1):
            waiting = [case for case in cases if case.pending]
            if not waiting:
                return
            # Half of the limit: a mirror that never answers must leave time for the reading.
            is_passed = self._tokens.passed(max(0.0, until - time.monotonic()) / 2)
            self._tokens.is_silent |= not is_passed
            for case in waiting:
                for keys in _batches(case):
                    self._judge(case, keys)
            if is_passed and number > PASSES_BEFORE_HOLD:
                self._hold_some(waiting)
            if number >= PASSES_MIN and (time.monotonic() >= until or self._is_stuck(waiting)):
                return

    def _is_stuck(self, cases: Sequence[Case]) -> bool:
        """Return whether waiting is idle: nobody mirrors, and what is left waits for a mirror."""
        verdicts = [verdict for case in cases for verdict in case.pending.values()]
        return self._tokens.is_silent and not any(verdicts)

    def _judge(self, case: Case, keys: Sequence[Key]) -> None:
        ours = case.scope.reader(self._sessions.primary)
        theirs = case.scope.reader(self._sessions.secondary)
        with self._sessions.primary.snapshot(ours.relation):
            before = ours.states(keys)
            logged = self._logged(case.scope, before)
        other = theirs.states(keys)
        with self._sessions.primary.snapshot(ours.relation):
            after = ours.states(keys)
            logged |= self._logged(case.scope, after)
        for key in keys:
            if before[key].rows == other[key].rows:
                del case.pending[key]
            elif before[key] != after[key] or key in logged:
                case.see(key, None)
            else:
                case.see(key, Verdict(primary=before[key], secondary=other[key]))

    def _logged(self, scope: Scope, states: Mapping[Key, Found]) -> set[Key]:
        """Return the keys that wait in the primary's change log."""
        if not self._has_log:
            return set()
        texts: dict[str, Key] = {}
        for key, found in states.items():
            texts[log_text(key)] = key
            texts[log_text(found.logged or key)] = key
        found_texts = self._sessions.primary.rows(
            "read_logged", "reading the change log", (scope.pair.table_id, list(texts))
        )
        if any(text is None for (text,) in found_texts):
            return set(states)
        return {texts[text] for (text,) in found_texts}

    def _hold_some(self, cases: Sequence[Case]) -> None:
        """Settle a few rows that never stand still: hold each while the mirror passes it.

        One row at a time, and the mirror waits for no application lock, so nobody can deadlock.
        """
        if self._holder is None:
            return
        moving = (
            (case, key)
            for case in cases
            if not case.scope.pair.is_whole
            for key, verdict in tuple(case.pending.items())
            if verdict is None
        )
        for case, key in islice(moving, HELD_ROWS_MAX):
            with self._holder.snapshot():
                if _is_held(case.scope.reader(self._holder), key):
                    self._judge_held(case, key)

    def _judge_held(self, case: Case, key: Key) -> None:
        for _ in range(PASSES_MIN):
            if key in case.pending and self._tokens.passed(HOLD_S_MAX):
                self._judge(case, (key,))


def _is_held(reader: Reader, key: Key) -> bool:
    """Lock a row; one whose lock can't be had stays pending, which is unknown, not equal."""
    try:
        return reader.hold(key)
    except TimedOutError:
        return False


def _batches(case: Case) -> Iterator[tuple[Key, ...]]:
    size = max(1, min(KEYS_AT_A_TIME, HASHES_AT_A_TIME // max(1, len(case.scope.pair.columns))))
    keys = sorted(case.pending, key=array_text)
    for start in range(0, len(keys), size):
        yield tuple(keys[start : start + size])
