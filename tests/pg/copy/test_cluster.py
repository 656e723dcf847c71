"""A copy by a Dask cluster: real processes, one of them killed, and nothing secret on the way."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import msgspec
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from changeover import __version__
from changeover.cli.cluster import RangeTask, cluster, copy_range_here
from changeover.control.place import identity_of
from changeover.model.errors import (
    ConfigurationError,
    CopyFailedError,
    SchedulerNotReachedError,
    SecretOnCommandLineError,
    WrongServerError,
)
from changeover.model.observation import CopyProgressed
from changeover.model.side import Side
from changeover.transfer.copy import copy

ITEMS = "CREATE TABLE items (id integer PRIMARY KEY, v text)"
FILL = "INSERT INTO items SELECT g, repeat('v', 40) || g FROM generate_series(1, 6000) g"
QUERY = "SELECT * FROM items"
START_S_MAX = 60.0
WORKERS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A cluster that runs."""

    address: str
    workers: list[subprocess.Popen]
    scheduler: subprocess.Popen


def configure(place: Path, pair, move) -> None:
    """Write what a worker's machine knows: where the databases are, and the mirror's logins."""
    lines = [f'state_directory = "{move.settings.state_directory}"']
    for side, database in ((Side.SOURCE, pair.source), (Side.TARGET, pair.target)):
        known = conninfo_to_dict(database.dsn)
        del known["password"]
        lines += [f"[{side}]", f'dsn = "{make_conninfo("", **known)}"']
    (place / "changeover.toml").write_text("\n".join(lines), encoding="utf-8")


@contextmanager
def running(place: Path, workers: int = WORKERS):
    """Run a scheduler and workers of one thread each, as separate processes."""
    dask = str(Path(sys.executable).with_name("dask"))
    file = place / "scheduler.json"
    words = [dask, "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"]
    log = (place / "cluster.log").open("wb")
    started = []

    def start(*more):
        started.append(subprocess.Popen(more, cwd=place, stdout=log, stderr=log))
        return started[-1]

    try:
        scheduler = start(*words, "--scheduler-file", str(file))
        wait_until(file.exists)
        each = [dask, "worker", "--scheduler-file", str(file), "--nthreads", "1", "--no-nanny"]
        made = [start(*each, "--no-dashboard", "--host", "127.0.0.1") for _ in range(workers)]
        address = json.loads(file.read_text())["address"]
        yield Running(address=address, workers=made, scheduler=scheduler)
    finally:
        for process in reversed(started):
            process.kill()
            process.wait()
        log.close()


def wait_until(condition):
    """Wait until a condition holds, but not for ever."""
    end = time.monotonic() + START_S_MAX
    while not condition():
        assert time.monotonic() < end, "the condition did not come true in time"
        threading.Event().wait(0.05)


@pytest.fixture
def moved(pair, prepared, tmp_path):
    """A move of 60 ranges by three workers at a time, and a place for the cluster to run in."""
    move = prepared(pair, ITEMS, fill=[FILL])
    settings = msgspec.structs.replace(
        move.settings, copy=msgspec.structs.replace(move.settings.copy, workers=WORKERS)
    )
    move = replace(move, settings=settings)
    place = tmp_path / "cluster"
    place.mkdir()
    configure(place, pair, move)
    return move, place


def test_a_killed_worker_of_a_cluster_costs_no_row(pair, moved, digest, one):
    """With one of three workers killed in the middle every range is committed exactly once."""
    move, place = moved
    with running(place) as found:
        killed = []

        def kill_once(seen):
            if isinstance(seen, CopyProgressed) and seen.ranges_done == 10 and not killed:
                killed.append(found.workers[0].pid)
                os.kill(found.workers[0].pid, signal.SIGKILL)

        watched = replace(move, observer=kill_once)
        with cluster(watched, found.address) as executor:
            executor._inner._client.wait_for_workers(WORKERS, timeout=START_S_MAX)
            report = copy(watched, executor=executor)
    assert killed
    assert report.rows == 6000
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)
    # One writing transaction per range, and a checkpoint that accounts for its rows.
    assert one(pair.target, "SELECT count(DISTINCT xmin::text) FROM items") == 60
    done = "SELECT count(*) || ' ' || sum(rows_copied) FROM changeover.checkpoint"
    assert one(pair.target, f"{done} WHERE state = 'done'") == "60 6000"


def test_no_secret_passes_through_the_scheduler(pair, moved, tmp_path):
    """No password is in a process's arguments, nor in anything that the cluster keeps or shows."""
    move, place = moved
    secrets = {
        conninfo_to_dict(endpoint.dsn.reveal())["password"]
        for endpoint in (*move.owners.values(), *(move.mirror_endpoint(side) for side in Side))
    }
    assert len(secrets) == 4
    with running(place, workers=1) as found, cluster(move, found.address) as executor:
        copy(move, executor=executor)
        executor._inner._client.dump_cluster_state(str(tmp_path / "dump"), format="yaml")
        arguments = [
            Path(f"/proc/{process.pid}/cmdline").read_text()
            for process in (found.scheduler, *found.workers)
        ]
        log = (place / "cluster.log").read_text()
    (dump,) = tmp_path.glob("dump*")
    shown = "".join([dump.read_text(), log, *arguments])
    assert "copy_range_here" in shown
    assert [secret for secret in secrets if secret in shown] == []


def task_of(move, works, **changes):
    """Return a task as the cluster would be sent it."""
    work = works(move)[0]
    identities = []
    for side in Side:
        with move.connect_mirror(side, "test") as connection:
            identities.append(identity_of(connection))
    whole = {
        "version": __version__,
        "identities": tuple(identities),
        "table": work.table,
        "range_id": work.range_id,
        "epoch": work.epoch,
        "is_replica": work.is_replica,
        "attempts_max": 1,
    }
    return RangeTask(**{**whole, **changes})


def test_a_task_that_is_run_again_writes_nothing(moved, works, monkeypatch, one, pair):
    """A worker that gets a range a second time finds it done."""
    move, place = moved
    monkeypatch.chdir(place)
    task = task_of(move, works)
    first, second = copy_range_here(task), copy_range_here(task)
    assert (first.error, first.rows, first.is_skipped) == (None, 100, False)
    assert (second.rows, second.is_skipped) == (100, True)
    assert one(pair.target, "SELECT count(*) FROM items") == 100


def test_a_worker_of_another_move_is_refused(moved, works, monkeypatch, one, pair):
    """A machine whose configuration leads to other databases writes nothing."""
    move, place = moved
    monkeypatch.chdir(place)
    outcome = copy_range_here(task_of(move, works, identities=("other", "another")))
    assert isinstance(outcome.error, WrongServerError)
    assert "leads to other databases" in str(outcome.error)
    assert one(pair.target, "SELECT count(*) FROM items") == 0


def test_a_worker_of_another_version_is_refused(moved, works, monkeypatch):
    """Two versions of Changeover never work on one copy."""
    move, place = moved
    monkeypatch.chdir(place)
    outcome = copy_range_here(task_of(move, works, version="0.0.0"))
    assert isinstance(outcome.error, ConfigurationError)
    assert "the copy is run by 0.0.0" in str(outcome.error)


def test_a_worker_without_configuration_says_so(moved, works, monkeypatch, tmp_path):
    """A worker started in the wrong directory fails its range by name, with the machine's."""
    move, _ = moved
    empty = tmp_path / "empty"
    empty.mkdir()
    monkeypatch.chdir(empty)
    outcome = copy_range_here(task_of(move, works))
    assert isinstance(outcome.error, ConfigurationError)
    assert str(outcome.error).startswith("worker on ")


@pytest.mark.nightly
def test_a_lost_scheduler_ends_the_copy_by_name(pair, moved, copied, digest):
    """When the scheduler dies the copy fails, and can be resumed without it."""
    move, place = moved
    with running(place) as found:

        def kill_once(seen):
            if isinstance(seen, CopyProgressed) and found.scheduler.poll() is None:
                found.scheduler.kill()
                found.scheduler.wait()

        watched = replace(move, observer=kill_once)
        with (
            pytest.raises(CopyFailedError, match="the cluster gave it up"),
            cluster(watched, found.address) as executor,
        ):
            copy(watched, executor=executor)
    copied(move)
    assert digest(pair.target, QUERY) == digest(pair.source, QUERY)


def test_a_scheduler_that_is_not_there(moved, monkeypatch):
    """An address where nobody listens is an error of its own."""
    monkeypatch.setattr("changeover.cli.cluster.CONNECT_S_MAX", 1)
    with (
        pytest.raises(SchedulerNotReachedError, match=r"no Dask scheduler answers at tcp://"),
        cluster(moved[0], "tcp://127.0.0.1:1"),
    ):
        pass


def test_a_password_in_the_address_is_refused(moved):
    """What stands on the command line can be read by every process of the machine."""
    with (
        pytest.raises(SecretOnCommandLineError),
        cluster(moved[0], "tcp://user:word@127.0.0.1:1"),
    ):
        pass
