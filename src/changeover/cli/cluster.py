"""A copy on a Dask cluster: what is sent to a worker, and what the worker looks up for itself.

Whoever reaches a scheduler sees what passes through it, so no connection string and no password is
sent: a task names a range, and a worker logs in by the configuration of the machine that it runs
on. Before its first range it makes sure that this leads to the two databases that are meant.
"""

import asyncio
import os
import socket
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

from changeover import __version__
from changeover.cli.configuration import Configuration, load
from changeover.control.login import load_login
from changeover.control.move import Move
from changeover.control.place import identity_of
from changeover.database import Endpoint, connect
from changeover.model.errors import (
    ChangeoverError,
    ConfigurationError,
    CopyFailedError,
    SchedulerNotReachedError,
    WrongServerError,
)
from changeover.model.settings import refuse_password
from changeover.model.side import Side
from changeover.transfer import copy_session
from changeover.transfer.copy_worker import RangeOutcome, RangeWork, copy_range
from changeover.transfer.range import TableCopy

CONNECT_S_MAX: Final = 15
WORKERS_S_MAX: Final = 60

Client = Any
"""Dask's client, whose methods have no types."""

Identities = tuple[str, str]
"""What tells the source from every other database, and the target."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeTask:
    """One range as it is sent through the scheduler; it holds no value of a row and no secret.

    Attributes:
        version: The Changeover that sends it; another one's worker refuses.
        identities: The databases that are meant.
    """

    version: str
    identities: Identities
    table: TableCopy
    range_id: int
    epoch: int
    is_replica: bool
    attempts_max: int


@contextmanager
def cluster(move: Move, scheduler: str) -> Iterator[Executor]:
    """Give the workers of a Dask cluster as an executor for `copy`.

    Args:
        move: The move; its capture is installed.
        scheduler: Its address, as `tcp://host:port` or `tls://host:port`.

    Raises:
        ConfigurationError: If the extra is not installed.
        SecretOnCommandLineError: If the address carries a password.
        SchedulerNotReachedError: If nobody answers there, or no worker is there.
    """
    refuse_password(scheduler, "--scheduler")
    identities = _identities({side: move.mirror_endpoint(side) for side in Side})
    client = _client(scheduler)
    try:
        yield _Cluster(client, identities)
    finally:
        _let_go(client)


def _let_go(client: Client) -> None:
    """Have the workers close their sessions, which they would keep until they end, and leave."""
    try:
        client.run(copy_session.forget_all, on_error="ignore")
    except Exception as error:  # noqa: BLE001 - the copy's own outcome matters more
        _warn(f"the cluster can't be reached any more ({type(error).__name__}): its workers keep "
              "their sessions until they end")  # fmt: skip
    client.close()


def _client(scheduler: str) -> Client:
    try:
        import distributed
    except ModuleNotFoundError as error:
        raise ConfigurationError(
            f"a copy on a cluster needs {error.name}, which is not installed",
            hint="pip install 'changeover[dask]', here and on each worker",
        ) from None
    try:
        open_client: Any = distributed.Client
        client = open_client(scheduler, timeout=CONNECT_S_MAX, set_as_default=False)
    except (OSError, ValueError) as error:
        raise SchedulerNotReachedError(
            f"no Dask scheduler answers at {scheduler}: {type(error).__name__}",
            hint="start one with `dask scheduler`, and look whether its port can be reached",
        ) from None
    try:
        client.wait_for_workers(1, timeout=WORKERS_S_MAX)
    except TimeoutError:
        client.close()
        raise SchedulerNotReachedError(
            f"the Dask scheduler at {scheduler} had no worker for {WORKERS_S_MAX} s",
            hint="start some with `dask worker`, in a directory with their changeover.toml",
        ) from None
    return client


class _Cluster(Executor):
    """Hands ranges to the cluster; a range that it gives up has failed, whatever Dask says of it.

    A range that is under way can't be cancelled: whoever waits for it waits for its end.
    """

    def __init__(self, client: Client, identities: Identities) -> None:
        self._inner = client.get_executor(pure=False)
        self._identities = identities

    def submit(self, fn: Callable[..., Any], /, *args: Any, **_: Any) -> "Future[Any]":
        assert fn is copy_range, "a cluster copies ranges and does nothing else"
        work: RangeWork = args[0]
        outer: Future[RangeOutcome] = Future()
        outer.set_running_or_notify_cancel()
        inner = self._inner.submit(copy_range_here, self._task(work))
        inner.add_done_callback(partial(_hand_on, outer, work))
        return outer

    def _task(self, work: RangeWork) -> RangeTask:
        return RangeTask(
            version=__version__,
            identities=self._identities,
            table=work.table,
            range_id=work.range_id,
            epoch=work.epoch,
            is_replica=work.is_replica,
            attempts_max=work.attempts_max,
        )


def _hand_on(outer: "Future[RangeOutcome]", work: RangeWork, inner: "Future[RangeOutcome]") -> None:
    try:
        outcome = inner.result()
    except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - the edge of a task
        failure = CopyFailedError(
            f"{work.label}: the cluster gave it up ({type(error).__name__})",
            hint="look at the workers' own log; run it again, it goes on where it ended",
        )
        outcome = _failed(work.table, work.range_id, failure)
    outer.set_result(outcome)


def _failed(table: TableCopy, range_id: int, error: ChangeoverError) -> RangeOutcome:
    return RangeOutcome(table_id=table.table_id, range_id=range_id, error=error)


def copy_range_here(task: RangeTask) -> RangeOutcome:
    """Copy one range on a worker of the cluster, with the logins that this machine knows.

    A task that is run again, as clusters do, finds its range done and writes nothing.
    """
    try:
        if task.version != __version__:
            raise ConfigurationError(
                f"this worker runs Changeover {__version__}, the copy is run by {task.version}",
                hint="install the same version on every machine of the cluster",
            )
        endpoints = _endpoints_here(task.identities)
    except ChangeoverError as error:
        failure = type(error)(f"worker on {socket.gethostname()}: {error.message}", hint=error.hint)
        return _failed(task.table, task.range_id, failure)
    return copy_range(
        RangeWork(
            source=endpoints[Side.SOURCE],
            target=endpoints[Side.TARGET],
            table=task.table,
            range_id=task.range_id,
            epoch=task.epoch,
            is_replica=task.is_replica,
            attempts_max=task.attempts_max,
        )
    )


@cache
def _endpoints_here(identities: Identities) -> dict[Side, Endpoint]:
    """Return the mirror's logins by this machine's configuration, once it leads to the databases.

    Raises:
        ConfigurationError: If it names none, or can't be read.
        WrongServerError: If it leads elsewhere.
    """
    at = load(None, os.environ, {}, _warn)
    endpoints = {side: _endpoint(at, side) for side in Side}
    if _identities(endpoints) != identities:
        raise WrongServerError(
            "its configuration leads to other databases than those of the move",
            hint="start `dask worker` in a directory with this move's changeover.toml",
        )
    return endpoints


def _endpoint(at: Configuration, side: Side) -> Endpoint:
    named = at.mirror(side)
    if named is not None:
        return Endpoint(side=side, dsn=named.dsn)
    owner = Endpoint(side=side, dsn=at.database(side).dsn)
    return load_login(Path(at.settings.state_directory), owner)


def _identities(endpoints: dict[Side, Endpoint]) -> Identities:
    found = {}
    for side, endpoint in endpoints.items():
        with connect(endpoint, "place") as connection:
            found[side] = identity_of(connection)
    return found[Side.SOURCE], found[Side.TARGET]


def _warn(text: str) -> None:
    sys.stderr.write(f"changeover: {text}\n")
