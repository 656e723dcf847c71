"""A small service that stands for a Supabase project: it tells what it was sent."""

import asyncio
import json
import socket
import threading
from contextlib import contextmanager

import uvicorn


async def application(scope, receive, send):
    """Answer requests with what came, echo WebSockets."""
    if scope["type"] == "http":
        await answer(scope, receive, send)
    elif scope["type"] == "websocket":
        await echo(scope, receive, send)


async def answer(scope, receive, send):
    """Tell verb, path, headers and the length of the body; `/slow` streams in two pieces."""
    length, has_more = 0, True
    while has_more:
        event = await receive()
        length += len(event.get("body", b""))
        has_more = event.get("more_body", False)
    told = {
        "method": scope["method"],
        "path": scope["raw_path"].decode(),
        "query": scope["query_string"].decode(),
        "headers": [[n.decode(), v.decode()] for n, v in scope["headers"]],
        "bytes": length,
    }
    status = 307 if scope["path"].endswith("/moved") else 200
    headers = [
        (b"content-type", b"application/json"),
        (b"set-cookie", b"a=1"),
        (b"set-cookie", b"b=2"),
        (b"location", b"/elsewhere"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    text = json.dumps(told).encode()
    await send({"type": "http.response.body", "body": text[:10], "more_body": True})
    if scope["path"].endswith("/broken"):
        raise RuntimeError
    await send({"type": "http.response.body", "body": text[10:]})


async def echo(scope, receive, send):
    """Say back what is said, until `bye`; `/refused` accepts nobody."""
    await receive()
    if scope["path"].endswith("/refused"):
        await send({"type": "websocket.close"})
        return
    chosen = next(iter(scope["subprotocols"]), None)
    await send({"type": "websocket.accept", "subprotocol": chosen})
    await send({"type": "websocket.send", "text": scope["query_string"].decode()})
    while (event := await receive())["type"] == "websocket.receive":
        if event.get("text") == "bye":
            await send({"type": "websocket.close", "code": 4001, "reason": "said bye"})
            return
        kind = "text" if event.get("text") is not None else "bytes"
        await send({"type": "websocket.send", kind: event[kind]})


@contextmanager
def served():
    """Serve it from a thread; give its URL."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        config = uvicorn.Config(application, log_config=None, lifespan="off", interface="asgi3")
        server = uvicorn.Server(config)
        thread = threading.Thread(target=lambda: asyncio.run(server.serve([listening])))
        thread.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()
