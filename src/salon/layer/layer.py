"""`DataLayer` and `AsyncDataLayer`: the 21 methods over one of two backends."""

import datetime as dt
from collections.abc import Callable
from types import TracebackType
from typing import TYPE_CHECKING, Self

from changeover import AsyncDatabase, Database
from salon.layer.call import Awaited, AwaitedShape, Blocking, BlockingShape
from salon.layer.client import ClientMethods
from salon.layer.company import CompanyMethods
from salon.layer.dialog import DialogMethods
from salon.layer.driver import AsyncBackend, AsyncDriver, Backend, Driver, Setup
from salon.layer.moment import now_utc
from salon.layer.over_repository import AsyncRepositoryBackend, RepositoryBackend
from salon.layer.service import ServiceMethods
from salon.layer.setting import Settings
from salon.layer.staff import StaffMethods
from salon.layer.visit import VisitMethods

if TYPE_CHECKING:
    from supabase import AsyncClient, Client

Clock = Callable[[], dt.datetime]


class Calls(
    DialogMethods, ClientMethods, VisitMethods, StaffMethods, ServiceMethods, CompanyMethods
):
    """The 21 methods."""


class Results(Calls, BlockingShape):
    """The 21 methods in the original result shape; they never raise."""

    def __init__(self, driver: Driver, setup: Setup) -> None:
        """Take what another layer runs on."""
        self.driver, self.setup = driver, setup


class AsyncResults(Calls, AwaitedShape):
    """`Results`, awaited."""

    def __init__(self, driver: AsyncDriver, setup: Setup) -> None:
        """Take what another layer runs on."""
        self.driver, self.setup = driver, setup


class DataLayer(Calls, Blocking):
    """The salon's data layer; make one with `over_client` or `over_repositories`.

    The same call gives the same result over both. It may be used by several threads. What it was
    made over is the caller's, and stays open.

    Attributes:
        results: The same 21 methods in the original result shape; they never raise.

    Raises:
        ChangeoverError: Every method may raise `salon.error.InvalidArgumentError`, before anything
            is asked, and Changeover's public errors of rows and connections.
    """

    def __init__(self, backend: Backend, setup: Setup) -> None:
        """Take a backend of your own."""
        self.setup = setup
        self.driver = Driver(backend, setup)
        self.results = Results(self.driver, setup)

    @classmethod
    def over_client(
        cls, client: "Client", *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> Self:
        """Return a layer over the official client.

        Args:
            client: Of Supabase, of a gateway, or with `changeover.http_client` as its HTTP client.
            settings: The limits.
            clock: The current moment, with its offset.
        """
        from salon.layer.over_client import ClientBackend  # noqa: PLC0415 - needs the client

        return cls(ClientBackend(client), _setup(settings, clock))

    @classmethod
    def over_repositories(
        cls, database: Database, *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> Self:
        """Return a layer over repositories.

        Args:
            database: Of `changeover.connect`.
            settings: The limits.
            clock: The current moment, with its offset.
        """
        return cls(RepositoryBackend(database), _setup(settings, clock))

    def close(self) -> None:
        """End the layer's idle threads."""
        self.driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class AsyncDataLayer(Calls, Awaited):
    """`DataLayer` for asyncio.

    Attributes:
        results: The same 21 methods in the original result shape; they never raise.
    """

    def __init__(self, backend: AsyncBackend, setup: Setup) -> None:
        """Take a backend of your own."""
        self.setup = setup
        self.driver = AsyncDriver(backend, setup)
        self.results = AsyncResults(self.driver, setup)

    @classmethod
    def over_client(
        cls, client: "AsyncClient", *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> Self:
        """Return a layer over the official asynchronous client; see `DataLayer.over_client`."""
        from salon.layer.over_client import AsyncClientBackend  # noqa: PLC0415 - needs the client

        return cls(AsyncClientBackend(client), _setup(settings, clock))

    @classmethod
    def over_repositories(
        cls, database: AsyncDatabase, *, settings: Settings | None = None, clock: Clock = now_utc
    ) -> Self:
        """Return a layer over asynchronous repositories, of `changeover.connect_async`."""
        return cls(AsyncRepositoryBackend(database), _setup(settings, clock))


def _setup(settings: Settings | None, clock: Clock) -> Setup:
    return Setup(settings=settings or Settings(), clock=clock)
