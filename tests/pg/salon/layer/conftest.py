"""Three databases with the same rows, and the ways to them: two colours of three backends."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx
import psycopg
import pytest
from supabase import AsyncClientOptions, ClientOptions, create_async_client, create_client

sys.path.insert(0, str(Path(__file__).parent))

from gateway_process import SECRET_KEY, GatewayProcess, gateway_process, token
from layer_way import KEYS, URL, Books, Way, clock

import changeover
from changeover.embedded import Database
from salon import sample, schema
from salon.layer import AsyncDataLayer, DataLayer

EXTRA = Path(__file__).with_name("layer_extra.sql")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """What the tests of the data layer stand on.

    Attributes:
        gateway: It plays Supabase, before the source.
        source: What the gateway answers from: 16, the source's schema.
        transport: What the official client is answered from in the process: 18, the target's.
        repositories: What repositories ask: the same again.
    """

    gateway: GatewayProcess
    source: Books
    transport: Books
    repositories: Books


def _fill(database: Database, create) -> Books:
    with psycopg.connect(database.dsn) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        create(connection)
        sample.load(connection)
        connection.execute(EXTRA.read_bytes())
    return Books(database)


def _create_target(connection):
    schema.create_target(connection)
    schema.create_history_partitions(connection, sample.MESSAGES_FROM)


@pytest.fixture(scope="session")
def scene(source_template, target_templates, tmp_path_factory) -> Iterator[Scene]:
    """The three databases; what one test writes stays, on all of them."""
    empty = target_templates[True, True]
    databases = (
        source_template.clone("layer_source"),
        empty.clone("layer_transport"),
        empty.clone("layer_repositories"),
    )
    source, transport, repositories = (
        _fill(databases[0], schema.create_source),
        _fill(databases[1], _create_target),
        _fill(databases[2], _create_target),
    )
    directory = tmp_path_factory.mktemp("layer_gateway")
    settings = {"PGRST_DB_MAX_ROWS": "1000"}
    dsn = databases[0].dsn_of("authenticator")
    with gateway_process(dsn, directory, settings=settings) as gateway:
        yield Scene(gateway=gateway, source=source, transport=transport, repositories=repositories)
    for books, database in zip((source, transport, repositories), databases, strict=True):
        books.connection.close()
        database.drop()


@pytest.fixture(scope="session")
def ways(scene) -> Iterator[list[Way]]:
    """The three ways, blocking."""
    with ExitStack() as after:
        far = after.enter_context(httpx.Client(timeout=30, trust_env=False))
        near = after.enter_context(changeover.http_client(scene.transport.database.dsn, keys=KEYS))
        database = after.enter_context(changeover.connect(scene.repositories.database.dsn))
        layers = (
            DataLayer.over_client(
                create_client(
                    scene.gateway.url, token("service_role"), ClientOptions(httpx_client=far)
                ),
                clock=clock,
            ),
            DataLayer.over_client(
                create_client(URL, SECRET_KEY, ClientOptions(httpx_client=near)), clock=clock
            ),
            DataLayer.over_repositories(database, clock=clock),
        )
        yield _named(scene, [after.enter_context(layer) for layer in layers])


@pytest.fixture(scope="session")
def awaited_ways(scene) -> Iterator[list[Way]]:
    """The three ways, awaited."""
    loop = asyncio.new_event_loop()
    far = httpx.AsyncClient(timeout=30, trust_env=False)
    near = changeover.async_http_client(scene.transport.database.dsn, keys=KEYS)
    database = changeover.connect_async(scene.repositories.database.dsn)

    async def made():
        over_gateway = await create_async_client(
            scene.gateway.url, token("service_role"), AsyncClientOptions(httpx_client=far)
        )
        over_transport = await create_async_client(
            URL, SECRET_KEY, AsyncClientOptions(httpx_client=near)
        )
        return [
            AsyncDataLayer.over_client(over_gateway, clock=clock),
            AsyncDataLayer.over_client(over_transport, clock=clock),
            AsyncDataLayer.over_repositories(database, clock=clock),
        ]

    async def end():
        await far.aclose()
        await near.shutdown()
        await database.close()

    yield _named(scene, loop.run_until_complete(made()), loop)
    loop.run_until_complete(end())
    loop.close()


def _named(scene: Scene, layers, loop=None) -> list[Way]:
    names = ("client over the gateway", "client over the transport", "repositories")
    books = (scene.source, scene.transport, scene.repositories)
    return [
        Way(name=name, layer=layer, books=own, loop=loop)
        for name, layer, own in zip(names, layers, books, strict=True)
    ]
