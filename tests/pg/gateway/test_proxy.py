"""The other services of a Supabase project behind the gateway."""

import socket
import sys
from pathlib import Path

import httpx
import pytest
from websockets.exceptions import ConnectionClosedError, InvalidStatus
from websockets.sync.client import connect

sys.path.insert(0, str(Path(__file__).parent))

from upstream import served


@pytest.fixture
def upstream():
    """The URL of a small service."""
    with served() as url:
        yield url


@pytest.fixture
def api(make_gateway, login, upstream):
    """A gateway that knows where the other services are."""
    return make_gateway(login, table=f'upstream = "{upstream}/prefix"')


def test_a_request_is_passed_on_as_it_came(api):
    """Verb, path, query, headers and body arrive; headers of the connection do not."""
    with api.client() as client:
        answer = client.post(
            "/storage/v1/object/a%2Fb?x=%20&y",
            content=iter([b"a" * 300_000, b"b" * 300_000]),
            headers={"x-client-info": "test", "te": "trailers", "accept-encoding": "br"},
        )
    told = answer.json()
    headers = dict(told["headers"])
    assert (told["method"], told["bytes"]) == ("POST", 600_000)
    assert (told["path"], told["query"]) == ("/prefix/storage/v1/object/a%2Fb", "x=%20&y")
    assert headers["x-client-info"] == "test"
    assert headers["accept-encoding"] == "br"
    assert headers["x-forwarded-for"] == "127.0.0.1"
    assert headers["x-forwarded-host"] == httpx.URL(api.url).netloc.decode()
    assert headers["host"] != headers["x-forwarded-host"]
    assert "te" not in headers
    assert answer.headers.get_list("set-cookie") == ["a=1", "b=2"]


def test_nothing_is_followed_or_kept(api):
    """A redirect goes back to the client; no cookie of one client reaches another."""
    with api.client() as client:
        assert client.get("/auth/v1/moved").status_code == 307
        client.cookies.clear()
        headers = dict(client.get("/auth/v1/user").json()["headers"])
    assert "cookie" not in headers
    assert "user-agent" in headers


def test_a_targeting_key_stays_here(api):
    """Whom a request is for is the gateway's own business, on every way that leads out of it."""
    with api.client() as client:
        told = client.get("/auth/v1/user", headers={"Changeover-Targeting-Key": "anna"}).json()
    assert "changeover-targeting-key" not in dict(told["headers"])
    assert "anna" not in str(told)


def test_the_api_answers_for_itself(api):
    """With an upstream the API's own paths stay here."""
    with api.client() as client:
        assert client.get("/rest/v1/item?id=eq.1").json() == [{"id": 1, "name": "one"}]
        assert client.get("/item?id=eq.1").json() == [{"id": 1, "name": "one"}]


def test_an_answer_that_breaks_off_does_not_look_whole(api):
    """When the project's answer ends in the midst, so does ours."""
    with api.client() as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/functions/v1/broken")


def test_a_project_that_is_gone_is_told(make_gateway, login):
    """502 with an error object that pages may read."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        api = make_gateway(login, table=f'upstream = "http://127.0.0.1:{taken.getsockname()[1]}"')
        with api.client() as client:
            answer = client.get("/auth/v1/user", headers={"origin": "https://app.example"})
    assert (answer.status_code, answer.json()["code"]) == (502, "GATEWAY502")
    assert answer.headers["access-control-allow-origin"] == "*"


def test_without_a_project_other_services_are_not_found(make_gateway, login):
    """404 with an error object; clients take an empty 404 for success."""
    api = make_gateway(login, table="")
    with api.client() as client:
        answer = client.post("/auth/v1/token?grant_type=password")
    assert (answer.status_code, answer.json()["code"]) == (404, "GATEWAY404")
    with pytest.raises(InvalidStatus):
        connect(f"{api.url.replace('http', 'ws')}/realtime/v1/websocket", proxy=None)


def test_a_websocket_is_passed_on(api):
    """Query, protocol, texts and bytes go both ways; the project's close code comes back."""
    url = f"{api.url.replace('http', 'ws')}/realtime/v1/websocket?apikey=k&vsn=1.0.0"
    with connect(url, subprotocols=["phoenix"], proxy=None) as ours:
        assert ours.subprotocol == "phoenix"
        assert ours.recv() == "apikey=k&vsn=1.0.0"
        ours.send("да")
        ours.send(b"\x00\xff")
        assert [ours.recv(), ours.recv()] == ["да", b"\x00\xff"]
        ours.send("bye")
        with pytest.raises(ConnectionClosedError) as closed:
            ours.recv()
    assert (closed.value.rcvd.code, closed.value.rcvd.reason) == (4001, "said bye")


def test_a_websocket_that_the_project_refuses_is_refused(api):
    """The status of the refusal comes back."""
    with pytest.raises(InvalidStatus) as refused:
        connect(f"{api.url.replace('http', 'ws')}/realtime/v1/refused", proxy=None)
    assert refused.value.response.status_code == 403


def test_a_gateway_with_an_open_websocket_stops(api):
    """SIGTERM closes what would never end by itself."""
    url = f"{api.url.replace('http', 'ws')}/realtime/v1/websocket"
    with connect(url, proxy=None) as ours:
        ours.recv()
        assert api.stop() == 0
        with pytest.raises(ConnectionClosedError):
            ours.recv()
