"""The proxy itself: each fault is seen by a real client of a real server."""

import psycopg
import pytest
from child import await_
from proxy import FaultProxy, Way
from psycopg.conninfo import make_conninfo


@pytest.fixture
def table(chaos_servers):
    """A database with an empty table."""
    database = chaos_servers.target_template.clone("chaos_proxy")
    with database.connect() as session:
        session.execute("CREATE TABLE public.seen (n integer)")
    yield database
    database.drop()


@pytest.fixture
def proxy(table):
    """A proxy before that database's server."""
    with FaultProxy(table.server.port) as one:
        yield one


@pytest.fixture
def connect(table, proxy):
    """A function that connects through the proxy; what it made is closed after the test."""
    made = []
    dsn = make_conninfo(
        table.dsn, port=proxy.port, sslmode="disable", gssencmode="disable", connect_timeout=3
    )

    def make():
        made.append(psycopg.connect(dsn, autocommit=True))
        return made[-1]

    yield make
    for session in made:
        session.close()


def count(table):
    """Return the rows that are really there."""
    with table.connect() as session:
        return session.execute("SELECT count(*) FROM public.seen").fetchone()[0]


def test_passes_on(connect, proxy):
    """Large answers and large requests go through unharmed."""
    with connect() as session:
        text = "я" * 3_000_000
        assert session.execute("SELECT %s", (text,)).fetchone() == (text,)
    await_(lambda: proxy.connections == 0, "the connection is closed on both sides")


def test_cut_resets(connect, proxy):
    """A cut breaks a connection; the next one works."""
    session = connect()
    assert proxy.cut() == 1
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    with connect() as another:
        assert another.execute("SELECT 1").fetchone() == (1,)


def test_refuse_and_heal(connect, proxy):
    """While it refuses nobody gets in."""
    proxy.refuse()
    with pytest.raises(psycopg.OperationalError):
        connect()
    proxy.heal()
    connect()


def has_answer(session):
    """Read what has come; asking for a result would hold the interpreter that the proxy needs."""
    session.pgconn.consume_input()
    return not session.pgconn.is_busy()


def test_one_way_holds_the_answer_only(connect, proxy, table):
    """With answers held the statement is done, and its client waits until they are released."""
    session = connect()
    proxy.stall(frozenset({Way.TO_CLIENT}))
    session.pgconn.send_query(b"INSERT INTO public.seen VALUES (1)")
    session.pgconn.flush()
    await_(lambda: count(table) == 1, "the server has it")
    assert session.pgconn.is_busy()
    proxy.heal()
    await_(lambda: has_answer(session), "the answer came through")
    assert session.pgconn.get_result().status == psycopg.pq.ExecStatus.COMMAND_OK


def test_stalled_request_does_not_arrive(connect, proxy, table):
    """With requests held nothing happens on the server, not even after a cut."""
    session = connect()
    proxy.stall(frozenset({Way.TO_SERVER}))
    session.pgconn.send_query(b"INSERT INTO public.seen VALUES (1)")
    session.pgconn.flush()
    proxy.cut()
    proxy.heal()
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")
    assert count(table) == 0


def test_half_close_is_the_servers_end(connect, proxy):
    """The client hears the end of its connection."""
    session = connect()
    assert proxy.half_close() == 1
    with pytest.raises(psycopg.OperationalError):
        session.execute("SELECT 1")


def test_lost_commit_is_committed(connect, proxy, table):
    """The client's COMMIT fails and the row is there; other statements and ROLLBACK pass."""
    session = connect()
    proxy.lose_commits(1)
    session.execute("BEGIN")
    session.execute("ROLLBACK")
    session.execute("BEGIN")
    session.execute("INSERT INTO public.seen VALUES (1)")
    with pytest.raises(psycopg.OperationalError):
        session.execute("COMMIT")
    assert proxy.commits_lost == 1
    assert count(table) == 1
