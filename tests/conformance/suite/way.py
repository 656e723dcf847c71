"""Opening what answers: a store in this process, or the gateway's process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from changeover.engine.message import Reply
from changeover.gateway.postgrest_configuration import Given, configure
from changeover.stores.postgres import PostgresStore
from suite.case import Sent
from suite.sender import Send, message_of


@contextmanager
def open_store(given: Mapping[str, str], directory: Path) -> Iterator[Send]:
    """Give a function that sends to a store in this process."""
    setup = configure(Given(file=given), Path.read_text)
    store = PostgresStore(pool=setup.pool, settings=setup.api, keys=setup.keys)

    def send(sent: Sent) -> Reply:
        return store.send(message_of(sent))

    try:
        yield send
    finally:
        store.close()


@contextmanager
def open_gateway(given: Mapping[str, str], directory: Path) -> Iterator[Send]:
    """Give a function that sends to a gateway's process."""
    raise NotImplementedError
    yield
