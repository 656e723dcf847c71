"""What a store does when the server, a connection or its caller goes away."""

import asyncio
import random
import threading

import psycopg
import pytest

from changeover.embedded import Server, binaries, prepare_supabase
from changeover.model.secret import Secret
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore

NAP = """
CREATE FUNCTION nap() RETURNS int LANGUAGE sql VOLATILE AS
  'INSERT INTO film VALUES (50, ''nap''); SELECT pg_sleep(60); SELECT 1';
"""


@pytest.fixture
def sessions(database):
    """A function that returns what the API's sessions are doing."""

    def read_sessions(where="true"):
        with database.connect_as_superuser() as connection:
            return connection.execute(
                "SELECT pid, state, query FROM pg_stat_activity WHERE datname = %s"
                f" AND application_name = 'changeover api' AND {where}",
                [database.name],
            ).fetchall()

    return read_sessions


@pytest.fixture
def napping(run):
    """A function that writes a row and then sleeps."""
    run(NAP)


@pytest.fixture
def in_thread():
    """A function that calls another in a thread and returns its future answer."""
    started = []

    def start(function, *arguments):
        answers = []
        thread = threading.Thread(target=lambda: answers.append(function(*arguments)))
        thread.start()
        started.append(thread)

        def join():
            thread.join()
            return answers[0]

        return join

    yield start
    for thread in started:
        thread.join()


def end(database, pid):
    """End a session as an administrator does."""
    with database.connect_as_superuser() as connection:
        connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])


def test_an_idle_connection_that_died_is_not_used(store, message, database, sessions):
    """The server ends it between two requests: the next one is answered all the same."""
    assert store.send(message("/film")).status == 200
    ((pid, _, _),) = sessions()
    end(database, pid)
    assert store.send(message("/film")).status == 200


@pytest.mark.usefixtures("napping")
def test_a_connection_that_dies_inside_a_request_is_503(  # noqa: PLR0917
    store, message, read, database, sessions, in_thread, wait_until, run
):
    """57P01 with a time to retry after; nothing is written, nothing is sent again."""
    answer = in_thread(store.send, message("/rpc/nap", method="POST", body={}))
    ((pid, _, _),) = wait_until(lambda: sessions("wait_event = 'PgSleep'"))
    end(database, pid)
    reply = answer()
    assert (reply.status, read(reply)["code"]) == (503, "57P01")
    assert ("Retry-After", "1") in reply.headers
    assert run("SELECT * FROM film WHERE id = 50") == []
    assert store.send(message("/film")).status == 200


def test_a_full_pool_is_504(make_store, message, read):
    """No connection comes free in time: PGRST003; afterwards the store goes on."""
    store = make_store(pool={"connections_max": 1, "acquisition_timeout_s": 0.2})
    with store.transaction():
        reply = store.send(message("/film"))
        assert (reply.status, read(reply)["code"]) == (504, "PGRST003")
        assert read(reply)["message"] == "Timed out acquiring connection from connection pool."
    assert store.send(message("/film")).status == 200


def test_no_more_connections_than_allowed(make_store, message, sessions, in_thread):
    """Many callers share the connections that there may be."""
    store = make_store(pool={"connections_max": 3})
    answers = [in_thread(store.send, message("/film")) for _ in range(30)]
    assert {answer().status for answer in answers} == {200}
    assert 1 <= len(sessions()) <= 3


@pytest.fixture
def server():
    """A server of this test's own, with a table, to be stopped at will."""
    with Server.start(binaries(16), settings={"fsync": False, "wal_level": "logical"}) as server:
        project = prepare_supabase(server)
        with project.database.connect() as connection:
            connection.execute("CREATE TABLE film (id int PRIMARY KEY)")
            connection.execute("GRANT ALL ON film TO anon")
        yield server, project.authenticator_dsn


def test_a_server_that_stops_and_comes_back(server, message, read, wait_until):
    """503 while it is away, said at once and without its address; then answers again."""
    process, dsn = server
    settings = StoreSettings(
        pool=PoolSettings(dsn=Secret(dsn)), keys=KeySettings(anonymous_role="anon")
    )
    store = PostgresStore(settings)
    try:
        assert store.send(message("/film")).status == 200
        process.stop()
        replies = [store.send(message("/film")) for _ in range(3)]
        assert {reply.status for reply in replies} == {503}
        assert read(replies[-1])["code"] == "PGRST000"
        said = b"".join(reply.body for reply in replies).decode()
        for part in psycopg.conninfo.conninfo_to_dict(dsn).values():
            assert str(part) not in said
        process.restart()
        wait_until(lambda: store.send(message("/film")).status == 200)
    finally:
        store.close()


def test_a_server_that_is_not_there(make_store, message, read, database):
    """Before the first snapshot: PGRST002, for each request, without waiting."""
    dsn = psycopg.conninfo.make_conninfo(database.dsn_of("authenticator"), port=1)
    store = PostgresStore(StoreSettings(pool=PoolSettings(dsn=Secret(dsn))))
    try:
        for _ in range(3):
            reply = store.send(message("/film", bearer=None, apikey="x"))
            assert (reply.status, read(reply)["code"]) in ((503, "PGRST002"), (401, "PGRST302"))
    finally:
        store.close()


async def aborted(store, asked, choice):
    """Send a message and cancel it somewhere on its way."""
    task = asyncio.create_task(store.send(asked))
    for _ in range(choice.randrange(8)):
        await asyncio.sleep(0)
    if choice.random() < 0.5:
        await asyncio.sleep(choice.random() * 0.002)
    task.cancel()
    try:
        return await task
    except asyncio.CancelledError:
        return None


async def abort_many(settings, messages, count):
    """Abort many requests, some at once; then ask one more and return its answer."""
    store = AsyncPostgresStore(settings)
    choice = random.Random(7)  # noqa: S311 - a repeatable order, no secret
    try:
        assert (await store.send(messages[0])).status == 200
        for _ in range(count // 5):
            await asyncio.gather(
                *(aborted(store, choice.choice(messages), choice) for _ in range(5))
            )
        answers = await asyncio.gather(*(store.send(messages[0]) for _ in range(12)))
    finally:
        await store.close()
    return {answer.status for answer in answers}


@pytest.mark.parametrize("count", [500, pytest.param(10_000, marks=pytest.mark.nightly)])
def test_aborted_requests_leak_nothing(  # noqa: PLR0917
    count, settings_of, database, message, sessions, wait_until
):
    """Callers go away at any point: every connection is usable or gone, no transaction open."""
    asked = [
        message("/film", "id=eq.1"),
        message("/film", "id=eq.2", method="PATCH", body={"title": "x"}),
        message("/film", "select=id&limit=1", prefer="count=exact"),
    ]
    settings = settings_of(database, pool={"connections_max": 3, "acquisition_timeout_s": 30})
    assert asyncio.run(abort_many(settings, asked, count)) == {200}
    wait_until(lambda: not sessions())


@pytest.mark.usefixtures("napping")
def test_a_cancelled_request_ends_its_statement(  # noqa: PLR0917
    settings_of, database, message, sessions, wait_until, run
):
    """The task is cancelled while the server works: the statement ends, nothing is written."""

    async def ask():
        store = AsyncPostgresStore(settings_of(database, pool={"connections_max": 1}))
        task = asyncio.create_task(store.send(message("/rpc/nap", method="POST", body={})))
        while not await asyncio.to_thread(sessions, "wait_event = 'PgSleep'"):
            assert not task.done()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        answer = await store.send(message("/film"))
        await store.close()
        return answer.status

    assert asyncio.run(ask()) == 200
    wait_until(lambda: not sessions())
    assert run("SELECT * FROM film WHERE id = 50") == []


def test_a_closed_store_may_be_closed_again(make_store, message):
    """Closing twice is fine, before the first message too."""
    store = make_store()
    store.close()
    store.close()
    other = make_store()
    other.send(message("/film"))
    other.close()
    other.close()
