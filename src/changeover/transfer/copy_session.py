"""Sessions that a worker keeps open between two ranges; one pool per process.

A session is lent to one range at a time and kept only if the range went well, so that nothing of a
failed one is met again.
"""

import atexit
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from psycopg import IsolationLevel
from psycopg.pq import TransactionStatus

from changeover.control.move import Connection
from changeover.database import Endpoint, connect
from changeover.model.side import Side

STATEMENT_TIMEOUT_MS: Final = 3_600_000
LOCK_TIMEOUT_MS: Final = 30_000

_idle: dict[Endpoint, list[Connection]] = {}
_lock: Final = threading.Lock()


@contextmanager
def lend(endpoint: Endpoint) -> Iterator[Connection]:
    """Lend an open session; on the source its transactions are read-only snapshots."""
    connection = _take(endpoint)
    try:
        yield connection
    except BaseException:
        connection.close()
        forget(endpoint)
        raise
    if connection.info.transaction_status == TransactionStatus.IDLE:
        with _lock:
            _idle.setdefault(endpoint, []).append(connection)
    else:
        connection.close()


def _take(endpoint: Endpoint) -> Connection:
    with _lock:
        kept = _idle.get(endpoint)
        if kept:
            return kept.pop()
    connection = connect(
        endpoint,
        "copy",
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
        lock_timeout_ms=LOCK_TIMEOUT_MS,
    )
    if endpoint.side is Side.SOURCE:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
    return connection


def forget(endpoint: Endpoint) -> None:
    """Close the idle sessions of an endpoint: what broke one has likely broken them all."""
    with _lock:
        kept = _idle.pop(endpoint, [])
    for connection in kept:
        connection.close()


def forget_all() -> None:
    """Close every idle session of this process."""
    for endpoint in tuple(_idle):
        forget(endpoint)


atexit.register(forget_all)
