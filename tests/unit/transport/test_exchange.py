"""Requests become messages and replies become responses without loss."""

import httpx
import pytest

from changeover.engine.message import Reply
from changeover.transport.exchange import Mount, message, response


@pytest.mark.parametrize(
    ("url", "below"),
    [
        ("https://a.example/rest/v1/t?select=*", b"/t?select=*"),
        ("https://a.example/rest/v1/rpc/f", b"/rpc/f"),
        ("https://a.example/rest/v1/", b"/"),
        ("https://a.example/rest/v1", b""),
        ("https://a.example/rest/v1?x=1", b"?x=1"),
        ("https://a.example/rest/v10/t", None),
        ("https://a.example/auth/v1/token", None),
        ("https://a.example/storage/v1/object/rest/v1/t", None),
        ("https://a.example/functions/v1/f?x=/rest/v1/t", None),
    ],
)
def test_the_api_is_told_by_its_path(url, below):
    """Only paths below `/rest/v1` are the API's, whatever host is named."""
    assert Mount().target(httpx.URL(url)) == below


@pytest.mark.parametrize(
    ("mount", "url", "below"),
    [
        ("http://a.example:3000", "http://a.example:3000/t?a=eq.1", b"/t?a=eq.1"),
        ("http://a.example:3000/", "http://a.example:3000/t", b"/t"),
        ("http://a.example:3000", "http://a.example:3001/t", None),
        ("https://a.example/p/rest/v1", "https://a.example:443/p/rest/v1/t", b"/t"),
        ("https://a.example/p/rest/v1", "https://b.example/p/rest/v1/t", None),
        ("https://a.example/p/rest/v1", "http://a.example/p/rest/v1/t", None),
        ("https://a.example/p/rest/v1", "https://a.example/rest/v1/t", None),
    ],
)
def test_a_named_mount_is_told_by_its_whole_url(mount, url, below):
    """Where the API's URL was given, scheme, host, port and path must agree."""
    assert Mount.at(mount).target(httpx.URL(url)) == below


@pytest.mark.parametrize("url", ["/rest/v1", "https://a.example/x?y=1", "https://a.example/x#y"])
def test_a_mount_that_is_no_place_is_refused(url):
    """A relative URL, or one with query or fragment, is no mount point."""
    with pytest.raises(ValueError, match="must be absolute"):
        Mount.at(url)


def test_a_message_says_what_would_be_sent():
    """Escapes, repeated headers, order and body reach the message as they would reach a socket."""
    request = httpx.Request(
        "patch",
        "https://a.example/rest/v1/%D1%82?select=a%2Cb&a=eq.x+y",
        headers=[("apiKey", "k"), ("Prefer", "count=exact"), ("Prefer", "return=minimal")],
        content=b'{"a":1}',
    )
    below = Mount().target(request.url)
    said = message(request, below, request.read())
    assert (said.method, said.path, said.query) == ("PATCH", "/%D1%82", "select=a%2Cb&a=eq.x+y")
    assert said.header("apikey") == "k"
    assert said.list_header("prefer") == "count=exact,return=minimal"
    assert said.body == b'{"a":1}'


def test_a_root_request_has_the_path_of_the_root():
    """The mount point itself is the root, with or without its slash."""
    for url in ("https://a.example/rest/v1", "https://a.example/rest/v1/"):
        request = httpx.Request("GET", url)
        assert message(request, Mount().target(request.url), b"").path == "/"


def test_a_response_is_the_reply_and_nothing_else():
    """Status, reason, repeated headers and body are the reply's; no header is added."""
    reply = Reply(
        status=418,
        reason="from SQL",
        headers=(("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "имя")),
        body=b"[1]",
    )
    made = response(reply)
    assert made.read() is reply.body
    assert (made.status_code, made.reason_phrase) == (418, "from SQL")
    assert made.headers.multi_items() == [
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("x-name", "имя"),
    ]


def test_a_response_without_a_reason_has_the_usual_one():
    """Where SQL set no reason phrase the status has its own."""
    assert response(Reply(status=404)).reason_phrase == "Not Found"
