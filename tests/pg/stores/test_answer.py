"""Answers and errors of a store, and what became of the rows."""

import json

import pytest

from changeover.engine.settings import TransactionEnd

OBJECT = "application/vnd.pgrst.object+json"
NEW = {"id": 9, "title": "nine"}


def titles(run):
    """Return the titles of all films."""
    return [title for (title,) in run("SELECT title FROM film ORDER BY id")]


def test_a_read_is_answered(store, message):
    """Rows come as the server's JSON text, with the role beside them for the log."""
    reply = store.send(message("/film", "id=eq.2"))
    assert (reply.status, reply.body, reply.role) == (200, b'[{"id":2,"title":"two"}]', "anon")


def test_head_has_no_body_even_when_refused(store, message):
    """The headers of a HEAD tell the error; there is no body."""
    reply = store.send(message("/nowhere", method="HEAD"))
    assert (reply.status, reply.body) == (404, b"")
    assert ("Proxy-Status", "PostgREST; error=PGRST205") in reply.headers


def test_a_write_is_committed(store, message, run):
    """201, and the row is there."""
    assert store.send(message("/film", method="POST", body=NEW)).status == 201
    assert titles(run) == ["one", "two", "three", "nine"]


def test_a_refusal_after_the_statement_writes_nothing(store, message, read, run):
    """A singular answer of two rows is PGRST116, and both rows stay as they were."""
    asked = message(
        "/film", "id=lt.3", method="PATCH", body={"title": "x"},
        prefer="return=representation", accept=OBJECT,
    )  # fmt: skip
    reply = store.send(asked)
    assert (reply.status, read(reply)["code"]) == (406, "PGRST116")
    assert titles(run) == ["one", "two", "three"]


def test_a_singular_write_is_committed(store, message, run):
    """Where the answer may be refused, COMMIT waits for it, and comes."""
    asked = message(
        "/film", "id=eq.1", method="PATCH", body={"title": "x"},
        prefer="return=representation", accept=OBJECT,
    )  # fmt: skip
    assert json.loads(store.send(asked).body) == {"id": 1, "title": "x"}
    assert titles(run) == ["x", "two", "three"]


@pytest.mark.parametrize("accept", ["*/*", OBJECT])
def test_an_error_at_commit_is_the_answer(accept, store, message, read, run):
    """A deferred constraint fails at COMMIT: 409, nothing written, and the store goes on."""
    asked = message(
        "/part", method="POST", body={"id": 1, "film": 77}, accept=accept,
        prefer="return=representation",
    )  # fmt: skip
    reply = store.send(asked)
    assert (reply.status, read(reply)["code"]) == (409, "23503")
    assert run("SELECT * FROM part") == []
    assert store.send(message("/film")).status == 200


@pytest.mark.parametrize(
    ("end", "prefer", "is_kept"),
    [
        (TransactionEnd.COMMIT, "tx=rollback", True),
        (TransactionEnd.COMMIT_ALLOW_OVERRIDE, "tx=rollback", False),
        (TransactionEnd.COMMIT_ALLOW_OVERRIDE, "tx=commit", True),
        (TransactionEnd.ROLLBACK, "tx=commit", False),
        (TransactionEnd.ROLLBACK_ALLOW_OVERRIDE, "return=minimal", False),
        (TransactionEnd.ROLLBACK_ALLOW_OVERRIDE, "tx=commit", True),
    ],
)
def test_a_transaction_ends_as_configured(  # noqa: PLR0917
    end, prefer, is_kept, make_store, message, run
):
    """`db-tx-end` and Prefer tx: the answer is as if committed."""
    store = make_store(transaction_end=end)
    for number, accept in ((8, "*/*"), (9, OBJECT)):
        asked = message(
            "/film", method="POST", body={"id": number, "title": "new"},
            prefer=f"{prefer},return=representation", accept=accept,
        )  # fmt: skip
        assert store.send(asked).status == 201
    assert titles(run).count("new") == (2 if is_kept else 0)


def test_a_rollback_checks_deferred_constraints(make_store, message, read):
    """Before it rolls back it asks what COMMIT would have said."""
    store = make_store(transaction_end=TransactionEnd.ROLLBACK)
    reply = store.send(message("/part", method="POST", body={"id": 1, "film": 77}))
    assert (reply.status, read(reply)["code"]) == (409, "23503")


def test_the_servers_words_are_the_answer(store, message, read):
    """Code, message, details and hint go on unchanged."""
    reply = store.send(message("/film", method="POST", body={"id": 1, "title": "x"}))
    assert reply.status == 409
    assert read(reply) == {
        "code": "23505",
        "details": "Key (id)=(1) already exists.",
        "hint": None,
        "message": 'duplicate key value violates unique constraint "film_pkey"',
    }


def test_a_missing_right_is_401_or_403(store, message, token, read):
    """The anonymous are asked for a token, others are told that it is not theirs."""
    reply = store.send(message("/hidden"))
    assert (reply.status, read(reply)["code"]) == (401, "42501")
    assert ("WWW-Authenticate", "Bearer") in reply.headers
    assert store.send(message("/hidden", bearer=token())).status == 403


def test_a_role_that_is_not_there_is_401(store, message, token, read):
    """A token of an unknown role is 401, of a role that we may not become 403."""
    reply = store.send(message("/film", bearer=token("nobody_knows")))
    assert (reply.status, read(reply)["message"]) == (401, 'role "nobody_knows" does not exist')
    reply = store.send(message("/film", bearer=token("postgres")))
    assert (reply.status, read(reply)["code"]) == (403, "42501")


def test_a_read_that_writes_is_405(store, message, read, run):
    """GET of a function that writes: the server refuses it."""
    run("CREATE FUNCTION add() RETURNS void LANGUAGE sql AS $$ DELETE FROM film $$")
    reply = store.send(message("/rpc/add"))
    assert (reply.status, read(reply)["code"]) == (405, "25006")
    assert len(titles(run)) == 3


def test_a_statement_that_takes_too_long_is_ended(store, message, read, run):
    """`statement_timeout` of the function: 57014, and the connection goes on."""
    run("CREATE FUNCTION nap() RETURNS void LANGUAGE sql AS 'SELECT pg_sleep(30)'")
    run("ALTER FUNCTION nap() SET statement_timeout = '50ms'")
    reply = store.send(message("/rpc/nap", method="POST", body={}))
    assert (reply.status, read(reply)["code"]) == (500, "57014")
    assert store.send(message("/film")).status == 200


def test_sql_may_make_the_answer(store, message, run):
    """RAISE SQLSTATE 'PGRST' is the answer as SQL wrote it."""
    run("""CREATE FUNCTION odd() RETURNS void LANGUAGE plpgsql AS $$ BEGIN
      RAISE SQLSTATE 'PGRST' USING
        MESSAGE = '{"code":"1","message":"m","details":"d","hint":"h"}',
        DETAIL = '{"status":332,"status_text":"Odd","headers":{"X-A":"b"}}'; END $$""")
    reply = store.send(message("/rpc/odd", method="POST", body={}))
    assert (reply.status, reply.reason) == (332, "Odd")
    assert reply.body == b'{"code":"1","details":"d","hint":"h","message":"m"}'
    assert ("X-A", "b") in reply.headers


def test_an_error_may_be_terse(make_store, message):
    """`client-error-verbosity=minimal` leaves code and message, of the server's errors too."""
    store = make_store(is_minimal=True)
    reply = store.send(message("/film", "id=eq.x"))
    assert list(json.loads(reply.body)) == ["code", "message"]
    assert list(json.loads(store.send(message("/nowhere")).body)) == ["code", "message"]


@pytest.mark.parametrize("where", ["value", "header", "path"])
def test_a_nul_is_refused(where, store, message, read):
    """A NUL is no text of the server's: 22021, and nothing is cut in silence."""
    asked = {
        "value": message("/film", "title=eq.a%00b"),
        "header": message("/film", bearer=None, prefer="timezone=UTC\0"),
        "path": message("/rpc/%00"),
    }[where]
    reply = store.send(asked)
    assert 400 <= reply.status < 500
    if where != "path":
        assert read(reply)["code"] == "22021"


def test_a_planned_count_is_the_planners(store, message, run):
    """Prefer count=planned comes from EXPLAIN, in the same round trip."""
    run("ANALYZE film")
    reply = store.send(message("/film", "limit=1", prefer="count=planned"))
    assert (reply.status, dict(reply.headers)["Content-Range"]) == (206, "0-0/3")


def test_rows_in_any_number_are_carried(store, message, read, run):
    """A body of a few megabytes goes there and back."""
    rows = [{"id": at, "title": "x" * 200} for at in range(100, 10_100)]
    asked = message("/film", method="POST", body=rows, prefer="return=representation")
    assert read(store.send(asked)) == rows
    assert run("SELECT count(*) FROM film WHERE id >= 100") == [(10_000,)]


@pytest.mark.parametrize("is_pooled", [False, True])
def test_prepared_or_not_the_answers_are_equal(is_pooled, make_store, message):
    """The same request over and over: unprepared, being prepared, prepared."""
    store = make_store(pool={"is_pooled": is_pooled, "connections_max": 1})
    bodies = {store.send(message("/film", "id=eq.3")).body for _ in range(9)}
    assert bodies == {b'[{"id":3,"title":"three"}]'}
    session = store._pool.take()
    count = session.pgconn.exec_(b"SELECT count(*) FROM pg_prepared_statements").get_value(0, 0)
    store._pool.give(session)
    assert (int(count) > 0) is not is_pooled


def test_statements_are_prepared_anew_after_a_change(make_store, message, read, run, wait_until):
    """A column of another type: what was prepared for the old one is forgotten."""
    store = make_store(pool={"connections_max": 1})
    for _ in range(4):
        assert store.send(message("/film", "id=eq.2")).status == 200
    old = store.desk
    run("DROP TABLE part")
    run("ALTER TABLE film ALTER id TYPE text")
    run("NOTIFY pgrst")
    wait_until(lambda: store.desk is not old)
    assert read(store.send(message("/film", "id=eq.2"))) == [{"id": "2", "title": "two"}]


def test_old_prepared_statements_make_room(make_store, message, monkeypatch):
    """No more than so many are kept; the one that was not used for longest goes."""
    monkeypatch.setattr("changeover.stores.session.PREPARED_MAX", 8)
    store = make_store(pool={"connections_max": 1, "prepare_threshold": 1})
    for at in range(40):
        assert store.send(message("/film", f"select=a{at}:id&id=eq.1")).status == 200
    session = store._pool.take()
    count = session.pgconn.exec_(b"SELECT count(*) FROM pg_prepared_statements").get_value(0, 0)
    store._pool.give(session)
    assert int(count) <= 8


def test_discarded_statements_are_prepared_again(make_store, message, read, run):
    """Somebody discards them: one request fails before it ran, the next is answered."""
    run("CREATE FUNCTION pid() RETURNS int LANGUAGE sql STABLE AS 'SELECT pg_backend_pid()'")
    store = make_store(pool={"connections_max": 1})
    for _ in range(4):
        store.send(message("/film", "id=eq.1"))
    session = store._pool.take()
    session.pgconn.exec_(b"DEALLOCATE ALL")
    store._pool.give(session)
    assert read(store.send(message("/film", "id=eq.1")))["code"] == "26000"
    assert store.send(message("/film", "id=eq.1")).status == 200
