"""Opening what answers: a store in this process, or the gateway's process."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from gateway_process import gateway_process

from changeover.engine.message import Reply
from changeover.gateway.postgrest_configuration import Given, configure
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import PostgresStore
from suite.case import Sent
from suite.sender import HttpSender, Send, message_of

OWN: Final = "app.settings."


@contextmanager
def open_store(given: Mapping[str, str], directory: Path) -> Iterator[Send]:
    """Give a function that sends to a store in this process."""
    setup = configure(Given(file=given), Path.read_text)
    store = PostgresStore(
        StoreSettings(
            pool=setup.pool, api=setup.api, keys=setup.keys, channel=setup.channel or None
        )
    )

    def send(sent: Sent) -> Reply:
        return store.send(message_of(sent))

    try:
        yield send
    finally:
        store.close()


def environment(given: Mapping[str, str]) -> dict[str, str]:
    """Return a configuration as names of the environment."""
    return {
        "PGRST_APP_SETTINGS_" + name.removeprefix(OWN)
        if name.startswith(OWN)
        else "PGRST_" + name.upper().replace("-", "_"): value
        for name, value in given.items()
    }


@contextmanager
def open_gateway(given: Mapping[str, str], directory: Path) -> Iterator[Send]:
    """Give a function that sends to a gateway's process."""
    settings = environment({name: value for name, value in given.items() if name != "db-uri"})
    with gateway_process(given["db-uri"], directory, settings=settings) as process:
        yield HttpSender(process.url)
