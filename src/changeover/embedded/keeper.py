"""Every server that this process owns, and their end when the process ends.

Whatever ends the process so that no code of ours runs (SIGKILL, a power cut) is left to the next
start, which sweeps (see `directory`).
"""

import atexit
import os
import signal
import threading
from types import FrameType
from typing import Final, Protocol

SIGNALS: Final = (signal.SIGTERM, signal.SIGHUP)


class Owned(Protocol):
    """What is ended with the process."""

    def close(self) -> None:
        """End it for good."""

    def disown(self) -> None:
        """Let go of it, in a forked child; the parent keeps it."""


_owned: Final[list[Owned]] = []


def keep(server: Owned) -> None:
    """Close a server at the end of this process, if it has not been closed by then."""
    _install_handlers()
    _owned.append(server)


def release(server: Owned) -> None:
    """Forget a server that was closed."""
    if server in _owned:
        _owned.remove(server)


def close_all() -> None:
    """Close what this process still owns."""
    for server in tuple(_owned):
        server.close()


def _disown_all() -> None:
    for server in _owned:
        server.disown()
    _owned.clear()


def _install_handlers() -> None:
    """Take the signals that would end us without a word; a handler of the application's stays."""
    if threading.current_thread() is not threading.main_thread():
        return
    for number in SIGNALS:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _end)


def _end(number: int, _frame: FrameType | None) -> None:
    """Close what we own, then die of the signal as if it had not been caught."""
    try:
        close_all()
    finally:
        signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


atexit.register(close_all)
os.register_at_fork(after_in_child=_disown_all)
