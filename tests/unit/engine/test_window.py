"""Limits, offsets and `Range`, with PostgREST's arithmetic."""

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import Window


def read(query="", header=None, method="GET"):
    """Return the first row and the number of rows that are asked for."""
    headers = () if header is None else (("range", header),)
    message = Message(method=method, path="/note", query=query, headers=headers, body=b"{}")
    request = parse(message, ApiSettings())
    return request.offset, request.limit


@pytest.mark.parametrize(
    ("query", "header", "window"),
    [
        ("", None, (0, None)),
        ("limit=5", None, (0, 5)),
        ("offset=5", None, (5, None)),
        ("limit=5&offset=5", None, (5, 5)),
        ("limit=0", None, (0, 0)),
        ("limit=0&offset=0", None, (0, 0)),
        ("limit=x", None, (0, None)),
        ("offset=x", None, (0, None)),
        ("limit=5.0", None, (0, None)),
        ("limit=%2B5", None, (0, None)),
        ("limit=%20(%200x10%20)", None, (0, 16)),
        ("limit=", None, (0, None)),
        ("offset=-5", None, (0, None)),
        # The end is counted from the offset that was asked for.
        ("limit=10&offset=-5", None, (0, 5)),
        # A limit that is no number is none, beside an offset it is 0.
        ("limit=x&offset=0", None, (0, 0)),
        # A negative limit may look like none at all.
        ("limit=-3&offset=3", None, (0, 0)),
        ("", "0-9", (0, 10)),
        ("", "5-", (5, None)),
        ("", "5-5", (5, 1)),
        ("limit=5&offset=2", "4-20", (4, 3)),
        ("limit=5", "0-2", (0, 3)),
        ("limit=0", "9-2", (0, 0)),
        ("", "rows=0-9", (0, None)),
        ("", "-5", (0, None)),
        ("", " 0-9", (0, None)),
    ],
)
def test_windows(query, header, window):
    """The root's rows after query string and header."""
    assert read(query, header) == window


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS"])
def test_only_get_heeds_the_header(method):
    """A header that GET would refuse is not read."""
    assert read("", "9-2", method) == (0, None)


@pytest.mark.parametrize(
    ("query", "header"),
    [
        ("limit=-1", None),
        ("limit=0&offset=1", None),
        ("limit=x&offset=1", None),
        ("offset=10", "0-4"),
        ("limit=2", "5-9"),
    ],
)
def test_a_window_of_nothing_is_refused(query, header):
    """Only `limit=0` may ask for no rows."""
    with pytest.raises(Refusal) as caught:
        read(query, header)
    found = caught.value
    assert (found.code, found.status) == ("PGRST103", 416)
    assert found.message == "Requested range not satisfiable"
    assert found.details == "Limit should be greater than or equal to zero."


def test_a_range_that_ends_before_it_begins_is_refused():
    """The text tells which of the two it was."""
    with pytest.raises(Refusal, match="not satisfiable") as caught:
        read("limit=-1", "9-2")
    assert caught.value.details == (
        "The lower boundary must be lower than or equal to the upper boundary in the Range header."
    )


@pytest.mark.parametrize("query", ["limit=1", "offset=1", "limit=0"])
def test_a_put_takes_no_window(query):
    """One row is put, none is left out."""
    with pytest.raises(Refusal) as caught:
        read(query, method="PUT")
    assert caught.value.code == "PGRST114"
    assert read("offset=0", method="PUT") == (0, None)


@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_windows_do_nothing_on_mutations(method):
    """They are checked and left out of the shape."""
    message = Message(method=method, path="/note", query="limit=5&x.limit=1", body=b"{}")
    request = parse(message, ApiSettings())
    assert request.shape.windows == ()
    assert (request.offset, request.limit) == (0, None)
    with pytest.raises(Refusal):
        read("limit=-1", method=method)


def test_an_embed_may_ask_for_less_than_nothing():
    """The server refuses it, so its text is sent."""
    message = Message(method="GET", path="/note", query="x.limit=-5&y.offset=-1")
    assert parse(message, ApiSettings()).values == ("-5", "-1")


@pytest.mark.parametrize(
    ("limit", "window", "values"),
    [
        ("0", Window(rows=0), ()),
        ("2147483647", Window(rows=2**31 - 1), ()),
        ("2147483648", Window(limit=0), ("2147483648",)),
        ("-1", Window(limit=0), ("-1",)),
    ],
)
def test_a_usual_limit_is_part_of_the_shape(limit, window, values):
    """It is planned for so many rows; what the server is to judge stays a value."""
    message = Message(method="GET", path="/note", query=f"x.limit={limit}")
    request = parse(message, ApiSettings())
    assert (request.shape.windows, request.values) == (((("x",), window),), values)


def test_a_number_may_have_any_number_of_digits():
    """What the server cannot hold is sent to it and refused there."""
    assert read(f"limit={'9' * 5000}")[1] > 2**64
