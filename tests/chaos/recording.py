"""What a client process writes down of each call, before and after it, and reading that back.

A line is in the kernel's hands before the call is sent, so a killed process leaves its last call
as one whose outcome is unknown.
"""

import json
import threading
import time

from history import Append, History, Outcome, Read, Transaction


class Recorder:
    """The file of one process; for any number of its threads."""

    def __init__(self, path, process, first):
        """Begin a file.

        Args:
            path: The file.
            process: The name of the process whose reads must follow its writes.
            first: Numbers and values are counted from here, so that no other has them.
        """
        self._file = path.open("a", encoding="utf-8")
        self._process = process
        self._lock = threading.Lock()
        self._last = first

    def close(self):
        """Close the file."""
        self._file.close()

    def next(self):
        """Return a number that no other call or append has."""
        with self._lock:
            self._last += 1
            return self._last

    def intend(self, parts, *, is_write):
        """Write down what is about to be asked; return its number."""
        number = self.next()
        self._write(
            number=number,
            process=self._process,
            parts=parts,
            is_write=is_write,
            begin=time.monotonic(),
        )
        return number

    def settle(self, number, outcome, **told):
        """Write down what was told: the parts as they were seen, or a reason."""
        self._write(number=number, outcome=outcome, end=time.monotonic(), **told)

    def _write(self, **line):
        with self._lock:
            self._file.write(f"{json.dumps(line)}\n")
            self._file.flush()


class Follower:
    """Reads a file while it grows; each line once."""

    def __init__(self, path):
        self._path = path
        self._at = 0
        self._calls = []
        self._by_number = {}

    def calls(self):
        """Return what is known of each call by now, in the order in which they were sent.

        The list grows, and its calls too: whoever has looked need not look at the same ones again.
        """
        with self._path.open("rb") as file:
            file.seek(self._at)
            for line in file:
                # A process that was killed may have left half a line.
                if not line.endswith(b"\n"):
                    break
                self._at += len(line)
                self._take(json.loads(line))
        return self._calls

    def _take(self, told):
        call = self._by_number.get(told["number"])
        if call is None:
            call = self._by_number[told["number"]] = {}
            self._calls.append(call)
        call.update(told)


def transaction_of(call):
    """Return a call as a transaction."""
    outcome = Outcome(call.get("outcome", Outcome.UNKNOWN))
    seen = call.get("seen", [None] * len(call["parts"]))
    parts = []
    for part, values in zip(call["parts"], seen, strict=True):
        if "value" in part:
            parts.append(Append(key=part["key"], value=part["value"]))
        elif outcome is Outcome.OK:
            parts.append(Read(key=part["key"], values=tuple(values)))
    return Transaction(
        number=call["number"],
        process=call["process"],
        begin=call["begin"],
        end=call.get("end", call["begin"]),
        outcome=outcome,
        parts=tuple(parts),
        is_write=call["is_write"],
        is_mirrored=call.get("is_mirrored", False),
    )


def history_of(calls, final, *, age_s_max):
    """Return the history of the calls that touched some lists.

    Args:
        calls: Those of all processes.
        final: The lists at the end; calls of other lists are left out.
        age_s_max: See `History`.
    """
    found = [
        transaction_of(call)
        for call in calls
        if all(part["key"] in final for part in call["parts"])
    ]
    return History(found, final, age_s_max=age_s_max)
