"""Servers that crash, restart, cut connections or time out; the daemon recovers by itself."""

import os
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import psycopg
import pytest

from changeover.control.move import Move, installed_pairs
from changeover.control.swap import Kind
from changeover.database import Endpoint
from changeover.embedded import Database, Server, binaries
from changeover.embedded.database import create_database
from changeover.journey.daemon import Daemon
from changeover.journey.swap import Driver
from changeover.model.fault import Hooks
from changeover.model.secret import Secret
from changeover.model.settings import MirrorSettings, Settings, SwapSettings
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.mirror import Mirror, read_control

ITEMS = "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)"
NEVER_FLUSHED = {
    "fsync": True,
    "wal_writer_delay": "10s",
    "wal_writer_flush_after": "1GB",
    "bgwriter_delay": "10s",
    "autovacuum": False,
    "checkpoint_timeout": "1h",
}


@dataclass(slots=True, kw_only=True)
class World:
    """A move whose source's server is the test's own, to be killed."""

    server: Server
    databases: dict[Side, Database]
    move: Move

    def items(self, side: Side) -> list[Any]:
        """Return the rows of a side."""
        with self.databases[side].connect() as connection:
            return connection.execute("SELECT id FROM items ORDER BY id").fetchall()

    def on(self, side: Side, statement: str) -> None:
        """Run a statement on a side as its owner."""
        with self.databases[side].connect() as connection:
            connection.execute(statement)

    def crash(self) -> None:
        """Kill the source's processes at once: one that saw its postmaster die would tidy up first.

        It would drop its temporary tables, and that commit would take everything to the disk.
        """
        with self.server.connect() as connection:
            processes = connection.execute("SELECT pid FROM pg_stat_activity").fetchall()
            os.kill(self.server.process_id, signal.SIGSTOP)
            for (process,) in processes:
                os.kill(process, signal.SIGKILL)
        self.server.kill()

    def mirror(self, reached: Any) -> Mirror:
        """Return a mirror of the present epoch with a hook."""
        with self.move.connect_owner(Side.TARGET, "test") as target:
            authority = read_control(target).authority
        return Mirror.of(replace(self.move, hooks=Hooks(reached=reached)), authority)


@pytest.fixture
def world(make_target, tmp_path) -> Iterator[World]:
    """A source with fsync that nothing flushes but commits, and a target."""
    target = make_target()
    with Server.start(binaries(16), settings=NEVER_FLUSHED) as server:
        with server.connect() as connection:
            connection.execute("CREATE ROLE app LOGIN CREATEROLE")
            connection.execute("GRANT SET ON PARAMETER session_replication_role TO app")
        server.give_password("app")
        databases = {
            Side.SOURCE: create_database(server, "app", owner="app"),
            Side.TARGET: target,
        }
        for database in databases.values():
            with database.connect() as connection:
                connection.execute(ITEMS)
        move = Move(
            owners={
                side: Endpoint(side=side, dsn=Secret(one.dsn)) for side, one in databases.items()
            },
            settings=Settings(
                state_directory=str(tmp_path / "state"),
                mirror=MirrorSettings(heartbeat_ms=50, round_timeout_s=2, lock_timeout_ms=300),
                swap=SwapSettings(deadline_s=20.0),
            ),
        )
        capture.install(move)
        with move.connect_owner(Side.TARGET, "test") as connection:
            connection.execute(
                "INSERT INTO changeover.copy (table_id, state, version)"
                " SELECT table_id, 'copied', 1 FROM changeover.moved_table"
            )
        yield World(server=server, databases=databases, move=move)


def write_without_waiting(world: World, number: int) -> None:
    """Commit a row on the source without waiting for the disk."""
    with world.databases[Side.SOURCE].connect() as source:
        source.execute("SET synchronous_commit = off")
        source.execute("INSERT INTO items VALUES (%s)", (number,))


def test_the_secondary_never_holds_what_the_primary_lost_in_a_crash(world):
    """An asynchronous commit that vanishes with the primary was not carried over before."""
    mirror = world.mirror(lambda point: world.crash() if point == "round.between_commits" else None)
    mirror.sessions()
    write_without_waiting(world, 1)
    with pytest.raises(psycopg.OperationalError):
        mirror.round()
    mirror.close()
    world.server.restart()
    held, left = set(world.items(Side.TARGET)), set(world.items(Side.SOURCE))
    assert held == {(1,)}
    assert held <= left
    again = world.mirror(lambda _: None)
    again.round()
    again.close()
    assert world.items(Side.TARGET) == world.items(Side.SOURCE)


def test_a_commit_that_waits_for_no_disk_does_vanish_without_the_mirror(world):
    """The crash of the test above is a real one: the same row without a round is gone."""
    write_without_waiting(world, 1)
    world.crash()
    world.server.restart()
    assert world.items(Side.SOURCE) == []


@pytest.fixture
def daemon(world) -> Iterator[Daemon]:
    """A daemon of the world that runs until the test ends; it must not have ended before."""
    is_over = threading.Event()
    one = Daemon(world.move)
    thread = threading.Thread(target=one.run, args=(is_over.is_set,))
    thread.start()
    yield one
    assert thread.is_alive()
    is_over.set()
    thread.join(30)


def test_the_daemon_survives_a_restart_a_reset_and_a_time_out(world, daemon, until):
    """Server killed, sessions ended, a table locked past every time-out: rows flow again."""

    def arrives(number: int) -> None:
        world.on(Side.SOURCE, f"INSERT INTO items VALUES ({number})")
        until(lambda: (number,) in world.items(Side.TARGET), f"row {number} arrives")

    arrives(1)
    world.server.kill()
    world.server.restart()
    arrives(2)
    for side in Side:
        with world.databases[side].connect_as_superuser() as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name LIKE 'changeover %' AND datname = current_database()"
            )
        arrives(10 + list(Side).index(side))
    with world.databases[Side.TARGET].connect() as target:
        target.execute("BEGIN; LOCK TABLE items IN ACCESS EXCLUSIVE MODE")
        world.on(Side.SOURCE, "INSERT INTO items VALUES (20)")
        query = "SELECT 1 FROM changeover.heartbeat WHERE error LIKE 'CO%'"
        until(lambda: target.execute(query).fetchone(), "the time-out is booked")
        target.execute("COMMIT")
    until(lambda: (20,) in world.items(Side.TARGET), "the row that waited arrives")
    assert world.items(Side.TARGET) == world.items(Side.SOURCE)


@pytest.mark.parametrize(
    "point",
    [pytest.param("swap.prepared", marks=pytest.mark.nightly), "swap.inside_decision"],
)
def test_a_source_that_crashes_under_the_fence_comes_back_with_one_authority(
    world, daemon, until, point
):
    """The locks of the swap are gone with the server, so it is driven back, not decided."""

    def reached(at: str) -> None:
        if at == point:
            world.server.kill()
            world.server.restart()

    move = replace(world.move, hooks=Hooks(reached=reached))
    world.on(Side.SOURCE, "INSERT INTO items VALUES (1)")
    with move.connect_owner(Side.TARGET, "test") as target:
        with pytest.raises(Exception, match="driven back"):
            Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))
        assert read_control(target).primary is Side.SOURCE
    world.on(Side.SOURCE, "INSERT INTO items VALUES (2)")
    with pytest.raises(psycopg.errors.AssertFailure):
        world.on(Side.TARGET, "INSERT INTO items VALUES (3)")
    until(lambda: world.items(Side.TARGET) == [(1,), (2,)], "the mirror goes on")
