"""Requests over a socket: what goes in and what comes out."""

import http.client
import socket
from urllib.parse import urlsplit

import httpx
import pytest
from gateway_process import PUBLISHABLE_KEY, SECRET_KEY, token


def raw(url, method, target, headers=(), body=None):
    """Return status, reason, headers and body of a request that no client has tidied."""
    place = urlsplit(url)
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=30)
    try:
        connection.putrequest(method, target, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.reason, dict(answer.getheaders()), answer.read()
    finally:
        connection.close()


@pytest.mark.parametrize("mount", ["", "/rest/v1"])
def test_rows_are_read_and_written(client, mount):
    """The API answers at the root and where Supabase's clients look for it."""
    made = client.post(f"{mount}/item", json={"id": 7, "name": "seven"})
    assert (made.status_code, made.content) == (201, b"")
    assert made.headers["content-length"] == "0"
    found = client.get(f"{mount}/item", params={"id": "eq.7"})
    assert found.json() == [{"id": 7, "name": "seven"}]
    changed = client.patch(
        f"{mount}/item",
        params={"id": "eq.7"},
        json={"name": "7"},
        headers={"prefer": "return=representation"},
    )
    assert (changed.status_code, changed.json()) == (200, [{"id": 7, "name": "7"}])
    gone = client.delete(f"{mount}/item", params={"id": "eq.7"})
    assert gone.status_code == 204
    assert "content-length" not in gone.headers
    assert "content-type" not in gone.headers
    assert client.get(f"{mount}/item", params={"select": "id"}).json() == [{"id": 1}, {"id": 2}]


def test_every_answer_says_what_and_when(client):
    """Server and Date stand on answers and on errors, once."""
    for path in ("/item", "/nowhere"):
        headers = client.get(path).headers
        assert headers.get_list("server") == ["postgrest/16.2"]
        assert len(headers.get_list("date")) == 1


def test_head_has_no_body(client):
    """HEAD answers with the headers of GET and no length."""
    answer = client.head("/item", headers={"prefer": "count=exact"})
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-range"] == "0-1/2"
    assert "content-length" not in answer.headers


def test_a_connection_is_used_again_after_any_answer(api):
    """Answers without a body leave nothing behind that the next one would be read from."""
    with api.client(limits=httpx.Limits(max_connections=1)) as client:
        for method, path in (
            ("HEAD", "/item"),
            ("DELETE", "/item?id=eq.99"),
            ("POST", "/rpc/odd?status=204"),
            ("HEAD", "/nowhere"),
            ("OPTIONS", "/item"),
            ("GET", "/rpc/odd?status=304"),
        ):
            client.request(method, path)
            assert client.get("/item?id=eq.1").json() == [{"id": 1, "name": "one"}]


def test_sql_chooses_the_reason_phrase(api):
    """RAISE with a PT code sets status and reason."""
    status, reason, headers, _ = raw(
        api.url,
        "POST",
        "/rpc/say",
        [
            ("authorization", f"Bearer {token('service_role')}"),
            ("content-type", "application/json"),
            ("content-length", "35"),
        ],
        b'{"status": 1, "message": "no\\ntea"}',
    )
    assert (status, reason) == (418, "no tea")
    assert headers["content-type"] == "application/json; charset=utf-8"


@pytest.mark.parametrize("status", [299, 451, 599, 600, 799])
def test_sql_chooses_any_status(api, status):
    """`response.status` is not bound to those that somebody has named."""
    found, *_ = raw(
        api.url,
        "GET",
        f"/rpc/odd?status={status}",
        [("authorization", f"Bearer {token('service_role')}")],
    )
    assert found == status


def test_sql_can_not_split_an_answer(client):
    """A line end in a header that SQL has set is a blank."""
    answer = client.get("/rpc/split")
    assert answer.headers["x-one"] == "a X-Two: b"
    assert "x-two" not in answer.headers


@pytest.mark.parametrize("verb", ["FOO", "TRACE", "PROPFIND"])
def test_an_unknown_verb_is_refused_as_postgrest_does(client, verb):
    """A verb that nobody knows is PGRST117, 405."""
    answer = client.request(verb, "/item")
    assert answer.status_code == 405
    assert answer.json()["message"] == f"Unsupported HTTP method: {verb}"


def test_what_is_no_http_is_refused(api):
    """Rubbish is 400."""
    status, *_ = raw(api.url, "GET", "/item", [("bad name", "x")])
    assert status == 400


@pytest.mark.parametrize("piece", [10_000, 12])
def test_names_may_come_unescaped(api, piece):
    """Clients send bytes above 127 as they are, in paths and in queries, in whatever pieces."""
    head = "GET /Заказ?note=eq.да HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ".encode()
    request = head + token("service_role").encode() + b"\r\nX-Name: \xd0\xb0\r\n\r\n"
    place = urlsplit(api.url)
    with socket.create_connection((place.hostname, place.port), timeout=30) as connection:
        for _ in range(2):
            for at in range(0, len(request), piece):
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection.sendall(request[at : at + piece])
            answer = http.client.HTTPResponse(connection)
            answer.begin()
            assert (answer.status, answer.read().decode()) == (200, '[{"id":1,"note":"да"}]')


def test_a_browser_may_ask_and_read(client):
    """A preflight is answered without touching the API; errors can be read by pages too."""
    asked = client.options(
        "/item",
        headers={
            "origin": "https://app.example",
            "access-control-request-method": "PATCH",
            "access-control-request-headers": "apikey",
        },
    )
    assert (asked.status_code, asked.content) == (200, b"")
    assert "PATCH" in asked.headers["access-control-allow-methods"]
    for path in ("/item", "/nowhere"):
        answer = client.get(path, headers={"origin": "https://app.example"})
        assert answer.headers.get_list("access-control-allow-origin") == ["*"]
        assert "Content-Range" in answer.headers["access-control-expose-headers"]


def test_the_platforms_keys_choose_the_role(make_gateway, login):
    """With `[gateway]` the apikey says who asks, a user's token says more, none is refused."""
    api = make_gateway(login, table="")
    user = {"apikey": PUBLISHABLE_KEY, "authorization": f"Bearer {token('authenticated')}"}
    with api.client(has_key=False) as client:
        roles = [
            client.get("/rest/v1/rpc/who", headers=headers).json()
            for headers in (
                {"apikey": PUBLISHABLE_KEY},
                {"apikey": SECRET_KEY, "authorization": f"Bearer {SECRET_KEY}"},
                user,
            )
        ]
        assert roles == ["anon", "service_role", "authenticated"]
        assert client.get("/rest/v1/item").status_code == 401
        assert client.get("/rest/v1/item", headers={"apikey": "sb_secret_x"}).status_code == 401
