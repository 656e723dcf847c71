"""Several workers behind one socket: forked, watched, replaced, told what the operator wants.

The parent answers nothing. A worker sees its parent's end by a pipe that nobody else holds, so
that none is ever left behind.
"""

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

START_S: Final = 5.0
"""A worker that ends by itself within this time takes the gateway with it: it would end again."""

INTERRUPTED: Final = 130

Work = Callable[[int], int]

_STOP: Final = {signal.SIGTERM, signal.SIGINT}
_TELL: Final = {signal.SIGUSR1, signal.SIGUSR2}
_HEARD: Final = {*_STOP, *_TELL, signal.SIGCHLD}


class Supervisor:
    """Keeps a number of workers."""

    def __init__(
        self, work: Work, workers: int, *, buried: Callable[[int], None] = lambda _process: None
    ) -> None:
        """Prepare; nothing is started yet.

        Args:
            work: What a worker does, given a descriptor that ends when its parent does; returns
                its exit code.
            workers: How many.
            buried: Told of the process of each worker that has ended.
        """
        self._work = work
        self._buried = buried
        self._workers = workers
        self._born_s: dict[int, float] = {}
        self._is_stopping = False
        self._exit_code = 0
        self._pipe = (-1, -1)

    def run(self) -> int:
        """Run until told to stop; return the exit code."""
        self._pipe = os.pipe()
        # Blocked signals wait for us, so that none comes between two looks.
        before = signal.pthread_sigmask(signal.SIG_BLOCK, _HEARD)
        try:
            for _ in range(self._workers):
                self._fork(before)
            while self._born_s:
                self._hear(signal.sigwait(_HEARD), before)
        finally:
            for end in self._pipe:
                os.close(end)
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
        return self._exit_code

    def _fork(self, mask: set[signal.Signals | int]) -> None:
        process = os.fork()
        if process:
            self._born_s[process] = time.monotonic()
            return
        code = 1
        try:
            os.close(self._pipe[1])
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
            code = self._work(self._pipe[0])
        finally:
            # Whatever the parent's frames would still do is the parent's.
            os._exit(code)

    def _hear(self, number: int, mask: set[signal.Signals | int]) -> None:
        if number in _STOP:
            self._exit_code = INTERRUPTED if number == signal.SIGINT else self._exit_code
            self._stop()
        elif number in _TELL:
            self._tell(number)
        else:
            self._bury(mask)

    def _stop(self) -> None:
        self._is_stopping = True
        self._tell(signal.SIGTERM)

    def _tell(self, number: int) -> None:
        for process in self._born_s:
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _bury(self, mask: set[signal.Signals | int]) -> None:
        """Take leave of workers that ended; replace those that should not have."""
        for process in tuple(self._born_s):
            ended, status = os.waitpid(process, os.WNOHANG)
            if not ended:
                continue
            lived_s = time.monotonic() - self._born_s.pop(process)
            code = os.waitstatus_to_exitcode(status)
            self._buried(process)
            if self._is_stopping:
                self._exit_code = self._exit_code or max(code, 0)
            elif lived_s < START_S and code > 0:
                self._exit_code = code
                self._stop()
            else:
                self._fork(mask)
