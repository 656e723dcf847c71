"""The two servers: wrong, swapped, read-only, pooled or set otherwise."""

import contextlib
import os
import socket
import threading
from dataclasses import replace

import psycopg
import pytest

from changeover.database import Endpoint
from changeover.embedded import Server, binaries, create_sample_application
from changeover.journey.check import CHECKS, run_checks
from changeover.model.errors import CannotConnectError
from changeover.model.secret import Secret
from changeover.model.side import Side

USER = "00000000-0000-0000-0000-000000000001"


def with_dsn(move, side, dsn):
    """Return a move with another connection string on one side."""
    return replace(move, owners={**move.owners, side: Endpoint(side=side, dsn=Secret(dsn))})


def test_a_wrong_dsn_is_an_error_of_its_own(field):
    """A server that can't be reached ends the check with exit code 5, not with a report."""
    wrong = psycopg.conninfo.make_conninfo(field.pair.target.dsn, password="wrong")  # noqa: S106
    with pytest.raises(CannotConnectError) as caught:
        run_checks(with_dsn(field.move(), Side.TARGET, wrong))
    assert caught.value.exit_code == 5


def test_one_database_on_both_sides_is_refused(field):
    """The same DSN given twice is no move."""
    same = field.pair.source.dsn
    report = run_checks(with_dsn(field.move(), Side.TARGET, same))
    finding = field.found(report, "CK-SERVER-SAME")
    assert (finding.severity, report.exit_code) == ("refuse", 3)


def test_two_databases_of_one_server_are_told(field, make_source):
    """Two databases of one server are a rehearsal, and said to be one."""
    report = run_checks(with_dsn(field.move(), Side.TARGET, make_source().dsn))
    assert field.found(report, "CK-SERVER-SAME").severity == "warn"


def test_swapped_sides_are_refused(bare_field):
    """A target that is Supabase with rows, and an empty source, are the wrong way round."""
    create_sample_application(bare_field.pair.source)
    bare_field.plant(f"INSERT INTO auth.users (id) VALUES ('{USER}')", is_superuser=True)
    move = bare_field.move()
    swapped = with_dsn(
        with_dsn(move, Side.SOURCE, bare_field.pair.target.dsn),
        Side.TARGET,
        bare_field.pair.source.dsn,
    )
    finding = bare_field.found(run_checks(swapped), "CK-SERVER-SWAPPED")
    assert finding.severity == "refuse"
    assert "public.profiles" in finding.fact
    assert {f.severity for f in run_checks(move).findings if f.code == "CK-SERVER-SWAPPED"} == {
        "pass"
    }


def test_a_platform_as_the_target_is_doubted(bare_field):
    """A target that looks like Supabase beside a source that doesn't is asked about."""
    bare_field.plant("CREATE TABLE public.item (id int PRIMARY KEY)", side="target")
    bare_field.plant("INSERT INTO public.item VALUES (1)", side="target")
    move = bare_field.move()
    swapped = with_dsn(
        with_dsn(move, Side.SOURCE, bare_field.pair.target.dsn),
        Side.TARGET,
        bare_field.pair.source.dsn,
    )
    assert bare_field.found(run_checks(swapped), "CK-SERVER-SWAPPED").severity == "warn"


def test_a_database_set_to_read_only_is_refused(field):
    """A host that has put a full database to read-only is found out although we override it."""
    field.plant(
        f"ALTER DATABASE {field.pair.source.name} SET default_transaction_read_only = on",
        is_superuser=True,
    )
    finding = field.found(field.check(), "CK-SERVER-READ-ONLY")
    assert (finding.side, finding.severity) == ("source", "refuse")


def test_a_standby_is_refused(field):
    """A standby can't be a side, and what could not be tried there is no pass."""
    with Server.start(binaries(18), settings={"fsync": False}) as server:
        server.stop()
        signal = server.data_directory / "standby.signal"
        signal.touch()
        owner = server.data_directory.stat()
        os.chown(signal, owner.st_uid, owner.st_gid)
        server.restart()
        report = run_checks(with_dsn(field.move(), Side.TARGET, server.conninfo()))
        assert field.found(report, "CK-SERVER-STANDBY").severity == "refuse"
        refused = {f.code for f in report.refusals if f.side == "target"}
        assert {"CK-RIGHT-SCHEMA", "CK-RIGHT-ROLE"} <= refused


def test_settings_that_bend_values_are_told(field):
    """A database with another time zone is a warning, by the session and by its origin."""
    name = field.pair.target.name
    field.plant(f"ALTER DATABASE {name} SET timezone = 'Europe/Moscow'", side="target")
    field.plant(
        f"ALTER ROLE app_owner IN DATABASE {name} SET idle_session_timeout = '1h'",
        side="target",
        is_superuser=True,
    )
    report = field.check()
    assert "Europe/Moscow" in field.found(report, "CK-SETTING-DIFFERS", "TimeZone").fact
    assert "Europe/Moscow" in field.found(report, "CK-SETTING-ROLE").fact
    assert "3600000 ms" in field.found(report, "CK-SETTING-OWN-TIMEOUT").fact
    assert field.found(report, "CK-SETTING-TIMEOUT", "app_owner idle_session_timeout")


def test_encoding_and_collation_are_compared(field, target_server):
    """A target that can't hold every character is refused; one that sorts otherwise is told."""
    with target_server.connect() as connection:
        connection.execute(
            "CREATE DATABASE test_latin OWNER app_owner TEMPLATE template0 ENCODING 'LATIN1'"
            " LOCALE 'C'"
        )
    latin = replace(field.pair.target, name="test_latin")
    try:
        report = run_checks(with_dsn(field.move(), Side.TARGET, latin.dsn))
    finally:
        latin.drop()
    assert field.found(report, "CK-SETTING-ENCODING").severity == "refuse"
    assert "C.UTF-8" in field.found(report, "CK-SETTING-COLLATION", "collation collate").fact


def test_a_collation_that_drifted_is_told(field):
    """A collation of another version than the indexes were built by is a warning."""
    field.plant(
        "UPDATE pg_catalog.pg_database SET datcollversion = '1.0'"
        " WHERE datname = current_database()",
        is_superuser=True,
    )
    assert field.found(field.check(), "CK-SETTING-COLLATION-DRIFT").severity == "warn"


def test_the_port_of_a_transaction_pooler_is_refused(field, target_server):
    """Supabase's port 6543 is refused before anything is lost through it."""
    with forwarded(target_server.port, port=6543) as port:
        dsn = psycopg.conninfo.make_conninfo(field.pair.target.dsn, port=port)
        report = run_checks(with_dsn(field.move(), Side.TARGET, dsn))
    assert "6543" in field.found(report, "CK-SERVER-POOLER").fact


@pytest.mark.parametrize(("is_shared", "severity"), [(True, "refuse"), (False, "warn")])
def test_a_pooler_is_found_by_what_it_does(field, is_shared, severity):
    """Two sessions on one server process are refused; one process behind a stranger's number told.

    The pooler is a real one in small: it answers the start itself and forwards each transaction
    to a server connection, one for all clients or one for each.
    """
    with pooled(field.pair.source.dsn, is_shared=is_shared) as dsn:
        report = run_checks(with_dsn(field.move(), Side.SOURCE, dsn))
    finding = field.found(report, "CK-SERVER-POOLER")
    assert (finding.side, finding.severity) == ("source", severity)


def test_an_unreadable_catalog_refuses_everything(field):
    """Where the catalog can't be read, no code passes."""
    field.plant(
        "REVOKE SELECT ON pg_catalog.pg_index FROM PUBLIC", side="target", is_superuser=True
    )
    report = field.check()
    assert field.found(report, "CK-SESSION-CATALOG").severity == "refuse"
    refused = {f.code for f in report.refusals}
    assert {code for check in CHECKS for code in check.proves} <= refused


@contextlib.contextmanager
def listening(serve, port=0):
    """Accept connections on loopback and hand each to a thread; yield the port."""
    listener = socket.create_server(("127.0.0.1", port))

    def accept():
        with contextlib.suppress(OSError):
            while True:
                client, _ = listener.accept()
                threading.Thread(target=serve, args=(client,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


@contextlib.contextmanager
def forwarded(to_port, port):
    """Forward a port of loopback to another one."""

    def pump(come, go):
        with contextlib.suppress(OSError):
            while data := come.recv(65536):
                go.sendall(data)
        for end in (come, go):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def serve(client):
        with client, socket.create_connection(("127.0.0.1", to_port)) as server:
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join(5)

    with listening(serve, port) as found:
        yield found


def exactly(end, count):
    """Read so many bytes, or raise."""
    data = b""
    while len(data) < count:
        more = end.recv(count - len(data))
        if not more:
            raise ConnectionResetError
        data += more
    return data


def message(end):
    """Read one message of the protocol: its kind and all of its bytes."""
    head = exactly(end, 5)
    return head[:1], head + exactly(end, int.from_bytes(head[1:], "big") - 4)


def greeting():
    """Return what a pooler says to a client that starts: it is let in by process 7, key 7."""

    def parameter(name, value):
        text = name + b"\0" + value + b"\0"
        return b"S" + (len(text) + 4).to_bytes(4, "big") + text

    number = (7).to_bytes(4, "big")
    return (
        b"R"
        + (8).to_bytes(4, "big")
        + bytes(4)
        + parameter(b"server_version", b"16.14")
        + parameter(b"client_encoding", b"UTF8")
        + parameter(b"standard_conforming_strings", b"on")
        + b"K"
        + (12).to_bytes(4, "big")
        + number
        + number
        + b"Z"
        + (5).to_bytes(4, "big")
        + b"I"
    )


class Pooler:
    """A pooler in transaction mode: each transaction goes to a server connection."""

    def __init__(self, dsn, *, is_shared):
        """Open nothing yet; one server connection for all clients, or one for each."""
        self.dsn = dsn
        self.is_shared = is_shared
        self.connections = []
        self.ends = []
        self.lock = threading.Lock()

    def server_end(self):
        """Return the socket of a server connection."""
        if not (self.is_shared and self.ends):
            self.connections.append(psycopg.connect(self.dsn))
            self.ends.append(socket.socket(fileno=os.dup(self.connections[-1].pgconn.socket)))
            self.ends[-1].setblocking(True)
        return self.ends[-1]

    def serve(self, client):
        """Let a client in and forward its transactions, one client's at a time."""
        with client, contextlib.suppress(OSError):
            exactly(client, int.from_bytes(exactly(client, 4), "big") - 4)
            server = self.server_end()
            client.sendall(greeting())
            while True:
                kind, data = message(client)
                if kind == b"X":
                    return
                with self.lock:
                    self.transaction(client, server, kind, data)

    def transaction(self, client, server, kind, data):
        """Forward messages until the server is idle again."""
        while True:
            server.sendall(data)
            if kind in {b"Q", b"S"} and self.replies(client, server) == b"I":
                return
            kind, data = message(client)

    def replies(self, client, server):
        """Forward what the server says; return the state that it ends in."""
        reply = b""
        while reply != b"Z":
            reply, data = message(server)
            client.sendall(data)
        return data[-1:]

    def close(self):
        """Close every connection to the server."""
        for end in (*self.ends, *self.connections):
            end.close()


@contextlib.contextmanager
def pooled(dsn, *, is_shared):
    """Run a pooler before a database; yield the connection string that leads through it."""
    with (
        contextlib.closing(Pooler(dsn, is_shared=is_shared)) as pooler,
        listening(pooler.serve) as port,
    ):
        yield psycopg.conninfo.make_conninfo(dsn, port=port, sslmode="disable")
