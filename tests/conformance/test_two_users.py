"""Two users whose requests alternate on one connection see their own rows only."""

import json
import random

import pytest
from suite.case import Sent
from suite.preset import configuration
from suite.way import open_store

REQUESTS = 10_000
USERS = ("u1", "u2")
TOKENS = {user: {"role": "member", "sub": user} for user in USERS}


def sent(user, method, target, **more):
    """Return a request of a user."""
    return Sent(method=method, target=target, claims=TOKENS[user], **more)


def read(user, chance):
    """Return a request that reads notes, one way or another."""
    target = chance.choice(
        (
            "/note?select=owner",
            "/note?select=owner&id=lt.99",
            "/note?select=owner&or=(owner.eq.u1,owner.eq.u2)",
            "/note?select=owner&order=id.desc&limit=5",
        )
    )
    return sent(user, "GET", target)


def change(user, chance):
    """Return a request that would change everybody's notes and returns what it has changed."""
    prefer = (("Prefer", "return=representation"),)
    if chance.random() < 0.5:
        return sent(user, "DELETE", "/note?select=owner", headers=prefer)
    body = {"body": user}
    return sent(user, "PATCH", "/note?select=owner", headers=prefer, body=body)


def whose(user, chance):
    """Return a request that says who is asking."""
    return sent(user, "GET", "/rpc/setting?name=request.jwt.claims")


def refused(user, chance):
    """Return a request that fails on the way, so that its transaction is broken off."""
    other = USERS[1 - USERS.index(user)]
    return sent(user, "POST", "/note", body={"id": chance.randint(100, 999), "owner": other})


@pytest.fixture
def send(conformance_database, tmp_path):
    """A function that sends over the only connection of a store."""
    given = configuration("plain") | {
        "db-uri": conformance_database.dsn_of("connector"),
        "db-pool": "1",
    }
    with open_store(given, tmp_path) as way:
        yield way


def test_nobody_sees_the_rows_of_the_other(send):
    """10,000 interleaved requests of two users over one connection: each gets its own rows."""
    chance = random.Random(20260101)  # noqa: S311 - no secret is made of it
    kinds = (read, read, read, change, whose, refused)
    counts = dict.fromkeys(USERS, 0)
    for _ in range(REQUESTS):
        user, kind = chance.choice(USERS), chance.choice(kinds)
        reply = send(kind(user, chance))
        found = json.loads(reply.body)
        if kind is whose:
            assert json.loads(found)["sub"] == user
        elif kind is refused:
            assert (reply.status, found["code"]) == (403, "42501")
        else:
            assert reply.status == 200
            assert {row["owner"] for row in found} == {user}
            counts[user] += len(found)
    assert all(counts.values())


def test_an_anonymous_request_between_them_is_no_user(send):
    """Nothing of a user's request is left for the anonymous one that follows on the connection."""
    for _ in range(50):
        assert send(sent("u1", "GET", "/note?select=id")).status == 200
        anonymous = send(Sent(method="GET", target="/rpc/setting?name=request.jwt.claims"))
        assert json.loads(json.loads(anonymous.body)) == {"role": "visitor"}
        assert send(Sent(method="GET", target="/note")).status == 401
