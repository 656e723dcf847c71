"""The ways from the official client to the database, and what was heard on each."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx
from postgrest import APIError
from python_case import NOTHING, ApiFailure, Case
from supabase import (
    AsyncClientOptions,
    ClientOptions,
    create_async_client,
    create_client,
)

# What a server on a socket adds, and the process has no use for.
OF_THE_SOCKET = {"connection", "date", "keep-alive", "server", "transfer-encoding"}


@dataclass(frozen=True, slots=True)
class Exchange:
    """What came back, before the client read it."""

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


def heard(response: httpx.Response) -> Exchange:
    """Return what a response says, without what belongs to its socket."""
    return Exchange(
        status=response.status_code,
        reason=response.reason_phrase,
        headers=tuple(
            sorted(
                (name, value)
                for name, value in response.headers.multi_items()
                if name not in OF_THE_SOCKET
            )
        ),
        body=response.content,
    )


@dataclass(frozen=True, slots=True)
class Answer:
    """What the client returned or raised, and the exchange behind it."""

    data: Any
    count: int | None
    failure: ApiFailure | None
    exchange: Exchange


def _answer(result: Any, exchange: Exchange) -> Answer:
    if result is None:
        return Answer(NOTHING, None, None, exchange)
    if isinstance(result, str):  # a plan in words
        return Answer(result, None, None, exchange)
    return Answer(result.data, result.count, None, exchange)


def _failed(error: APIError, exchange: Exchange) -> Answer:
    failure = ApiFailure(
        code=error.code, message=error.message, details=error.details, hint=error.hint
    )
    return Answer(None, None, failure, exchange)


class SyncWay:
    """The blocking client over an httpx client."""

    def __init__(self, http: httpx.Client, url: str, keys: dict[str, str]) -> None:
        """Make a client per key.

        Args:
            http: What sends the requests.
            url: The project's URL.
            keys: The project's keys.
        """
        self._exchanges: list[Exchange] = []
        http.event_hooks = {"response": [self._hear]}
        self.clients = {
            name: create_client(url, key, ClientOptions(httpx_client=http))
            for name, key in keys.items()
        }

    def _hear(self, response: httpx.Response) -> None:
        response.read()
        self._exchanges.append(heard(response))

    def run(self, case: Case) -> Answer:
        """Execute a case."""
        self._exchanges.clear()
        try:
            result = case.call(self.clients[case.key]).execute()
        except APIError as error:
            return _failed(error, self._exchanges[-1])
        return _answer(result, self._exchanges[-1])


class AsyncWay:
    """The client of a loop over an httpx client."""

    def __init__(
        self,
        runner: asyncio.Runner,
        make_http: Callable[[], httpx.AsyncClient],
        url: str,
        keys: dict[str, str],
    ) -> None:
        """Make a client per key.

        Args:
            runner: The loop that everything runs in.
            make_http: Makes what sends the requests.
            url: The project's URL.
            keys: The project's keys.
        """
        self._runner = runner
        self._exchanges: list[Exchange] = []
        self.clients = runner.run(self._clients(make_http(), url, keys))

    async def _clients(self, http, url, keys):
        http.event_hooks = {"response": [self._hear]}
        return {
            name: await create_async_client(url, key, AsyncClientOptions(httpx_client=http))
            for name, key in keys.items()
        }

    async def _hear(self, response: httpx.Response) -> None:
        await response.aread()
        self._exchanges.append(heard(response))

    def run(self, case: Case) -> Answer:
        """Execute a case."""
        self._exchanges.clear()
        try:
            result = self._runner.run(self._execute(case))
        except APIError as error:
            return _failed(error, self._exchanges[-1])
        return _answer(result, self._exchanges[-1])

    async def _execute(self, case):
        return await case.call(self.clients[case.key]).execute()
