"""Threads that reads of the secondary run in, so that whoever hangs there is not the caller.

A few daemon threads, started when they are needed. Whoever comes while all are busy is turned away
at once: reads that hang must not gather a queue behind them.
"""

import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

from changeover.routing.fork import begin_anew_in_children

T = TypeVar("T")
Job = tuple[Callable[[], Any], "Future[Any]"]


class Lane:
    """A bounded number of threads."""

    def __init__(self, threads_max: int) -> None:
        """Start none yet.

        Args:
            threads_max: So many calls run at once at most.
        """
        self._threads_max = threads_max
        self.begin_anew()
        begin_anew_in_children(self)

    def begin_anew(self) -> None:
        """Be as before the first call."""
        self._lock = threading.Lock()
        self._jobs: SimpleQueue[Job | None] = SimpleQueue()
        self._threads = 0
        self._busy = 0
        self._is_closed = False

    def run(self, call: Callable[[], T]) -> "Future[T] | None":
        """Run a call in a thread; return None if all are busy.

        Args:
            call: What it raises is kept in the result.
        """
        future: Future[T] = Future()
        with self._lock:
            if self._is_closed or self._busy >= self._threads_max:
                return None
            self._busy += 1
            is_needed = self._busy > self._threads
            if is_needed:
                self._threads += 1
        self._jobs.put((call, future))
        if is_needed:
            thread = threading.Thread(target=self._work, name="changeover-read", daemon=True)
            thread.start()
        return future

    def close(self) -> None:
        """End the threads once they are done; may be called twice."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            threads = self._threads
        for _ in range(threads):
            self._jobs.put(None)

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            call, future = job
            try:
                result = call()
            except BaseException as error:  # noqa: BLE001 - the edge of the thread: the caller's
                self._end(future, None, error)
            else:
                self._end(future, result, None)
            # What the last call has held must not stay alive with the thread.
            del job, call, future

    def _end(self, future: "Future[Any]", result: Any, error: BaseException | None) -> None:
        with self._lock:
            self._busy -= 1
        if not future.set_running_or_notify_cancel():
            return
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
