"""The official Python client, by every way to the database."""

import asyncio
import sys
from contextlib import ExitStack
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parent))

from way import AsyncWay, SyncWay

import changeover
from changeover.engine.settings import TransactionEnd

URL = "https://project.example"
WAYS = ("sync, in the process", "async, in the process", "sync, gateway", "async, gateway")

# What the gateway of the tests is told by its configuration.
API = changeover.ApiSettings(
    schemas=("public", "archive"),
    extra_search_path=("public", "extensions"),
    rows_max=1000,
    has_aggregates=True,
    has_plans=True,
    transaction_end=TransactionEnd.COMMIT_ALLOW_OVERRIDE,
)


@pytest.fixture(scope="session")
def runner():
    """The loop of the clients that need one."""
    with asyncio.Runner() as runner:
        yield runner


def _arguments(database, secret, given):
    pool = given.pop("pool", None) or changeover.PoolSettings(
        dsn=changeover.Secret(database.dsn_of("authenticator")),
        connections_max=given.pop("connections_max", 4),
    )
    return {"pool": pool, "jwt_secret": secret, "api": API, **given}


@pytest.fixture(scope="session")
def make_http(client_database, secret):
    """A function that returns a blocking client's way into the process."""

    def make(database=client_database, **given):
        return changeover.http_client(**_arguments(database, secret, given))

    return make


@pytest.fixture(scope="session")
def make_async_http(client_database, secret):
    """A function that returns a loop's client's way into the process."""

    def make(database=client_database, **given):
        return changeover.async_http_client(**_arguments(database, secret, given))

    return make


@pytest.fixture(scope="session")
def http(make_http):
    """A way into the process that lasts."""
    with make_http() as http:
        yield http


@pytest.fixture(scope="session")
def make_ways(make_http, make_async_http, open_gateway, runner, scene):
    """A function that returns all ways to a database, by name; they last."""

    def make(database):
        url = after.enter_context(open_gateway(database))
        http = after.enter_context(make_http(database))
        plain = after.enter_context(httpx.Client())
        made = []

        def keep(client):
            made.append(client)
            return client

        def end():
            for client in made:
                runner.run(getattr(client, "shutdown", client.aclose)())

        after.callback(end)
        keys = scene.keys
        return dict(
            zip(
                WAYS,
                (
                    SyncWay(http, URL, keys),
                    AsyncWay(runner, lambda: keep(make_async_http(database)), URL, keys),
                    SyncWay(plain, url, keys),
                    AsyncWay(runner, lambda: keep(httpx.AsyncClient()), url, keys),
                ),
                strict=True,
            )
        )

    with ExitStack() as after:
        yield make


@pytest.fixture(scope="session")
def ways(make_ways, client_database):
    """Every way to the tests' database."""
    return make_ways(client_database)


@pytest.fixture(params=WAYS)
def way(request, ways):
    """One way after the other."""
    return ways[request.param]
