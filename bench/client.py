"""The official client on our transport: against the same statements by hand, memory, and HTTP."""

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import httpx
import psycopg
from supabase import ClientOptions, create_client

import changeover
import rig
import scene

ROUNDS = 5
CALLS = 400
FAR_CALLS = 25
FAR_MS = 20.0
URL = "http://api.invalid"
US = 1_000_000


def measure() -> list[rig.Row]:
    """Return the time of a primary-key read on every way, p50 in µs, interleaved."""
    with scene.scene() as made, scene.gateway(made) as url:
        ways = _ways(made, url)
        near: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, (call, calls) in ways.items():
                near[name].append(_p50(call, calls))
    ours = near["transport"]
    own = [
        whole - hand - memory
        for whole, hand, memory in zip(ours, near["psycopg"], near["memory"], strict=True)
    ]
    return [
        rig.row("primary-key read, client + transport", "µs", ours, near["psycopg"], "psycopg"),
        rig.row("the same, from memory", "µs", near["memory"], [], ""),
        rig.row("our part of it (goal 150)", "µs", own, [], ""),
        rig.row("store alone, without the client", "µs", near["store"], near["psycopg"], "psycopg"),
        rig.row("client over HTTP to the gateway", "µs", near["gateway"], ours, "transport"),
        rig.row(f"the same with {FAR_MS:g} ms of network", "µs", near["far"], ours, "transport"),
    ]


def _p50(call: Callable[[int], Any], calls: int) -> float:
    for number in range(10):
        call(number + 1)
    times = []
    for number in range(calls):
        began = time.perf_counter()
        call(number + 1)
        times.append(time.perf_counter() - began)
    return statistics.median(times) * US


def _reader(http: httpx.Client, url: str, key: str) -> Callable[[int], Any]:
    table = create_client(url, key, ClientOptions(httpx_client=http))
    return lambda number: table.table("item").select("*").eq("id", number).execute()


def _ways(made: scene.Scene, url: str) -> dict[str, tuple[Callable[[int], Any], int]]:
    far = scene.Delay(int(url.rpartition(":")[2]), FAR_MS)
    store = scene.store_of(made)
    by_hand, body = _by_hand(made), store.send(scene.message(made, 7)).body
    assert by_hand(7) == json.loads(body), "the peer answers something else"

    def from_memory(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, content=body, headers={"content-type": "application/json"})

    transport = changeover.http_client(made.dsn, jwt_secret=scene.SECRET)
    memory = httpx.Client(transport=httpx.MockTransport(from_memory))
    return {
        "transport": (_reader(transport, URL, made.key), CALLS),
        "psycopg": (by_hand, CALLS),
        "memory": (_reader(memory, URL, made.key), CALLS),
        "store": (lambda number: store.send(scene.message(made, number)), CALLS),
        "gateway": (_reader(httpx.Client(timeout=30), url, made.key), CALLS),
        "far": (
            _reader(httpx.Client(timeout=30), f"http://127.0.0.1:{far.port}", made.key),
            FAR_CALLS,
        ),
    }


def _by_hand(made: scene.Scene) -> Callable[[int], Any]:
    """Return what runs the statements of one request with psycopg."""
    statements = json.loads(scene.statements_of(made))
    connection = psycopg.connect(made.dsn, autocommit=True, cursor_factory=psycopg.RawCursor)
    connection.prepare_threshold = 0

    def run(number: int) -> Any:
        with connection.pipeline():
            for text, values in statements:
                given = [str(number) if value == "7" else value for value in values]
                cursor = connection.execute(text, given)
                if "item" in text:
                    main = cursor
        return json.loads(main.fetchone()[2])

    return run
