"""A store that answers with what it was asked, and a host on the network."""

import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from changeover.engine.message import Reply


class Echo:
    """A store whose answers tell what reached it."""

    def __init__(self):
        """Count what was asked and how often it was closed."""
        self.asked = []
        self.closed = 0

    def answer(self, message):
        """Return the message as JSON."""
        self.asked.append(message)
        body = json.dumps(
            {"method": message.method, "path": message.path, "query": message.query}
        ).encode()
        headers = (("Content-Type", "application/json"), ("X-Twice", "a"), ("X-Twice", "b"))
        return Reply(status=200, headers=headers, body=body)


class SyncEcho(Echo):
    """The echo for blocking callers."""

    def send(self, message):
        """Answer a message."""
        return self.answer(message)

    def close(self):
        """Count."""
        self.closed += 1


class AsyncEcho(Echo):
    """The echo for a loop."""

    async def send(self, message):
        """Answer a message."""
        return self.answer(message)

    async def close(self):
        """Count."""
        self.closed += 1


class Host:
    """A host on the network: it remembers requests and redirects where it is told."""

    def __init__(self, url):
        """Remember nothing yet."""
        self.url = url
        self.seen = []
        self.redirects = {}


def _handler(host):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            host.seen.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
            body = b"from the network"
            location = host.redirects.get(self.path)
            self.send_response(307 if location else 200)
            if location:
                self.send_header("Location", location)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_given):
            """Say nothing."""

    return Handler


@contextmanager
def _serving():
    host = Host("")
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(host))
    server.daemon_threads = True
    host.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield host
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.fixture
def host():
    """A host on the network."""
    with _serving() as one:
        yield one


@pytest.fixture
def other_host():
    """Another one."""
    with _serving() as one:
        yield one


@pytest.fixture
def echo():
    """A store for blocking callers."""
    return SyncEcho()


@pytest.fixture
def async_echo():
    """A store for a loop."""
    return AsyncEcho()
