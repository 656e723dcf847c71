"""What keeps a process from reading older than it wrote: which of its writes the mirror has passed.

Writes and tokens share one count. A write that returned without being known as mirrored leaves a
mark: the count of that moment. A token put later carries a count at least as high, and its answer
says that the mirror has passed all that was committed before the token was put. So nothing compares
clocks, and a process that was stopped for minutes finds its mark where it left it.

A write whose outcome nobody knows may be committed later than a token that is put at once: its mark
waits for a while before it asks for one.

What an answer is worth when the direction has turned: a swap drains the log before its decision, so
that whatever was committed before it is on both sides after it. Tokens of an older epoch are thrown
away all the same, and new ones put: a mark is cleared by an answer of the epoch that is known.
"""

import threading


class OwnWrites:
    """The marks of one process.

    Attributes:
        issued: The count: of writes that wait, and of marks.
        answered: Up to this count the mirror has passed everything.
        has_begun: Whether the process has sent a write, be it under way.
    """

    def __init__(self) -> None:
        """Start without a mark."""
        self.issued = 0
        self.answered = 0
        self.has_begun = False
        self._marked = 0
        self._doubted_until_s: float | None = None
        self._lock = threading.Lock()

    def begin_anew(self) -> None:
        """Forget the lock; marks stay: a child reads no older than its parent wrote."""
        self._lock = threading.Lock()

    @property
    def is_clean(self) -> bool:
        """Whether all writes that have returned are known as mirrored."""
        # The mark first: one that is set meanwhile belongs to a write that returns only now.
        return self._doubted_until_s is None and self._marked <= self.answered

    @property
    def is_waiting(self) -> bool:
        """Whether a token is to be put, or an answer awaited."""
        return self.issued > self.answered

    def issue(self) -> int:
        """Return the count for something that has happened by now."""
        with self._lock:
            self.issued += 1
            return self.issued

    def mark(self, number: int | None = None) -> None:
        """Keep reads at the primary until an answer to this count.

        Args:
            number: As `issue` returned it after the write; None for a new one.
        """
        with self._lock:
            if number is None:
                self.issued += 1
                number = self.issued
            self._marked = max(self._marked, number)

    def doubt(self, until_s: float) -> None:
        """Keep reads at the primary until then, and until an answer afterwards.

        Args:
            until_s: Monotonic seconds.
        """
        with self._lock:
            self._doubted_until_s = max(self._doubted_until_s or until_s, until_s)

    def settle(self, now: float) -> None:
        """Turn a doubt whose time is over into a mark.

        Args:
            now: Monotonic seconds.
        """
        if self._doubted_until_s is None:
            return
        with self._lock:
            if self._doubted_until_s is not None and now >= self._doubted_until_s:
                self.issued += 1
                self._marked = self.issued
                self._doubted_until_s = None

    def answer(self, number: int) -> None:
        """Note that the mirror has passed everything up to a count.

        Args:
            number: That of a token, which was issued before the token was put.
        """
        with self._lock:
            self.answered = max(self.answered, number)
