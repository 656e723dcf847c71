"""Opening what answers: a store in this process, or the gateway's process."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, Self

from gateway_process import gateway_process

from changeover.engine.message import Reply
from changeover.gateway.postgrest_configuration import Given, configure
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import PostgresStore
from suite.case import Sent
from suite.preset import configuration
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


OPENERS: Final = {"store": open_store, "gateway": open_gateway}


class Ways:
    """The ways to an answer by transport and profile: opened when first used, then kept."""

    def __init__(self, dsn: str, directory: Path) -> None:
        """Open nothing yet.

        Args:
            dsn: The role that may become the others.
            directory: Where gateways keep what they write.
        """
        self._dsn = dsn
        self._directory = directory
        self._opened: dict[tuple[str, str], Send] = {}
        self._after = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._after.close()

    def to(self, transport: str, profile: str) -> Send:
        """Return a function that sends.

        Args:
            transport: `store` or `gateway`.
            profile: The configuration.
        """
        known = self._opened.get((transport, profile))
        if known is None:
            directory = self._directory / f"{transport}-{profile}"
            directory.mkdir()
            given = configuration(profile) | {"db-uri": self._dsn}
            known = self._after.enter_context(OPENERS[transport](given, directory))
            self._opened[transport, profile] = known
        return known
