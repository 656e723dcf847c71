"""Row level security on connections that everybody shares."""

import random
from concurrent.futures import ThreadPoolExecutor

import pytest

USERS = ("ann", "bob")


@pytest.fixture
def notes(run):
    """A note of each user."""
    for user in USERS:
        run("INSERT INTO note (owner, body) VALUES (%s, %s)", (user, f"of {user}"))


def strangers(store, message, token, read, *, count, seed):
    """Ask as either user in random order; return the rows that were not the asker's."""
    choice = random.Random(seed)  # noqa: S311 - a repeatable order, no secret
    bearers = {user: token(sub=user) for user in USERS}
    found = []
    for _ in range(count):
        user = choice.choice(USERS)
        rows = read(store.send(message("/note", "select=owner", bearer=bearers[user])))
        if rows != [{"owner": user}]:
            found.append((user, rows))
        if choice.random() < 0.05:
            reply = store.send(message("/note"))
            if reply.body != b"[]":
                found.append(("anon", reply.body))
    return found


@pytest.mark.usefixtures("notes")
def test_nobody_sees_anothers_rows_on_one_connection(make_store, message, token, read):
    """Two users, and nobody, on one connection, interleaved."""
    store = make_store(pool={"connections_max": 1})
    assert strangers(store, message, token, read, count=2_000, seed=1) == []


@pytest.mark.nightly
@pytest.mark.usefixtures("notes")
def test_nobody_sees_anothers_rows_in_many_requests(make_store, message, token, read):
    """The same with 10,000 requests from four threads."""
    store = make_store(pool={"connections_max": 1, "acquisition_timeout_s": 60})

    def ask(seed):
        return strangers(store, message, token, read, count=2_500, seed=seed)

    with ThreadPoolExecutor(4) as threads:
        assert [one for found in threads.map(ask, range(4)) for one in found] == []


@pytest.mark.usefixtures("notes")
def test_nobody_writes_anothers_rows(store, message, token, read, run):
    """A row for another user is refused, another's row is not found."""
    bearer = token(sub="ann")
    reply = store.send(message("/note", method="POST", body={"owner": "bob"}, bearer=bearer))
    assert (reply.status, read(reply)["code"]) == (403, "42501")
    body = {"body": "taken"}
    store.send(message("/note", "owner=eq.bob", method="PATCH", body=body, bearer=bearer))
    assert run("SELECT body FROM note WHERE owner = 'bob'") == [("of bob",)]
