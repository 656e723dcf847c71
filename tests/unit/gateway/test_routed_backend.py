"""What a gateway that routes does to requests and answers on their way: as little as possible."""

import gzip

import httpx
import pytest

from changeover.engine.message import Message, Reply
from changeover.gateway.routed_backend import as_sent, readable


def asking(*headers):
    """A read with these headers."""
    return Message(method="GET", path="/item", headers=headers)


@pytest.mark.parametrize(
    ("asked", "kept"),
    [
        ("gzip, deflate, br, zstd", "gzip, deflate"),
        ("br;q=1.0, GZIP;q=0.5", "gzip"),
        ("br", "identity"),
        ("*", "identity"),
    ],
)
def test_only_codings_that_can_be_read_here_are_asked_for(asked, kept):
    """A browser takes what this process may not know, and answers have to be compared."""
    message = asking(("apikey", "k"), ("accept-encoding", asked))
    assert readable(message).headers == (("apikey", "k"), ("accept-encoding", kept))


def test_whoever_asks_for_no_coding_gets_none():
    """Nothing is added to a request."""
    message = asking(("apikey", "k"))
    assert readable(message) is message


def test_an_answer_of_the_source_goes_back_as_it_came():
    """Its body is still encoded; what belongs to the connection behind us is left out."""
    packed = gzip.compress(b"[]")
    headers = [
        (b"Content-Type", b"application/json"),
        (b"content-encoding", b"gzip"),
        (b"Date", b"Thu, 01 Jan 1970 00:00:00 GMT"),
        (b"Transfer-Encoding", b"chunked"),
        (b"Content-Range", b"0-0/*"),
    ]
    response = httpx.Response(200, headers=headers, stream=httpx.ByteStream(packed))
    reply = as_sent(Reply(status=200, body=b"[]", origin=response))
    assert reply.body == packed
    assert reply.headers == (
        ("Content-Type", "application/json"),
        ("content-encoding", "gzip"),
        ("Content-Range", "0-0/*"),
    )


def test_an_answer_of_ours_is_left_alone():
    """What the target or the router says did not come over HTTP."""
    for origin in (None, httpx.ConnectError("x")):
        reply = Reply(status=503, body=b"{}", origin=origin)
        assert as_sent(reply) is reply
