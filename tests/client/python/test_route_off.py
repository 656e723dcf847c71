"""In the stage `off` the official client's bytes reach Supabase as without us, and come back so."""

import asyncio
import gzip
import re
import socketserver
import threading
from contextlib import contextmanager

import httpx
import pytest
from supabase import AsyncClientOptions, ClientOptions, create_async_client, create_client

import changeover

ROWS = b'[{"id":1,"name":"\xc3\xa9"}]'
HEADERS = (
    b"Content-Type: application/json; charset=utf-8\r\nX-Odd-CASE: one\r\nX-Odd-CASE: two\r\n"
    b"Content-Range: 0-0/*\r\nX-Latin: caf\xe9\r\n"
)
ENCODED = gzip.compress(ROWS, mtime=0)
NOBODY = "host=127.0.0.1 port=1 dbname=none user=none"


class _Recorder(socketserver.StreamRequestHandler):
    """Keeps what it hears, byte for byte, and answers the same each time."""

    def handle(self):
        """Answer requests until the client goes."""
        while head := self._head():
            length = re.search(rb"(?i)\r\ncontent-length: (\d+)", head)
            body = self.rfile.read(int(length[1])) if length else b""
            self.server.heard.append(head + body)
            is_encoded = b"GET /rest/v1/encoded" in head
            sent = ENCODED if is_encoded else ROWS
            extra = b"Content-Encoding: gzip\r\n" if is_encoded else b""
            status = b"418 Odd\r\n" if b"/rest/v1/odd" in head else b"200 OK\r\n"
            start = b"HTTP/1.1 " + status + HEADERS + extra
            self.wfile.write(start + b"Content-Length: %d\r\n\r\n" % len(sent) + sent)

    def _head(self):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            line = self.rfile.readline()
            if not line:
                return b""
            head += line
        return head


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def recording():
    """Run a server that keeps what it hears."""
    with _Server(("127.0.0.1", 0), _Recorder) as server:
        server.heard = []
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield server, f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()


CALLS = (
    lambda c: c.table("plain").select("*").eq("name", "ж & б").order("id"),
    lambda c: c.table("encoded").select("id,name", count="exact"),
    lambda c: c.table("plain").insert({"id": 1, "name": "é"}),
    lambda c: c.table("plain").update({"name": "x"}).eq("id", 1),
    lambda c: c.table("plain").delete().eq("id", 1),
    lambda c: c.rpc("fun", {"a": [1, 2]}),
    lambda c: c.schema("other").table("plain").select("*").limit(1),
    lambda c: c.table("odd").select("*"),
)


def kept(responses):
    """Return a hook that keeps what the client heard, before it is decoded."""

    def keep(response):
        responses.append(
            (response.status_code, response.reason_phrase, tuple(response.headers.raw))
        )

    return keep


def run_sync(http, url, responses):
    """Run all calls through a blocking client; return what came of them."""
    http.event_hooks = {"response": [kept(responses)]}
    client = create_client(url, "a-key", ClientOptions(httpx_client=http))
    return [outcome(lambda call=call: call(client).execute()) for call in CALLS]


async def run_async(http, url, responses):
    """Run all calls through a client of a loop; return what came of them."""
    keep = kept(responses)

    async def hook(response):
        keep(response)

    http.event_hooks = {"response": [hook]}
    client = await create_async_client(url, "a-key", AsyncClientOptions(httpx_client=http))
    found = []
    for call in CALLS:
        try:
            found.append((await call(client).execute()).data)
        except Exception as error:  # noqa: BLE001 - compared with the other way's
            found.append(repr(error))
    return found


def outcome(call):
    """Return what a call returned, or raised."""
    try:
        return call().data
    except Exception as error:  # noqa: BLE001 - compared with the other way's
        return repr(error)


@pytest.fixture
def route(tmp_path, monkeypatch):
    """A function that makes the route to a source; no target answers."""
    monkeypatch.setenv("CHANGEOVER_STAGE_FILE", str(tmp_path / "stage.json"))
    return lambda url: {"jwt_secret": "s" * 32, "route": changeover.Route(source_url=url)}


def test_a_blocking_clients_requests_and_answers_are_the_same_bytes(route):
    """Names, order and values of headers, target, body, status, reason and raw answer headers."""
    with recording() as (server, url):
        plain, ours = [], []
        with httpx.Client(follow_redirects=True, timeout=120) as http:
            expected = run_sync(http, url, plain)
        before, server.heard = server.heard, []
        with changeover.http_client(NOBODY, **route(url)) as http:
            assert run_sync(http, url, ours) == expected
        assert server.heard == before
    assert ours == plain
    assert len(before) == len(CALLS)


def test_a_loops_clients_requests_and_answers_are_the_same_bytes(route):
    """The same for the client of a loop."""

    async def both(server, url):
        plain, ours = [], []
        async with httpx.AsyncClient(follow_redirects=True, timeout=120) as http:
            expected = await run_async(http, url, plain)
        before, server.heard = server.heard, []
        async with changeover.async_http_client(NOBODY, **route(url)) as http:
            assert await run_async(http, url, ours) == expected
        assert server.heard == before
        assert ours == plain
        assert len(before) == len(CALLS)

    with recording() as (server, url):
        asyncio.run(both(server, url))


def test_our_header_is_not_forwarded(route):
    """The targeting key is taken off; all else is as it was."""
    with recording() as (server, url), changeover.http_client(NOBODY, **route(url)) as http:
        http.get(f"{url}/rest/v1/plain", headers={"X-Other": "1"})
        http.get(f"{url}/rest/v1/plain", headers={"X-Other": "1", "Changeover-Targeting-Key": "k"})
        first, second = server.heard
    assert first == second


def test_no_answer_looks_as_it_did(route):
    """Nobody listens: the client raises what httpx raises, for reads and for writes."""
    with changeover.http_client(NOBODY, **route("http://127.0.0.1:1")) as http:
        for method in ("GET", "POST"):
            with pytest.raises(httpx.ConnectError) as caught:
                http.request(method, "http://127.0.0.1:1/rest/v1/plain")
            assert caught.value.request.method == method
