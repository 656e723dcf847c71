"""What a client writes down, and the proxy before its API."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import httpx
import pytest
from history import Append, Outcome, Read
from http_proxy import HttpFaultProxy
from recording import Follower, Recorder, history_of


@pytest.fixture
def recorder(tmp_path):
    """A recorder, and the file that it writes."""
    path = tmp_path / "calls.jsonl"
    one = Recorder(path, "client-1", 1000)
    yield one, path
    one.close()


def test_history_is_read_back(recorder):
    """An answered call comes back with what it saw, any other with what it asked."""
    recorder, path = recorder
    parts = [{"key": 1, "value": 7}, {"key": 1}]
    answered = recorder.intend(parts, is_write=True)
    recorder.settle(answered, Outcome.OK, seen=[None, [5, 7]], is_mirrored=True)
    refused = recorder.intend([{"key": 1, "value": 8}], is_write=True)
    recorder.settle(refused, Outcome.FAILED, reason="40001")
    one, other = history_of(Follower(path).calls(), {1: (5, 7)}, age_s_max=9).transactions
    assert one.parts == (Append(key=1, value=7), Read(key=1, values=(5, 7)))
    assert (one.process, one.is_mirrored, one.outcome) == ("client-1", True, Outcome.OK)
    assert (other.parts, other.outcome) == ((Append(key=1, value=8),), Outcome.FAILED)


def test_killed_process_leaves_an_unknown_call(recorder):
    """A call without an answer is unknown, and half a line is none."""
    recorder, path = recorder
    recorder.intend([{"key": 1, "value": 7}], is_write=True)
    with path.open("a", encoding="utf-8") as file:
        file.write('{"number": 10')
    (one,) = history_of(Follower(path).calls(), {1: ()}, age_s_max=9).transactions
    assert one.outcome is Outcome.UNKNOWN


def test_other_lists_are_left_out(recorder):
    """A history has the calls of its own lists."""
    recorder, path = recorder
    recorder.intend([{"key": 2}], is_write=False)
    assert history_of(Follower(path).calls(), {1: ()}, age_s_max=9).transactions == ()


class Counter(BaseHTTPRequestHandler):
    """Counts requests and answers with the number."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        """Answer."""
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.count += 1
        body = str(self.server.count).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_GET = do_POST  # noqa: N815 - the standard library's name

    def log_message(self, *_given):
        """Say nothing."""


@pytest.fixture
def api():
    """An HTTP server that counts."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Counter) as server:
        server.count = 0
        server.daemon_threads = True
        server.handle_error = lambda *_: None  # the proxy's resets
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_lost_answer_was_answered(api):
    """The server has done what the client hears nothing of; the next one is heard again."""
    with (
        HttpFaultProxy(api.server_port) as proxy,
        httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}", trust_env=False) as client,
    ):
        assert client.post("/", content=b"1").text == "1"
        proxy.lose_answers(1)
        assert client.request("GET", "/", content=b"1").text == "2"
        with pytest.raises(httpx.ReadError):
            client.post("/", content=b"1")
        assert client.post("/", content=b"1").text == "4"
        assert proxy.answers_lost == 1
