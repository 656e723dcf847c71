"""Processes of a world: started, signalled, waited for, ended."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent
# Children run the same code as the tests, wherever that was imported from.
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (str(HERE), *sys.path)))}
POLL_S = 0.02
LIMIT_S = 120.0


def await_(condition, what, limit_s=LIMIT_S):
    """Wait until a condition holds and return what it returned."""
    end = time.monotonic() + limit_s
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(POLL_S)
    raise AssertionError(f"not within {limit_s} s: {what() if callable(what) else what}")


class Child:
    """A process of a world; its output goes into a file that a failure quotes."""

    def __init__(self, arguments, log, mark=None):
        self.mark = mark
        self.log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, *map(str, arguments)],
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=ENVIRONMENT,
            )

    @property
    def is_running(self):
        """Whether it is alive, stopped ones included."""
        return self._process.poll() is None

    def tail(self):
        """Return the end of what it printed."""
        return self.log.read_text(encoding="utf-8", errors="replace")[-2000:]

    def await_mark(self, limit_s=LIMIT_S):
        """Wait until it has reached its point."""
        await_(
            lambda: self.mark.exists() or not self.is_running,
            lambda: f"{self.mark.name} not reached: {self.tail()}",
            limit_s,
        )
        assert self.mark.exists(), f"ended before {self.mark.name}: {self.tail()}"

    def await_killed(self, limit_s=LIMIT_S):
        """Wait until its own SIGKILL has ended it."""
        self.await_mark(limit_s)
        assert self.wait(limit_s) == -signal.SIGKILL, self.tail()

    def let_go(self):
        """Let a process that waits at its point go on."""
        self.mark.with_name(f"{self.mark.name}.go").touch()

    def send(self, number):
        """Send a signal."""
        self._process.send_signal(number)

    def wait(self, limit_s=LIMIT_S):
        """Wait for its end and return its exit code."""
        try:
            return self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"still running after {limit_s} s: {self.tail()}") from None

    def outcome(self):
        """Return the last thing that an operator said it did, once it has ended."""
        self.wait()
        said = [json.loads(line) for line in self.tail().splitlines() if line.startswith("{")]
        ends = [line for line in said if "outcome" in line]
        assert ends, self.tail()
        return ends[-1]

    def kill(self):
        """End it at once."""
        if self.is_running:
            self._process.kill()
            self._process.wait(10)
        if self._process.stdin:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def end(self):
        """Ask it to end, and insist."""
        if self.is_running:
            self.send(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(10)
        self.kill()


class WriterChild(Child):
    """A writer that can be held between two writes."""

    def __init__(self, arguments, log):
        super().__init__(arguments, log)
        self._answers = 0

    def say(self, word):
        """Give it a word without waiting for the answer."""
        self._process.stdin.write(f"{word}\n".encode())
        self._process.stdin.flush()
        self._answers += 1

    def await_answer(self):
        """Wait until it has answered all words."""
        await_(
            lambda: (
                self.log.read_text(encoding="utf-8").count("\n") >= self._answers
                or not self.is_running
            ),
            lambda: f"writer does not answer: {self.tail()}",
        )
        assert self.is_running, self.tail()
