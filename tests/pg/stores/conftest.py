"""Stores over a database that looks like the platform's."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import jwt
import pytest

from changeover.engine.message import Message, Reply
from changeover.engine.settings import ApiSettings
from changeover.model.secret import Secret
from changeover.stores.counter import StoreSettings
from changeover.stores.key import KeySettings
from changeover.stores.pool import PoolSettings
from changeover.stores.postgres import PostgresStore

TEXT_SECRET = "a text secret of more than 32 bytes"  # noqa: S105 - made up
SCHEMA = """
CREATE TABLE film (id int PRIMARY KEY, title text NOT NULL);
INSERT INTO film VALUES (1, 'one'), (2, 'two'), (3, 'three');
CREATE TABLE note (id serial PRIMARY KEY, owner text, body text);
ALTER TABLE note ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON note TO authenticated
  USING (owner = current_setting('request.jwt.claims')::json ->> 'sub')
  WITH CHECK (owner = current_setting('request.jwt.claims')::json ->> 'sub');
CREATE TABLE hidden (id int);
CREATE TABLE part (id int PRIMARY KEY, film int NOT NULL
  REFERENCES film DEFERRABLE INITIALLY DEFERRED);
GRANT ALL ON film, part TO anon, authenticated;
GRANT ALL ON note TO authenticated;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO anon, authenticated;
REVOKE ALL ON hidden FROM PUBLIC, anon, authenticated;
"""


@pytest.fixture
def database(source_database):
    """A database with a few tables, one of them with a policy."""
    with source_database.connect() as connection:
        connection.execute(SCHEMA)
    return source_database


@pytest.fixture
def run(database) -> Callable[..., list[Any]]:
    """A function that runs SQL as the owner and returns rows, if there are any."""

    def run_on(text, values=None):
        with database.connect() as connection:
            cursor = connection.execute(text, values)
            return cursor.fetchall() if cursor.description else []

    return run_on


def _settings_of(database, *, pool=None, keys=None, channel="pgrst", **api) -> StoreSettings:
    """Return the settings of a store that logs in as the platform's API does."""
    return StoreSettings(
        pool=PoolSettings(dsn=Secret(database.dsn_of("authenticator")), **(pool or {})),
        api=ApiSettings(**api),
        keys=KeySettings(
            **{"anonymous_role": "anon", "jwt_secret": Secret(TEXT_SECRET), **(keys or {})}
        ),
        channel=channel,
    )


@pytest.fixture
def make_store(database) -> Iterator[Callable[..., PostgresStore]]:
    """A function that returns a store; all are closed after the test."""
    with ExitStack() as after:

        def make(**settings) -> PostgresStore:
            store = PostgresStore(_settings_of(database, **settings))
            after.callback(store.close)
            return store

        yield make


@pytest.fixture
def store(make_store) -> PostgresStore:
    """A store as it is by default."""
    return make_store()


def _token(role="authenticated", **claims) -> str:
    """Return a token for a role."""
    return jwt.encode({"role": role, **claims}, TEXT_SECRET, algorithm="HS256")


def _message(path, query="", *, method="GET", body=None, bearer=None, **headers) -> Message:
    """Return a message; a body that is no text becomes JSON."""
    own = [(name.replace("_", "-"), value) for name, value in headers.items()]
    if bearer is not None:
        own.append(("authorization", f"Bearer {bearer}"))
    if body is None:
        return Message(method=method, path=path, query=query, headers=tuple(own))
    if "content_type" not in headers:
        own.append(("content-type", "application/json"))
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(method=method, path=path, query=query, headers=tuple(own), body=text.encode())


def _read(reply: Reply) -> Any:
    """Return a body as JSON."""
    return json.loads(reply.body)


def _wait_until(claim: Callable[[], Any], limit_s: float = 20.0) -> Any:
    """Wait until something holds and return it; a condition, not a time, ends the wait."""
    end = time.monotonic() + limit_s
    while not (found := claim()):
        assert time.monotonic() < end, "what was waited for did not come"
        time.sleep(0.01)
    return found


@pytest.fixture
def settings_of():
    """A function that returns the settings of a store."""
    return _settings_of


@pytest.fixture
def token():
    """A function that returns a token for a role."""
    return _token


@pytest.fixture
def message():
    """A function that returns a message."""
    return _message


@pytest.fixture
def read():
    """A function that returns a body as JSON."""
    return _read


@pytest.fixture
def wait_until():
    """A function that waits until something holds."""
    return _wait_until
