"""Two databases with the WhatsApp tables, and the ways to them."""

import asyncio
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from supabase import AsyncClientOptions, ClientOptions, create_async_client, create_client

sys.path.insert(0, str(Path(__file__).parent))

from whatsapp_clock import Clock
from whatsapp_fault import forgive
from whatsapp_way import KEY, KEYS, NAMES, URL, Way

import changeover
from changeover.embedded import Database
from salon import schema


@pytest.fixture(scope="session")
def whatsapp_databases(source_template, target_templates) -> Iterator[dict[str, Database]]:
    """What the official client asks, as on the source, and what repositories ask, the target's."""
    found = {
        "client": source_template.clone("whatsapp_source"),
        "repositories": target_templates[True, True].clone("whatsapp_target"),
    }
    for name, create in (
        ("client", schema.create_source),
        ("repositories", schema.create_target),
    ):
        with found[name].connect() as connection:
            create(connection)
    yield found
    for database in found.values():
        database.drop()


@pytest.fixture(scope="session")
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    """The loop of the asynchronous ways."""
    loop = asyncio.new_event_loop()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def reached(whatsapp_databases, loop) -> Iterator[dict[str, Any]]:
    """What stores are made over, by the name of the way."""
    source, target = whatsapp_databases["client"].dsn, whatsapp_databases["repositories"].dsn
    near = changeover.http_client(source, keys=KEYS)
    near_awaited = changeover.async_http_client(source, keys=KEYS)
    database = changeover.connect(target)
    database_awaited = changeover.connect_async(target)
    options = AsyncClientOptions(httpx_client=near_awaited)
    yield {
        "repositories": database,
        "repositories awaited": database_awaited,
        "client": create_client(URL, KEY, ClientOptions(httpx_client=near)),
        "client awaited": loop.run_until_complete(create_async_client(URL, KEY, options)),
    }
    near.shutdown()
    loop.run_until_complete(near_awaited.shutdown())
    database.close()
    loop.run_until_complete(database_awaited.close())


@pytest.fixture
def make_way(whatsapp_databases, reached, loop):
    """A function that returns a way by its name; what it leaves behind is undone."""
    opened = []

    def make(name: str) -> Way:
        database = whatsapp_databases[name.split(maxsplit=1)[0]]
        connection = psycopg.connect(database.dsn, autocommit=True)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("TRUNCATE whatsapp_auth, whatsapp_keys")
        opened.append(
            Way(
                name=name,
                database=database,
                sql=connection,
                clock=Clock(),
                loop=loop,
                reached=reached[name],
            )
        )
        return opened[-1]

    yield make
    for way in opened:
        forgive(way)
        way.sql.close()


@pytest.fixture(params=NAMES)
def way(request, make_way) -> Way:
    """Each of the four ways."""
    return make_way(request.param)


@pytest.fixture(params=["repositories", "client"])
def blocking(request, make_way) -> Way:
    """The ways that threads may use."""
    return make_way(request.param)
