"""What the workers of a gateway count, as Prometheus reads it from whichever worker it meets.

Workers share one socket, so that nobody can say who answers a look at `/metrics`: each writes its
counts into files of a directory, and whoever is asked adds up those of all. It is prometheus-client
that does so; it must be told by the environment, before it is first imported.

Source: prometheus-client, "Multiprocess mode (e.g. Gunicorn)".
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from changeover.engine.message import Reply
from changeover.model.observation import Observer

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

DIRECTORY_NAME: Final = "PROMETHEUS_MULTIPROC_DIR"
MISSING: Final = (
    b"nothing is counted: metrics are those of a gateway that routes, "
    b"and need prometheus-client (pip install 'changeover[metrics]')\n"
)


class Metrics:
    """The counts of one worker, and the sum of all."""

    def __init__(self) -> None:
        """Count nothing yet."""
        self._registry: CollectorRegistry | None = None

    def observer(self) -> Observer | None:
        """Return who counts; None where prometheus-client is not installed."""
        if find_spec("prometheus_client") is None:
            return None
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see above

        from changeover.routing.prometheus import PrometheusObserver  # noqa: PLC0415 - see above

        self._registry = CollectorRegistry()
        return PrometheusObserver(self._registry)

    def reply(self) -> Reply:
        """Return the metrics of all workers; 404 where nobody counts."""
        if self._registry is None:
            return Reply(status=404, headers=(("Content-Type", "text/plain"),), body=MISSING)
        from prometheus_client import (  # noqa: PLC0415 - see above
            CONTENT_TYPE_LATEST,
            generate_latest,
        )

        body = generate_latest(self._whole(self._registry))
        return Reply(status=200, headers=(("Content-Type", CONTENT_TYPE_LATEST),), body=body)

    def _whole(self, own: "CollectorRegistry") -> "CollectorRegistry":
        directory = os.environ.get(DIRECTORY_NAME)
        if directory is None:
            return own
        from prometheus_client import CollectorRegistry  # noqa: PLC0415 - see above
        from prometheus_client.multiprocess import MultiProcessCollector  # noqa: PLC0415 - as above

        registry = CollectorRegistry()
        MultiProcessCollector(registry, directory)  # type: ignore[no-untyped-call]
        return registry


@contextmanager
def shared() -> Iterator[None]:
    """Let the processes that are forked inside of the block count together."""
    if DIRECTORY_NAME in os.environ or find_spec("prometheus_client") is None:
        yield
        return
    with tempfile.TemporaryDirectory(prefix="changeover-metrics-") as directory:
        os.environ[DIRECTORY_NAME] = directory
        try:
            yield
        finally:
            del os.environ[DIRECTORY_NAME]


def forget(process: int) -> None:
    """Take what a worker said of the present out of the sum; what it counted stays in it.

    Args:
        process: The id of a process that has ended.
    """
    directory = os.environ.get(DIRECTORY_NAME)
    if directory is not None:
        from prometheus_client.multiprocess import mark_process_dead  # noqa: PLC0415 - see above

        mark_process_dead(process, directory)  # type: ignore[no-untyped-call]
