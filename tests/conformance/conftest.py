"""The suite's database, and both ways to an answer."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from suite.preset import configuration
from suite.scene import scene
from suite.sender import Send
from suite.way import open_gateway, open_store

from changeover.embedded import Database

OPENERS = {"store": open_store, "gateway": open_gateway}


@pytest.fixture(scope="session")
def conformance_database() -> Iterator[Database]:
    """The suite's database."""
    with scene() as database:
        yield database


@pytest.fixture(scope="session")
def owner_connection(conformance_database):
    """A connection that sees and may do everything."""
    with conformance_database.connect_as_superuser() as connection:
        yield connection


@pytest.fixture(scope="session")
def way_to(conformance_database, tmp_path_factory) -> Iterator[Callable[[str, str], Send]]:
    """A function that returns how requests are sent, by transport and profile; kept open."""
    opened: dict[tuple[str, str], Send] = {}
    dsn = conformance_database.dsn_of("connector")
    with ExitStack() as after:

        def way(transport: str, profile: str) -> Send:
            if (transport, profile) not in opened:
                given = configuration(profile) | {"db-uri": dsn}
                directory = tmp_path_factory.mktemp(f"{transport}-{profile}")
                opened[transport, profile] = after.enter_context(
                    OPENERS[transport](given, directory)
                )
            return opened[transport, profile]

        yield way
