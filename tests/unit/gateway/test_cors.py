"""What browsers are told."""

import pytest

from changeover.engine.message import Message
from changeover.gateway.cors import EXPOSED, preflight, with_cors

ORIGIN = "https://app.example"


def asking(**headers):
    """Return a preflight request with these headers."""
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return Message(method="OPTIONS", path="/item", headers=tuple(names.items()))


def test_anybody_may_ask_where_no_list_is():
    """A preflight is answered with every verb, the headers asked for, and a day's validity."""
    reply = preflight(
        asking(
            origin=ORIGIN,
            access_control_request_method="POST",
            access_control_request_headers="apikey, X-Client-Info",
        ),
        (),
    )
    assert reply.status == 200
    assert reply.body == b""
    assert dict(reply.headers) == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Methods": "GET, POST, PATCH, PUT, DELETE, OPTIONS, HEAD",
        "Access-Control-Allow-Headers": (
            "Authorization, apikey, X-Client-Info, Accept, Accept-Language, Content-Language"
        ),
        "Access-Control-Max-Age": "86400",
        "Content-Length": "0",
    }


def test_a_listed_origin_is_named_and_may_send_credentials():
    """With a list the origin itself is named, never the star."""
    asked = asking(origin=ORIGIN, access_control_request_method="GET")
    headers = dict(preflight(asked, ("https://other.example", ORIGIN)).headers)
    assert headers["Access-Control-Allow-Origin"] == ORIGIN
    assert headers["Access-Control-Allow-Credentials"] == "true"


@pytest.mark.parametrize(
    "asked",
    [
        asking(access_control_request_method="GET"),
        asking(origin="https://stranger.example", access_control_request_method="GET"),
        asking(origin=ORIGIN),
        asking(origin=ORIGIN, access_control_request_method="TRACE"),
    ],
)
def test_what_is_no_allowed_preflight_goes_on_to_the_api(asked):
    """Without origin, from a stranger, without or with an unknown verb: OPTIONS as any other."""
    assert preflight(asked, (ORIGIN,)) is None


def test_an_answer_to_an_origin_may_be_read():
    """Other answers carry the origin and the headers that a page may read."""
    headers = with_cors((("Content-Type", "text/csv"),), ORIGIN, ())
    assert headers == (
        ("Content-Type", "text/csv"),
        ("Access-Control-Allow-Origin", "*"),
        ("Access-Control-Expose-Headers", EXPOSED),
    )


def test_an_origin_is_named_once():
    """The star that OPTIONS is answered with gives way to the listed origin."""
    headers = with_cors((("Access-Control-Allow-Origin", "*"),), ORIGIN, (ORIGIN,))
    assert [v for n, v in headers if n == "Access-Control-Allow-Origin"] == [ORIGIN]


def test_a_stranger_learns_nothing():
    """For an origin that is not listed the answer stays as it is."""
    headers = (("Content-Type", "text/csv"),)
    assert with_cors(headers, "https://stranger.example", (ORIGIN,)) == headers


def test_what_an_api_behind_us_says_is_not_said_twice():
    """Of its headers for browsers, in any spelling, ours take the place."""
    said = (
        ("access-control-allow-origin", "*"),
        ("access-control-allow-credentials", "true"),
        ("Access-Control-Expose-Headers", "X-One"),
        ("vary", "Origin"),
    )
    headers = with_cors(said, ORIGIN, (ORIGIN,))
    names = [name.lower() for name, _value in headers]
    assert len(names) == len(set(names))
    assert dict(headers)["Access-Control-Allow-Origin"] == ORIGIN
    assert dict(headers)["vary"] == "Origin"


def test_a_browser_may_send_a_targeting_key():
    """The header that names whom a request is for is allowed like any other."""
    asked = asking(
        origin=ORIGIN,
        access_control_request_method="GET",
        access_control_request_headers="apikey,changeover-targeting-key",
    )
    allowed = dict(preflight(asked, ()).headers)["Access-Control-Allow-Headers"]
    assert "changeover-targeting-key" in allowed.split(", ")
