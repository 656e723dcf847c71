"""How a write reaches the primary: once, through a swap if there is one, and known to be mirrored.

It is sent once. A fence that refuses it tells that it did not happen: only then it is sent again,
exactly once, to whoever is open by then. One that got no answer is told as unknown.
"""

import time
from collections.abc import Generator
from typing import Any

from changeover.engine.message import Message, Reply
from changeover.model.observation import Observer
from changeover.model.routing_observation import Outcome, WriteRefused, WriteWaited
from changeover.model.side import Side
from changeover.routing import verdict
from changeover.routing.link import Link
from changeover.routing.rule import State
from changeover.routing.setting import Route
from changeover.routing.step import Ask, Await, Step
from changeover.routing.view import View

Written = tuple[Reply, Side, Outcome]


class Passage:
    """The way of one process's writes."""

    def __init__(self, link: Link, route: Route, observer: Observer) -> None:
        """Take what is known of the move.

        Args:
            link: Which side is the primary, and who waits for the mirror.
            route: How long is waited.
            observer: Told of waits.
        """
        self._observer = observer
        self._link = link
        self._route = route

    def write(self, message: Message, view: View) -> Generator[Step, Any, Written]:
        """Bring a write to the primary.

        Args:
            message: The write.
            view: What is known of the move.

        Returns:
            The answer, who gave it, and what became of the write.
        """
        outcome, is_mirrored = Outcome.UNKNOWN, False
        self._link.own.has_begun = True
        try:
            reply, side, outcome = yield from self._bring(message, view)
            if outcome is Outcome.FINE and not self._link.view.is_plain:
                is_mirrored = yield from self.confirm()
        finally:
            self.leave(outcome, view, is_mirrored=is_mirrored)
        return reply, side, outcome

    def leave(self, outcome: Outcome, view: View, *, is_mirrored: bool) -> None:
        """Leave a mark unless there is nothing that a read could miss.

        Args:
            outcome: What became of the write; unknown where it was left.
            view: What was known when it began.
            is_mirrored: Whether the mirror has passed it.
        """
        link = self._link
        if outcome is Outcome.UNKNOWN:
            link.own.doubt(time.monotonic() + self._route.unknown_wait_s)
            link.ring()
        elif is_mirrored or outcome is Outcome.NOT_WRITTEN:
            return
        elif outcome is not Outcome.FINE and not (view.is_plain and link.view.is_plain):
            # An error that was raised behind the COMMIT looks like any other.
            link.own.mark()
            link.ring()

    def confirm(self) -> Generator[Step, Any, bool]:
        """Wait until the mirror has passed a write that was acknowledged; leave a mark if not.

        Returns:
            Whether it has.
        """
        link, began = self._link, time.monotonic()
        number, is_mirrored = link.own.issue(), False
        try:
            wait_s = self._route.mirror_wait_ms_max / 1000
            confirming = link.confirming(number)
            told: bool | None = yield Await(confirming, wait_s)
            if told is None:
                confirming.cancel()
                link.note_silence()
            is_mirrored = bool(told)
        finally:
            if not is_mirrored:
                link.own.mark(number)
                link.ring()
        seconds = time.monotonic() - began
        self._observer(WriteWaited(is_mirrored=is_mirrored, seconds=seconds))
        return is_mirrored

    def _bring(self, message: Message, view: View) -> Generator[Step, Any, Written]:
        side = view.primary
        reply: Reply = yield Ask(side, message)
        if not verdict.is_fenced(reply):
            return self._told(reply, side, view)
        began = time.monotonic()
        opening = self._link.opening()
        state: State | None = yield Await(opening, view.state.swap_wait_s_max)
        opening.cancel()  # nobody is told twice
        seconds = time.monotonic() - began
        self._observer(WriteRefused(side=side, is_repeated=state is not None, seconds=seconds))
        if state is None:
            return verdict.paused(seconds, side, is_repeated=False), side, Outcome.NOT_WRITTEN
        side = state.primary
        reply = yield Ask(side, message)
        if verdict.is_fenced(reply):
            return verdict.paused(seconds, side, is_repeated=True), side, Outcome.NOT_WRITTEN
        return self._told(reply, side, view)

    def _told(self, reply: Reply, side: Side, view: View) -> Written:
        """Return what the caller is told; where there is one database only, what that one said."""
        outcome = verdict.outcome_of(reply, side)
        is_ours = side is Side.TARGET or isinstance(reply.origin, Exception)
        if is_ours and not (view.is_plain and self._link.view.is_plain):
            if outcome is Outcome.UNKNOWN:
                reply = verdict.unknown(side)
            elif outcome is Outcome.NOT_WRITTEN:
                reply = verdict.unreachable(side)
        return reply, side, outcome
