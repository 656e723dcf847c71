"""What the mirror does, as metrics of Prometheus on a port of the daemon's. Extra `metrics`.

Counts come from what the daemon tells; how many keys wait is asked of the primary at each look, as
the owner. What can't be read is left out: a number that is missing is not zero.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final
from wsgiref.simple_server import WSGIServer

import psycopg
from prometheus_client import CollectorRegistry, Counter, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from changeover.control.move import Move
from changeover.database import fixed
from changeover.model.errors import CannotListenError, ChangeoverError
from changeover.model.observation import (
    MarkerReturned,
    MirrorFailed,
    Observation,
    RoundFinished,
)
from changeover.model.side import Direction, Side
from changeover.transfer.mirror import read_control

HOST: Final = "127.0.0.1"
STATEMENT_MS_MAX: Final = 5000
_MINE: Final = "changeover.journey"


class MirrorMetrics(Collector):
    """Counts what the daemon tells, and says how many keys wait; one per process."""

    def __init__(self, move: Move) -> None:
        """Count nothing yet.

        Args:
            move: Whose change log is looked at.
        """
        self._move = move
        self._marker: tuple[Direction, float, float] | None = None
        self.registry = CollectorRegistry()

        def counter(name: str, text: str) -> Counter:
            return Counter(f"changeover_{name}", text, ("direction",), registry=self.registry)

        self._rounds = counter("mirror_rounds", "Rounds that were committed on both sides.")
        self._keys = counter("mirror_keys", "Keys that were carried.")
        self._failed = counter("mirror_failures", "Rounds that were given up, to be tried again.")
        self.registry.register(self)

    def __call__(self, seen: Observation) -> None:
        """Count an observation."""
        match seen:
            case RoundFinished():
                self._rounds.labels(seen.direction).inc()
                self._keys.labels(seen.direction).inc(seen.keys)
            case MirrorFailed():
                self._failed.labels(seen.direction).inc()
            case MarkerReturned():
                self._marker = (seen.direction, seen.lag_ms / 1000, time.monotonic())
            case _:
                pass

    def describe(self) -> list[Metric]:
        """Return nothing: what there is depends on what can be read."""
        return []

    def collect(self) -> Iterator[Metric]:
        """Yield how old the last marker is and how many keys wait, as far as they are known."""
        if self._marker is not None:
            direction, lag_s, at = self._marker
            yield _gauge(
                "marker_age_seconds",
                "Since the newest moment of the primary that is known to have arrived; "
                "no key in the log is older.",
                direction,
                lag_s + time.monotonic() - at,
            )
        found = self._depth()
        if found is not None:
            yield _gauge("change_log_depth", "Keys that wait for the mirror.", *found)

    def _depth(self) -> tuple[Direction, int] | None:
        limit = {"statement_timeout_ms": STATEMENT_MS_MAX}
        try:
            with self._move.connect_owner(Side.TARGET, "metrics", **limit) as target:
                direction = Direction.of_primary(read_control(target).primary)
            with self._move.connect_owner(direction.primary, "metrics", **limit) as primary:
                row = primary.execute(fixed(_MINE, "count_left_changes")).fetchone()
        except (ChangeoverError, psycopg.Error):
            return None
        return None if row is None else (direction, row[0])


def _gauge(name: str, text: str, direction: Direction, value: float) -> GaugeMetricFamily:
    found = GaugeMetricFamily(f"changeover_{name}", text, labels=("direction",))
    found.add_metric((direction,), value)
    return found


@contextmanager
def served(metrics: MirrorMetrics, port: int) -> Iterator[int]:
    """Serve metrics at `http://127.0.0.1:PORT/metrics` inside of the block; give the port.

    Args:
        metrics: What is served.
        port: 0 for any that is free.

    Raises:
        CannotListenError: If somebody else has the port.
    """
    server: WSGIServer
    thread: threading.Thread
    try:
        server, thread = start_http_server(port, addr=HOST, registry=metrics.registry)
    except OSError as error:
        raise CannotListenError(
            f"{HOST} port {port} can't be listened on: {error.strerror}",
            hint="choose another port, or stop who has it",
        ) from None
    try:
        yield server.server_port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
