"""The breaker: after failures in a row nobody tries the target any more, but for a probe at times.

Pure but for its memory; the time comes in as a value. Without a lock: two threads that meet count
one failure less or let two probes through, and nothing hangs on either.
"""

from changeover.model.routing_observation import BreakerState


class Breaker:
    """Whether reads go through to the secondary.

    Attributes:
        failures: Failures in a row.
    """

    def __init__(self, failures_max: int, probe_s: float) -> None:
        """Start closed: everything goes through.

        Args:
            failures_max: So many failures in a row open it.
            probe_s: How often a read goes through while it is open.
        """
        self._failures_max = failures_max
        self._probe_s = probe_s
        self.failures = 0
        self._probed_s: float | None = None

    @property
    def is_open(self) -> bool:
        """Whether reads are kept back."""
        return self._probed_s is not None

    @property
    def state(self) -> BreakerState:
        """What it is, in a word."""
        return BreakerState.OPEN if self.is_open else BreakerState.CLOSED

    def allows(self, now: float) -> bool:
        """Return whether a read may go through; while it is open, whether it is the next probe.

        Args:
            now: Monotonic seconds.
        """
        probed_s = self._probed_s
        if probed_s is None:
            return True
        if now - probed_s < self._probe_s:
            return False
        self._probed_s = now
        return True

    def fail(self, now: float) -> bool:
        """Count a failure; return whether it opened the breaker.

        Args:
            now: Monotonic seconds.
        """
        self.failures += 1
        if self.failures < self._failures_max:
            return False
        was_closed = self._probed_s is None
        self._probed_s = now
        return was_closed

    def succeed(self) -> bool:
        """Count a success; return whether it closed the breaker."""
        if not self.failures:
            return False
        self.failures = 0
        was_open, self._probed_s = self._probed_s is not None, None
        return was_open
