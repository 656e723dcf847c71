"""The store that the gateway serves, and how it is watched."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

import psycopg

from changeover.engine.message import Message, Reply
from changeover.gateway.setup import Setup
from changeover.model.errors import CannotConnectError
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import AsyncPostgresStore


class Backend:
    """PostgreSQL as one worker reaches it."""

    def __init__(self, setup: Setup, reload_configuration: Callable[[], None]) -> None:
        """Start to read the catalog; messages wait for it.

        Args:
            setup: How it is run.
            reload_configuration: Called in another thread when the database asks for it.
        """
        self._pool = setup.pool
        self._settings = StoreSettings(
            pool=setup.pool, api=setup.api, keys=setup.keys, channel=setup.channel or None
        )
        self._store = AsyncPostgresStore(self._settings, reload_configuration=reload_configuration)
        self._store.open()

    async def send(self, message: Message) -> Reply:
        """Answer a message."""
        return await self._store.send(message)

    async def is_ready(self) -> bool:
        """Return whether the catalog is loaded and the database takes a login now.

        A connection of its own: that all of the pool's are busy is no reason to be sent away.
        """
        if self._store.desk is None:
            return False
        try:
            arguments = self._pool.connect_arguments("ready")
            async with await psycopg.AsyncConnection.connect(
                self._pool.dsn.reveal(), **arguments
            ) as connection:
                await connection.execute("SELECT 1")
        except psycopg.Error:
            return False
        return True

    def standing(self) -> Mapping[str, Any]:
        """Return what `/ready` says beside that it is ready; nothing where nothing is routed."""
        return {}

    async def reload(self) -> None:
        """Read the catalog again; return when that is done.

        Raises:
            CannotConnectError: If it can't be read; what was read before serves on, if anything.
        """
        if not await self._store.reload():
            raise CannotConnectError(
                "the catalog can't be read", hint="see whether the database answers"
            )

    async def close(self) -> None:
        """Close all connections."""
        await self._store.close()


def in_loop(loop: asyncio.AbstractEventLoop, act: Callable[[], None]) -> Callable[[], None]:
    """Return a function for other threads that runs an act in the loop, if it still runs."""

    def ask() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(act)

    return ask
