"""Several requests in one transaction, in both colours."""

import asyncio

import pytest

from changeover.engine.refusal import Refusal
from changeover.stores.postgres import AsyncPostgresStore

NEW = {"id": 9, "title": "nine"}


class StopError(Exception):
    """What a block raises to be rolled back."""


def titles(run):
    """Return the titles of all films."""
    return [title for (title,) in run("SELECT title FROM film ORDER BY id")]


def test_requests_are_committed_together(store, message, read, run):
    """Inside, a read sees what was written; outside nobody does before the end."""
    with store.transaction() as bound:
        assert bound.send(message("/film", method="POST", body=NEW)).status == 201
        assert read(bound.send(message("/film", "id=eq.9"))) == [NEW]
        assert titles(run) == ["one", "two", "three"]
        again = message("/film", "id=eq.9", method="PATCH", body={"title": "x"})
        assert bound.send(again).status == 204
    assert titles(run) == ["one", "two", "three", "x"]


def test_a_block_that_raises_writes_nothing(store, message, run):
    """The transaction is rolled back and the error goes on."""
    with pytest.raises(StopError), store.transaction() as bound:  # noqa: PT012
        bound.send(message("/film", method="POST", body=NEW))
        raise StopError
    assert titles(run) == ["one", "two", "three"]
    assert store.send(message("/film")).status == 200


def test_a_refused_request_undoes_itself_only(store, message, run):
    """After an error, and after a refusal of the answer, the transaction goes on."""
    singular = "application/vnd.pgrst.object+json"
    with store.transaction() as bound:
        assert bound.send(message("/film", method="POST", body=NEW)).status == 201
        assert bound.send(message("/film", method="POST", body=NEW)).status == 409
        both = message(
            "/film", "id=lt.3", method="PATCH", body={"title": "x"},
            accept=singular, prefer="return=representation",
        )  # fmt: skip
        assert bound.send(both).status == 406
        assert bound.send(message("/nowhere")).status == 404
        assert bound.send(message("/film", "id=eq.2", method="DELETE")).status == 204
    assert titles(run) == ["one", "three", "nine"]


def test_each_request_has_its_own_role(store, message, token, read, run):
    """Roles and READ ONLY of one request do not reach the next."""
    run("CREATE FUNCTION who() RETURNS text LANGUAGE sql STABLE AS 'SELECT current_user::text'")
    with store.transaction() as bound:
        assert bound.send(message("/rpc/who")).body == b'"anon"'
        own = message("/note", method="POST", body={"owner": "ann"}, bearer=token(sub="ann"))
        assert bound.send(own).status == 201
        assert bound.send(message("/rpc/who")).body == b'"anon"'
        assert read(bound.send(message("/note", bearer=token(sub="bob")))) == []
    assert run("SELECT owner FROM note") == [("ann",)]


def test_settings_of_one_request_do_not_reach_the_next(store, message, run):
    """A time zone that a read or a write asked for is its own, and so is its statement timeout."""
    run("""CREATE FUNCTION zone() RETURNS text LANGUAGE sql STABLE AS
      $$ SELECT current_setting('TimeZone') || current_setting('statement_timeout') $$""")
    run("CREATE FUNCTION slow() RETURNS text LANGUAGE sql STABLE AS 'SELECT zone()'")
    run("ALTER FUNCTION slow() SET statement_timeout = '7s'")
    wish = "timezone=Asia/Tokyo"
    with store.transaction() as bound:
        assert bound.send(message("/rpc/slow", prefer=wish)).body == b'"Asia/Tokyo7s"'
        assert bound.send(message("/rpc/zone")).body == b'"UTC3s"'
        assert bound.send(message("/film", method="POST", body=NEW, prefer=wish)).status == 201
        assert bound.send(message("/rpc/zone")).body == b'"UTC3s"'


@pytest.fixture
def granted(database):
    """A setting of a role that the API's login may set, and the role may not."""
    with database.connect_as_superuser() as connection:
        connection.execute("GRANT SET ON PARAMETER log_duration TO authenticator")
        connection.execute("ALTER ROLE service_role SET log_duration = on")
        yield
        connection.execute("ALTER ROLE service_role RESET log_duration")
        connection.execute("REVOKE SET ON PARAMETER log_duration FROM authenticator")


@pytest.mark.usefixtures("granted")
def test_settings_of_roles_are_set_by_the_login(store, message, token, run):
    """The role of the request before is left first: it may lack the right."""
    run("""CREATE FUNCTION logged() RETURNS text LANGUAGE sql STABLE AS
      $$ SELECT current_setting('log_duration') $$""")
    with store.transaction() as bound:
        own = message("/note", method="POST", body={"owner": "ann"}, bearer=token(sub="ann"))
        assert bound.send(own).status == 201
        asked = message("/rpc/logged", bearer=token("service_role"))
        assert bound.send(asked).body == b'"on"'


def test_a_read_that_writes_is_refused_inside_too(store, message, read, run):
    """A GET is READ ONLY in a transaction of several requests as well."""
    run("CREATE FUNCTION add() RETURNS void LANGUAGE sql AS 'DELETE FROM film'")
    with store.transaction() as bound:
        assert read(bound.send(message("/rpc/add")))["code"] == "25006"
    assert len(titles(run)) == 3


def test_blocks_nest(store, message, run):
    """An inner block that raises undoes its own requests only."""
    with store.transaction() as bound:
        bound.send(message("/film", method="POST", body=NEW))
        with pytest.raises(StopError), bound.transaction() as inner:  # noqa: PT012
            inner.send(message("/film", method="DELETE"))
            with inner.transaction() as innermost:
                innermost.send(message("/film", method="POST", body={"id": 10, "title": "ten"}))
            raise StopError
        with bound.transaction() as inner:
            inner.send(message("/film", "id=eq.1", method="DELETE"))
    assert titles(run) == ["two", "three", "nine"]


def test_a_refused_commit_is_raised(store, message, run):
    """A deferred constraint at the end of the block: the refusal is raised, nothing is written."""
    with pytest.raises(Refusal) as caught, store.transaction() as bound:
        bound.send(message("/part", method="POST", body={"id": 1, "film": 77}))
    assert (caught.value.code, caught.value.status) == ("23503", 409)
    assert run("SELECT * FROM part") == []
    assert store.send(message("/film")).status == 200


def test_a_connection_that_dies_inside(store, message, read, database, run):
    """The requests after it are refused, the block's end too; the store goes on."""
    run("CREATE FUNCTION pid() RETURNS int LANGUAGE sql STABLE AS 'SELECT pg_backend_pid()'")
    with pytest.raises(Refusal) as caught, store.transaction() as bound:  # noqa: PT012
        pid = read(bound.send(message("/rpc/pid")))
        with database.connect_as_superuser() as connection:
            connection.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        assert bound.send(message("/film")).status == 503
        assert bound.send(message("/film")).status == 503
    assert caught.value.status == 503
    assert store.send(message("/film")).status == 200


def test_tasks_have_transactions_too(settings_of, database, message, run):
    """The same in the other colour: committed, rolled back, nested, cancelled."""

    async def use():
        store = AsyncPostgresStore(settings_of(database, pool={"connections_max": 1}))
        async with store.transaction() as bound:
            assert (await bound.send(message("/film", method="POST", body=NEW))).status == 201
            with pytest.raises(StopError):  # noqa: PT012
                async with bound.transaction() as inner:
                    await inner.send(message("/film", method="DELETE"))
                    raise StopError
        with pytest.raises(StopError):  # noqa: PT012
            async with store.transaction() as bound:
                await bound.send(message("/film", method="DELETE"))
                raise StopError
        with pytest.raises(asyncio.CancelledError):  # noqa: PT012
            async with store.transaction() as bound:
                await bound.send(message("/film", method="DELETE"))
                raise asyncio.CancelledError
        status = (await store.send(message("/film"))).status
        await store.close()
        return status

    assert asyncio.run(use()) == 200
    assert titles(run) == ["one", "two", "three", "nine"]
