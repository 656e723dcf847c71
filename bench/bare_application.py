"""The peer of the gateway: an ASGI application that does nothing but run the same statements."""

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import psycopg

CONNECTIONS = 8
STATEMENTS = json.loads(Path(os.environ["BENCH_STATEMENTS"]).read_text(encoding="utf-8"))
HEADERS = [(b"content-type", b"application/json; charset=utf-8")]
_free: asyncio.LifoQueue[Any] = asyncio.LifoQueue()


async def _open() -> None:
    for _ in range(CONNECTIONS):
        connection = await psycopg.AsyncConnection.connect(
            os.environ["BENCH_DSN"], autocommit=True, cursor_factory=psycopg.AsyncRawCursor
        )
        connection.prepare_threshold = 0
        _free.put_nowait(connection)


async def _run(number: str) -> bytes:
    connection = await _free.get()
    try:
        async with connection.pipeline():
            for text, values in STATEMENTS:
                given = [number if value == "7" else value for value in values]
                cursor = await connection.execute(text, given)
                if "item" in text:
                    main = cursor
        row = await main.fetchone()
        return str(row[2]).encode()
    finally:
        _free.put_nowait(connection)


async def application(scope: dict[str, Any], receive: Any, send: Any) -> None:
    """Answer every request with the rows of one statement."""
    if scope["type"] == "lifespan":
        await receive()
        await _open()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    await receive()
    number = scope["query_string"].decode().rpartition("eq.")[2]
    body = await _run(number)
    headers = [*HEADERS, (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})
