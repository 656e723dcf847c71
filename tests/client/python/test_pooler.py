"""Every case of the official client through a PgBouncer in transaction mode."""

import asyncio
import tempfile
from contextlib import ExitStack
from pathlib import Path

import httpx
import psycopg
import pytest
from pooler import find_pooler, pooler
from test_calls import CASES
from way import AsyncWay, SyncWay

import changeover

WAYS = ("sync, in the process", "async, in the process", "gateway")
PINNED = ("TimeZone", "DateStyle", "IntervalStyle", "search_path", "role")


@pytest.fixture(scope="module")
def direct_dsn(client_database):
    """The connecting role's own way."""
    return client_database.dsn_of("authenticator")


@pytest.fixture(scope="module")
def pooled_dsn(direct_dsn):
    """The way of the connecting role through the pooler."""
    find_pooler()
    with tempfile.TemporaryDirectory(prefix="changeover-pooler-") as place:
        Path(place).chmod(0o755)
        with pooler(direct_dsn, Path(place)) as dsn:
            yield dsn


@pytest.fixture(scope="module")
def pooled_ways(pooled_dsn, make_http, make_async_http, open_gateway_at, scene):
    """The ways through the pooler, by name; each has more connections than the pooler."""
    pool = changeover.PoolSettings(
        dsn=changeover.Secret(pooled_dsn), connections_max=5, is_pooled=True
    )
    with ExitStack() as after, asyncio.Runner() as runner:
        url = after.enter_context(open_gateway_at(pooled_dsn, PGRST_DB_PREPARED_STATEMENTS="false"))
        http = after.enter_context(make_http(pool=pool))
        plain = after.enter_context(httpx.Client())
        made = []

        def make():
            made.append(make_async_http(pool=pool))
            return made[-1]

        known = "https://project.example"
        yield {
            WAYS[0]: SyncWay(http, known, scene.keys),
            WAYS[1]: AsyncWay(runner, make, known, scene.keys),
            WAYS[2]: SyncWay(plain, url, scene.keys),
        }
        for client in made:
            runner.run(client.shutdown())


@pytest.mark.parametrize("name", CASES)
def test_the_pooler_changes_no_answer(name, pooled_ways, ways, scene):
    """Status, headers and body are those of a direct connection, which SQL has vouched for."""
    scene.fill()
    direct = ways["sync, in the process"].run(CASES[name]).exchange
    for label, way in pooled_ways.items():
        scene.fill()
        assert way.run(CASES[name]).exchange == direct, label


def test_nothing_stays_on_the_poolers_connections(direct_dsn, pooled_dsn, pooled_ways, scene):
    """After all that a neighbour on the same pooler finds settings and role as they always are."""
    names = ", ".join(f"current_setting('{name}')" for name in PINNED)
    scene.fill()
    with psycopg.connect(direct_dsn, autocommit=True) as direct:
        usual = direct.execute(f"SELECT {names}").fetchone()
    for _ in range(12):
        for way in pooled_ways.values():
            way.run(next(iter(CASES.values())))
        with psycopg.connect(pooled_dsn, autocommit=True, prepare_threshold=None) as neighbour:
            assert neighbour.execute(f"SELECT {names}").fetchone() == usual
