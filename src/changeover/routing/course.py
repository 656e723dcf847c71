"""What is done with a request, from its state to its answer, whatever the colour.

A generator of steps: it says what it waits for and is told what came of it. So the rules of reading
and of writing are written once. In the stages `off` and `complete` a request is handed to the one
database that there is, in the caller's own thread, without a lock, a queue or a look at its body.
"""

import time
from collections.abc import Callable, Generator
from typing import Any, Final, Protocol

from changeover.engine.message import Message, Reply
from changeover.model.observation import Observer, ignore
from changeover.model.routing_observation import (
    BreakerChanged,
    Cause,
    FellBack,
    OperationFinished,
    Outcome,
    OwnWriteDiverted,
)
from changeover.model.side import Side, Stage
from changeover.routing import verdict
from changeover.routing.breaker import Breaker
from changeover.routing.context import context_of, without_header
from changeover.routing.decider import checked
from changeover.routing.link import Link
from changeover.routing.operation import named
from changeover.routing.override import Override
from changeover.routing.passage import Passage
from changeover.routing.rule import Decision, Reason, State, decide
from changeover.routing.setting import Route
from changeover.routing.step import Ask, Await, Step, Steps, Try
from changeover.routing.view import View

Reading = Generator[Step, Any, tuple[Reply, Decision]]

_READS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_FUNCTIONS: Final = "/rpc/"
_OWN_WRITE: Final = Decision(Side.SOURCE, Reason.OWN_WRITE)
_BREAKER: Final = Decision(Side.SOURCE, Reason.BREAKER)


class Offering(Protocol):
    """What shadow reads take of the router."""

    def offer(self, message: Message, reply: Reply, answered_by: Side, state: State) -> None:
        """Take a read that was answered, to compare it off the caller's path."""
        ...

    @property
    def depth(self) -> int:
        """How many reads wait to be compared."""
        ...

    def close(self) -> None:
        """End it, bounded."""
        ...


class Counting(Protocol):
    """What guard rails take of the router."""

    def operation(self, side: Side, *, is_error: bool, seconds: float) -> None:
        """Count a read."""
        ...


class Course:
    """How the requests of one process go.

    Attributes:
        breaker: Whether reads go through to the target.
        override: The kill switch of this machine.
        shadow: Who compares reads; None for nobody.
        guard: Who watches over the rollout; None for nobody.
        is_stepping_back: Whether this process alone reads at the source: a guard rail was
            breached, and the control tables could not be told.
        observer: Told of every call and of what happens to it.
    """

    def __init__(
        self,
        link: Link,
        route: Route,
        is_read_only: Callable[[Message], bool],
        observer: Observer,
    ) -> None:
        """Prepare the way.

        Args:
            link: What is known of the move.
            route: What the application says.
            is_read_only: Whether the target's catalog says that a call of a function only reads.
            observer: Told of all; it raises nothing.
        """
        self._link = link
        self._route = route
        self._is_read_only = is_read_only
        self._passage = Passage(link, route, observer)
        self._timeout_s = route.read_timeout_ms / 1000
        self.observer = observer
        self._is_observed = observer is not ignore
        self.breaker = Breaker(route.breaker_failures, route.breaker_probe_ms / 1000)
        self.override = Override(route.kill_file)
        self.shadow: Offering | None = None
        self.guard: Counting | None = None
        self.is_stepping_back = False

    def steps(self, message: Message) -> Steps:
        """Answer a request.

        Args:
            message: What was asked.

        Returns:
            The steps to wait for, and at their end the answer.
        """
        yield from self.look()
        view = self._link.view
        if self._is_observed:
            return (yield from self._observed(message, view))
        if self._is_read(message, view):
            return (yield from self._read(message, view))[0]
        return (yield from self._passage.write(without_header(message), view))[0]

    def look(self) -> Generator[Step, Any, None]:
        """Let the control tables answer before the first request: what is on disk may be old."""
        if self._link.is_ready:
            return
        left_s = self._link.started_s + self._timeout_s - time.monotonic()
        if left_s > 0:
            yield Await(self._link.ready, left_s)

    def confirm(self) -> Generator[Step, Any, None]:
        """Wait for the mirror after a transaction, as after a write."""
        if not self._link.view.is_plain:
            yield from self._passage.confirm()

    def _is_read(self, message: Message, view: View) -> bool:
        if message.method in _READS:
            return True
        return (
            message.method == "POST"
            and not view.is_plain
            and message.path.startswith(_FUNCTIONS)
            and self._is_read_only(message)
        )

    def _observed(self, message: Message, view: View) -> Steps:
        began, reason = time.monotonic(), ""
        if self._is_read(message, view):
            reply, decision = yield from self._read(message, view)
            side, reason, outcome = decision.side, str(decision.reason), verdict.ending(reply)
        else:
            reply, side, outcome = yield from self._passage.write(without_header(message), view)
        table, operation = named(message)
        self.observer(
            OperationFinished(
                table=table,
                operation=operation,
                stage=view.state.stage,
                side=side,
                outcome=outcome,
                seconds=time.monotonic() - began,
                reason=reason,
            )
        )
        return reply

    # ---- reads ----------------------------------------------------------------------------------

    def _read(self, message: Message, view: View) -> Reading:
        state, plain = view.state, without_header(message)
        if state.stage is not Stage.LIVE or state.primary is not Side.SOURCE:
            reply: Reply = yield Ask(state.primary, plain)
            if state.stage is Stage.SHADOW and self.shadow is not None:
                self.shadow.offer(plain, reply, state.primary, state)
            return reply, Decision(state.primary, Reason.STAGE)
        decision = self._decide(message, view)
        if decision.side is Side.TARGET:
            found, decision = yield from self._try(plain, view, decision)
        else:
            found = yield from self._ask(plain, decision.side)
        if self.shadow is not None:
            self.shadow.offer(plain, found, decision.side, state)
        return found, decision

    def _ask(self, message: Message, side: Side) -> Steps:
        """Ask the primary, and count it."""
        began = time.monotonic()
        reply: Reply = yield Ask(side, message)
        if self.guard is not None:
            is_error = verdict.ending(reply) is Outcome.FAILED
            self.guard.operation(side, is_error=is_error, seconds=time.monotonic() - began)
        return reply

    def _decide(self, message: Message, view: View) -> Decision:
        state, now, context = view.state, time.monotonic(), context_of(message)
        decision = decide(
            state,
            context.targeting_key,
            is_killed=self.override.is_on() or self.is_stepping_back,
            marker_age_ms=view.marker_age_ms(now),
        )
        decider = self._route.decider
        if decider is not None and decision.reason in (Reason.INSIDE, Reason.OUTSIDE):
            side = checked(decider, state, context, self.observer)
            if side is not None:
                decision = Decision(side, Reason.DECIDER)
        if decision.side is not Side.TARGET:
            return decision
        if not self._link.own.is_clean:
            self.observer(OwnWriteDiverted())
            return _OWN_WRITE
        if self.breaker.is_open and (self._link.is_away or not self.breaker.allows(now)):
            return _BREAKER
        return decision

    def _try(self, message: Message, view: View, decision: Decision) -> Reading:
        """Ask the target for a while, and in its place the primary."""
        began = time.monotonic()
        reply: Reply | bool | None = yield Try(message, self._timeout_s)
        now = time.monotonic()
        if isinstance(reply, bool):  # too many wait there already
            cause = None
        else:
            # A late answer is none. The store's own giving up may come a moment before ours, or
            # this process was away, and how old an answer is nobody knows then.
            is_late = now - began > self._timeout_s
            cause = Cause.TIMED_OUT if reply is None or is_late else verdict.cause_of(reply)
            if reply is not None and cause is None and not _is_behind(view, now):
                self._note(now - began)
                return reply, decision
        # Whoever is the primary by now: a swap may have come meanwhile.
        side = self._link.view.primary
        answer = yield from self._ask(message, side)
        if cause is not None and not isinstance(reply, bool):
            self._fell_back(message, reply, cause, now - began, is_fine=_is_fine(answer))
        return answer, Decision(side, Reason.FELL_BACK)

    def _fell_back(
        self, message: Message, reply: Reply | None, cause: Cause, seconds: float, *, is_fine: bool
    ) -> None:
        """Count a read that the target failed, unless the primary refused it too."""
        if cause is Cause.SCHEMA and not is_fine:
            self._note(seconds)
            return
        table, operation = named(message)
        # A side that lacks a column answers well for all the rest: that is no case for the breaker.
        if cause is Cause.SCHEMA:
            self._link.note_error(table)
        elif self.breaker.fail(time.monotonic()):
            self._tell_breaker()
        if self.guard is not None:
            self.guard.operation(Side.TARGET, is_error=True, seconds=seconds)
        if self._is_observed:
            code = "" if reply is None else verdict.code_of(reply)
            self.observer(
                FellBack(table=table, operation=operation, cause=cause, code=code, seconds=seconds)
            )

    def _note(self, seconds: float) -> None:
        """Count a read that the target answered."""
        if self.guard is not None:
            self.guard.operation(Side.TARGET, is_error=False, seconds=seconds)
        if self.breaker.succeed():
            self._tell_breaker()

    def _tell_breaker(self) -> None:
        self.observer(
            BreakerChanged(
                side=Side.TARGET, state=self.breaker.state, failures=self.breaker.failures
            )
        )


def _is_fine(reply: Reply) -> bool:
    return verdict.ending(reply) is Outcome.FINE


def _is_behind(view: View, now: float) -> bool:
    """Return whether the marker has grown too old while a read was under way."""
    age_ms = view.marker_age_ms(now)
    return age_ms is None or age_ms > view.state.marker_age_ms_max
