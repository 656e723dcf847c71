"""The link of a process to the control tables: one thread that asks, tells, and waits for others.

It polls the state through the client's own pool, keeps the last one on disk, and puts and awaits
mirror tokens for all writers of the process together. It starts in the process that first sends
something, is a daemon, and holds no reference to whoever uses it: a forgotten client ends it.

All answers come through this one thread, one after the other, so that an older one never replaces a
newer. An answer counts from the moment when it was asked for: however late it is read, a marker is
never taken for younger than it is.
"""

import logging
import threading
import time
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, Final

from changeover.model.errors import WrongStateVersionError
from changeover.model.observation import Observer, ignore
from changeover.model.routing_observation import Polled
from changeover.routing.answer import Answer
from changeover.routing.control_table import FAILURES, Control
from changeover.routing.fork import begin_anew_in_children
from changeover.routing.last_state import LastState
from changeover.routing.own_write import OwnWrites
from changeover.routing.refused_read import RefusedReads
from changeover.routing.rule import State
from changeover.routing.token import Tokens
from changeover.routing.view import PLAIN, View
from changeover.routing.waiting import Waiting

_log: Final = logging.getLogger("changeover")

WATCH_S: Final = 0.01
"""How often the state is looked at while a write waits for a swap."""

TOKEN_S: Final = 0.005
"""How often tokens are asked for while a writer waits for the mirror."""

MARK_S: Final = 0.1
"""The same while only a mark waits."""

AWAY_S: Final = 0.25
"""The pause after a failure while somebody waits."""

STOP_S_MAX: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkSettings:
    """How a link asks, and what it tells.

    Attributes:
        poll_s: How often the state is asked for.
        timeout_s: How long an answer is waited for.
        observer: Told of polls and of what was learned.
    """

    poll_s: float
    timeout_s: float
    observer: Observer = ignore


class Link:
    """One process's link.

    Attributes:
        view: What is known; replaced whole.
        own: The process's own writes.
        is_ready: Whether the control tables were asked once, with or without an answer.
        is_away: Whether the last call failed.
        shadow_key: What keys of rows are hashed with; empty while it is unknown.
        client_id: Under which name this process is known to the control tables.
        tell: What the client tells of itself beside its id and what it has seen.
        each_poll: Called after every poll, in the link's thread.
    """

    def __init__(self, table: Control, file: LastState, settings: LinkSettings) -> None:
        """Ask nothing yet; what is on disk is known at once.

        Args:
            table: The control tables.
            file: The last known state.
            settings: How it asks.
        """
        self._table = table
        self._file = file
        self._settings = settings
        kept = file.read()
        self._is_from_disk = kept is not None
        state, self._members_digest = kept or (State(), "")
        self.view = View(state)
        self.own = OwnWrites()
        self.shadow_key = b""
        self._is_closed = False
        self.tell: Callable[[State], Mapping[str, Any]] = lambda _: {}
        self.each_poll: Callable[[], None] = lambda: None
        self.begin_anew()
        begin_anew_in_children(self)

    def begin_anew(self) -> None:
        """Be as before the first call, but for what is known and what was written."""
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._thread: threading.Thread | None = None
        self._waiting = Waiting()
        self._is_silent = False
        self._has_told = False
        self._refused = RefusedReads()
        self._tokens = Tokens()
        self._due_s = 0.0
        self._asking_s: float | None = None
        self._has_failed = False
        self.client_id = str(uuid.uuid4())
        self.ready: Future[None] = Future()
        self.is_ready = False
        self.started_s = 0.0
        self.own.begin_anew()

    # ---- what callers do ------------------------------------------------------------------------

    def ensure(self) -> None:
        """Start the thread of this process, unless it runs."""
        if self._thread is None:
            self._start()

    def _start(self) -> None:
        with self._lock:
            if self._thread is not None or self._is_closed:
                return
            self.started_s = time.monotonic()
            self._thread = threading.Thread(target=self._run, name="changeover-link", daemon=True)
            self._thread.start()

    @property
    def is_away(self) -> bool:
        """Whether the control tables do not answer at present."""
        asking_s = self._asking_s
        is_late = asking_s is not None and time.monotonic() - asking_s > self._settings.timeout_s
        return self._has_failed or is_late

    def confirming(self, number: int) -> "Future[bool]":
        """Return what tells that the mirror has passed a count of `own`; False if it can't be told.

        Args:
            number: As `own.issue` returned it after the write.
        """
        if self.is_away or self._is_silent or self._is_closed:
            future: Future[bool] = Future()
            future.set_result(False)
            self._bell.set()
            return future
        future = self._waiting.confirm(number)
        if self.own.answered >= number:  # by another's token, before this one was there to be told
            self._waiting.answered(self.own.answered)
        self._bell.set()
        return future

    def note_silence(self) -> None:
        """Let no further writer wait for a mirror that did not answer in time, until it does."""
        self._is_silent = True

    def opening(self) -> "Future[State]":
        """Return what tells the next state in which a side is open, asked for from now on."""
        future = self._waiting.open()
        self._bell.set()
        return future

    def confirm(self, timeout_s: float) -> bool:
        """Wait until the mirror has passed everything that is committed now.

        Args:
            timeout_s: In seconds.
        """
        future = self.confirming(self.own.issue())
        try:
            return future.result(timeout_s)
        except TimeoutError:
            future.cancel()
            self._is_silent = True
            return False

    def report_shadow(
        self, counts: Mapping[str, Any], mismatches: Sequence[Mapping[str, Any]]
    ) -> bool:
        """Add what was compared to the control tables; return whether that could be done.

        Args:
            counts: By table.
            mismatches: Without a value or a key.
        """
        try:
            self._table.report(self.client_id, counts, mismatches)
        except FAILURES:
            return False
        return True

    def lower_rollout(self, reason: str) -> bool | None:
        """Lower the rollout, from the state that is known; return whether that was done.

        Args:
            reason: What was measured and what is allowed.

        Returns:
            None if the control tables could not be reached.
        """
        try:
            is_done = self._table.lower(reason, self.view.state.seen)
        except FAILURES:
            return None
        self._due_s = 0.0
        return is_done

    def note_error(self, table: str) -> None:
        """Remember a read that only the target refused, since it lacks something; told at a poll.

        Args:
            table: What was asked; a name that the source has answered for.
        """
        self._refused.count(table, str(self.view.state.stage))

    def ring(self) -> None:
        """Wake the thread: there is something to do."""
        self._bell.set()

    def poll_soon(self) -> None:
        """Ask for the state at once."""
        self._due_s = 0.0
        self._bell.set()

    def counts(self) -> dict[str, int]:
        """Return how many wait for the mirror, and for a swap."""
        return self._waiting.counts()

    def abandon(self) -> None:
        """End the thread without waiting for it."""
        self._is_closed = True
        self._bell.set()

    def close(self) -> None:
        """End the thread and wait for it, bounded; may be called twice."""
        with self._lock:
            self._is_closed = True
            thread = self._thread
        self._bell.set()
        if thread is not None and thread is not threading.current_thread():
            thread.join(STOP_S_MAX)

    # ---- the thread -----------------------------------------------------------------------------

    def _run(self) -> None:
        while not self._is_closed:
            self._bell.clear()
            try:
                self._work(time.monotonic())
            except Exception as error:  # noqa: BLE001 - the edge of the thread: reported, and on
                self._has_failed = True
                _log.error("the link to the control tables failed: %s", type(error).__name__)
            self._bell.wait(self._pause(time.monotonic()))
        self._leave()
        self._waiting.end()
        self._make_ready()

    def _work(self, now: float) -> None:
        self.own.settle(now)
        watching = self._waiting.watching()
        if now >= self._due_s:
            self._due_s = now + self._settings.poll_s
            self._poll(watching)
        elif watching:
            self._watch(watching)
        if self._is_asking_mirror:
            self._exchange()

    @property
    def _is_asking_mirror(self) -> bool:
        return self.own.is_waiting and not self.view.is_plain

    def _pause(self, now: float) -> float:
        """Return how long there is nothing to do."""
        waits = [self._due_s - now]
        if self._waiting.is_watching:
            waits.append(AWAY_S if self._has_failed else WATCH_S)
        if self._is_asking_mirror:
            is_slow = self._has_failed or self._is_silent
            is_hurry = self._waiting.is_hurry and not is_slow
            waits.append(TOKEN_S if is_hurry else AWAY_S if is_slow else MARK_S)
        return max(0.0, min(waits))

    def _call(self, call: Callable[[], Any]) -> Any:
        """Return what a call returns; None if it failed."""
        self._asking_s = time.monotonic()
        try:
            result = call()
        except (*FAILURES, WrongStateVersionError):
            self._has_failed = True
            self._waiting.refuse()
            return None
        finally:
            self._asking_s = None
        self._has_failed = False
        return result

    def _poll(self, watching: "list[Future[State]]") -> None:
        """Tell how we stand, and learn what must be obeyed."""
        state, asked_s = self.view.state, time.monotonic()
        client = {
            "id": self.client_id,
            "stage": state.stage,
            "seen": state.seen,
            "members_digest": self._members_digest,
            **self.tell(state),
        }
        answer: Answer | None = self._call(lambda: self._table.poll(client))
        if answer is not None:
            self._learn(answer, asked_s, watching)
        elif self._is_from_disk and not self.is_ready:
            self._settings.observer(self.view.seen(is_from_disk=True))
        self._settings.observer(
            Polled(is_answered=not self._has_failed, seconds=time.monotonic() - asked_s)
        )
        self._make_ready()
        self._report_refused()
        self.each_poll()

    def _report_refused(self) -> None:
        found = self._refused.take()
        if found and not self.report_shadow({}, found):
            self._refused.give_back(found)

    def _watch(self, watching: "list[Future[State]]") -> None:
        asked_s = time.monotonic()
        answer: Answer | None = self._call(lambda: self._table.poll(None))
        if answer is None:
            return
        if answer.members_digest != self._members_digest:
            self._due_s = 0.0  # the listed keys are told to those only who tell of themselves
            return
        self._learn(answer, asked_s, watching)

    def _learn(self, answer: Answer, asked_s: float, watching: "list[Future[State]]") -> None:
        before = self.view.state
        state = answer.state(before.rollout.members)
        self._members_digest = answer.members_digest
        self.shadow_key = bytes.fromhex(answer.shadow_key)
        if state.epoch != before.epoch:
            self._tokens.forget()
            self._is_silent = False
        if self.own.has_begun and before.stage in PLAIN and state.stage not in PLAIN:
            # What was written so far was not waited for. The mark stands before the stage is seen,
            # and its token is put after it: a write that ends in between marks itself.
            self.own.mark()
        self.view = View(state, asked_s)
        is_new = state.seen != before.seen or state.epoch != before.epoch
        if is_new or not self._has_told:
            self._settings.observer(self.view.seen())
            self._has_told = True
        if is_new:
            self._file.write(state, self._members_digest)
            self._due_s = 0.0  # so that the control tables know at once that it is obeyed
        if not state.is_swapping:
            self._waiting.opened(state, watching)

    def _make_ready(self) -> None:
        if not self.is_ready:
            self.is_ready = True
            self.ready.set_result(None)

    def _exchange(self) -> None:
        """Put a token for all that wait, and take the answers of those that were put."""
        own, now = self.own, time.monotonic()
        issued, waiting, new = own.issued, self._tokens.waiting, None
        if self._tokens.is_due(issued, own.answered, now):
            new = str(uuid.uuid4())
            self._tokens.put(new, issued, now)
        answered: list[str] | None = self._call(lambda: self._table.exchange(new, waiting))
        if answered:
            for name in answered:
                own.answer(self._tokens.answer(name))
            self._is_silent = False
            self._waiting.answered(own.answered)

    def _leave(self) -> None:
        """Say that this process is gone, so that nobody waits for it."""
        if self.is_ready and not self._has_failed:
            self._call(lambda: self._table.poll({"id": self.client_id, "is_leaving": True}))
