"""A store over an HTTP API, asked over a real socket."""

import asyncio
import gzip
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

httpx = pytest.importorskip("httpx")

from changeover.engine.message import Message  # noqa: E402
from changeover.stores.supabase import AsyncSupabaseStore, SupabaseStore  # noqa: E402


class Api(BaseHTTPRequestHandler):
    """Answers every request with what it was asked, or as the test wants."""

    seen = ()
    status = 200
    is_zipped = False
    is_silent = False

    def answer(self):
        """Remember the request and answer it."""
        length = int(self.headers.get("Content-Length") or 0)
        asked = (self.command, self.path, dict(self.headers), self.rfile.read(length))
        type(self).seen = (*self.seen, asked)
        if self.is_silent:
            return
        body = b'[{"a":1}]'
        self.send_response(self.status)
        self.send_header("Content-Range", "0-0/*")
        if self.is_zipped:
            body = gzip.compress(body)
            self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_POST = do_HEAD = do_PATCH = answer  # noqa: N815 - names of the library

    def log_message(self, *_):
        """Print nothing."""


@pytest.fixture
def api():
    """An API on a port of this machine, and its address."""
    handler = type("OwnApi", (Api,), {})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield handler, f"http://127.0.0.1:{server.server_port}/rest/v1"
    server.shutdown()
    thread.join()
    server.server_close()


async def _send_by_task(url, message):
    store = AsyncSupabaseStore(url)
    try:
        return await store.send(message)
    finally:
        await store.close()


def _send_by_thread(url, message):
    store = SupabaseStore(url)
    try:
        return store.send(message)
    finally:
        store.close()


@pytest.fixture(params=["thread", "task"])
def send(request):
    """A function that sends a message in one of the two colours."""
    if request.param == "thread":
        return _send_by_thread
    return lambda url, message: asyncio.run(_send_by_task(url, message))


def test_a_message_goes_as_it_came(api, send):
    """Verb, path, query, headers and body arrive unchanged, byte for byte."""
    handler, url = api
    message = Message(
        method="POST",
        path="/t%C3%A9",
        query='select=a->>b,"x%20y"&or=(a.eq.1,b.eq.%22)',
        headers=(("prefer", "return=minimal"), ("apikey", "k"), ("host", "elsewhere")),
        body=b'{"a":1}',
    )
    reply = send(url, message)
    assert (reply.status, reply.body) == (200, b'[{"a":1}]')
    assert ("Content-Range", "0-0/*") in reply.headers
    ((verb, target, headers, body),) = handler.seen
    assert (verb, body) == ("POST", b'{"a":1}')
    assert target == "/rest/v1" + message.path + "?" + message.query
    assert (headers["prefer"], headers["apikey"]) == ("return=minimal", "k")
    assert headers["Host"].startswith("127.0.0.1")


def test_a_compressed_answer_is_unpacked(api, send):
    """The body is handed over unpacked, and the headers say so."""
    handler, url = api
    handler.is_zipped = True
    headers = (("accept-encoding", "gzip"),)
    reply = send(url, Message(method="GET", path="/t", headers=headers))
    assert reply.body == b'[{"a":1}]'
    names = {name.lower(): value for name, value in reply.headers}
    assert "content-encoding" not in names
    assert names["content-length"] == "9"


def test_what_no_request_line_may_hold_is_escaped(api, send):
    """Blanks, line ends and letters beyond ASCII can't smuggle anything into the request."""
    handler, url = api
    send(url, Message(method="GET", path="/t", query="a=eq.x y\r\nX: é"))
    ((_, target, headers, _),) = handler.seen
    assert target == "/rest/v1/t?a=eq.x%20y%0D%0AX:%20%C3%A9"
    assert "X" not in headers


@pytest.mark.parametrize("status", [307, 409, 503])
def test_an_answer_is_returned_whatever_it_is(status, api, send):
    """No redirect is followed and nothing is sent twice."""
    handler, url = api
    handler.status = status
    assert send(url, Message(method="PATCH", path="/t", body=b"{}")).status == status
    assert len(handler.seen) == 1


def test_a_head_keeps_its_length(api, send):
    """A HEAD has no body, and the length that its GET would have."""
    _, url = api
    reply = send(url, Message(method="HEAD", path="/t"))
    assert (reply.body, dict(reply.headers)["Content-Length"]) == (b"", "9")


def test_an_api_that_hangs_up_is_asked_once(api, send):
    """No answer: 503 PGRST001, and not sent again."""
    handler, url = api
    handler.is_silent = True
    reply = send(url, Message(method="POST", path="/t", body=b"{}"))
    assert reply.status == 503
    assert ("Proxy-Status", "PostgREST; error=PGRST001") in reply.headers
    assert len(handler.seen) == 1


def test_an_api_that_is_not_there(send):
    """Nobody listens: 503 PGRST000, without an address."""
    reply = send("http://127.0.0.1:1/rest/v1", Message(method="GET", path="/t"))
    assert reply.status == 503
    assert ("Proxy-Status", "PostgREST; error=PGRST000") in reply.headers
    assert b"127.0.0.1" not in reply.body


def test_a_client_that_was_given_stays_open(api):
    """The store closes only what it has opened itself."""
    _, url = api
    with httpx.Client() as client:
        store = SupabaseStore(url, client)
        store.close()
        store.close()
        assert store.send(Message(method="GET", path="/t")).status == 200
