"""Bodies."""

import json

import pytest

from changeover.engine.message import Message
from changeover.engine.refusal import Refusal
from changeover.engine.request import parse
from changeover.engine.settings import ApiSettings
from changeover.engine.syntax import BodyKind, Payload

FORM = "application/x-www-form-urlencoded"


def request(body, content=None, method="POST", path="/note", query=""):
    """Parse a request with a body."""
    headers = () if content is None else (("content-type", content),)
    return parse(
        Message(method=method, path=path, query=query, headers=headers, body=body), ApiSettings()
    )


def refused(body, content=None, **more):
    """Return what a body is refused with."""
    with pytest.raises(Refusal) as caught:
        request(body, content, **more)
    return caught.value


def test_json_goes_on_as_it_came():
    """Digits, blanks and the order of keys are the client's."""
    text = ' [{"b": 1.50, "a":\n10000000000000000000000}, {"a":1e999,"b":"\\u0041"}]'
    found = request(text.encode())
    assert found.values == (text,)
    assert found.shape.payload == Payload(kind=BodyKind.ARRAY, keys=("a", "b"), slot=0, rows=2)


@pytest.mark.parametrize(
    ("body", "kind", "keys", "text", "rows"),
    [
        (b'{"a":1,"a":2}', BodyKind.OBJECT, ("a",), '{"a":1,"a":2}', 1),
        (b"{}", BodyKind.OBJECT, (), "{}", 1),
        (b"[{},{}]", BodyKind.ARRAY, (), "[{},{}]", 2),
        (b"[ ]", BodyKind.ARRAY, (), "[]", 0),
        (b"1", BodyKind.ARRAY, (), "[]", 0),
        (b'"x"', BodyKind.ARRAY, (), "[]", 0),
        (b" null ", BodyKind.ARRAY, (), "[]", 0),
    ],
)
def test_json_bodies(body, kind, keys, text, rows):
    """Objects and arrays of objects; any other value counts as no rows."""
    found = request(body)
    assert found.values == (text,)
    assert found.shape.payload == Payload(kind=kind, keys=keys, slot=0, rows=rows)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" ",
        b"{",
        b"nul",
        b'{"a":1}x',
        b'{"a":01}',
        b"\xef\xbb\xbf{}",
        b'{"a":"\xff"}',
        b"[1,]",
        b"[{},1",
        b'{"a":"\x01"}',
        b"[" * 100_000 + b"]" * 100_000,
    ],
)
def test_what_is_no_json_is_refused(body):
    """Syntax comes before the keys."""
    found = refused(body)
    assert (found.code, found.status, found.message) == ("PGRST102", 400, "Empty or invalid json")


@pytest.mark.parametrize("body", [b'[{"a":1},{}]', b'[{"a":1},{"b":1}]', b"[1]", b"[{},[]]"])
def test_objects_must_be_alike(body):
    """Members that are no objects are not alike either."""
    assert refused(body).message == "All object keys must match"


def test_columns_leave_json_unread():
    """The server tells what is wrong with it."""
    found = request(b" \n{nonsense", query="columns=a")
    assert found.values == (" \n{nonsense",)
    assert found.shape.payload == Payload(kind=BodyKind.OBJECT, slot=0, is_unread=True)
    assert request(b"", query="columns=a").shape.payload.kind is BodyKind.ARRAY
    assert refused(b"\xff", query="columns=a").code == "22021"


def test_a_call_without_a_body_has_no_arguments():
    """An empty body is an empty object, for functions only."""
    found = request(b"", path="/rpc/f")
    assert found.values == ("{}",)
    assert found.shape.payload.keys == ()


@pytest.mark.parametrize("method", ["GET", "DELETE", "OPTIONS"])
def test_other_bodies_are_not_read(method):
    """A DELETE ignores its body, whatever it is."""
    found = request(b"{x", "no/such", method=method)
    assert found.shape.payload == Payload(kind=BodyKind.NONE)
    assert found.shape.content_type == "application/json"


def test_csv_becomes_rows_of_texts():
    """`NULL` is null, quoted or not; nothing is an empty text."""
    body = 'a,"b ""x"""\r\n1,"NULL"\r\n,"я,\n"\n\n'.encode()
    found = request(body, "text/csv")
    assert json.loads(found.values[0]) == [{"a": "1", 'b "x"': None}, {"a": "", 'b "x"': "я,\n"}]
    assert found.shape.payload == Payload(kind=BodyKind.ARRAY, keys=("a", 'b "x"'), slot=0, rows=2)


@pytest.mark.parametrize(
    ("body", "rows"),
    [
        (b"a,b\n", []),
        (b"a,b\n1,2,3", [{"a": "1", "b": "2"}]),
        (b"a,b\n1\n2", [{"a": "1"}, {"a": "2"}]),
        (b"a\n1\n\n2", [{"a": "1"}, {"a": "2"}]),
        (b'a\n"1x', [{"a": "1"}]),
        (b"a\r1\n2", [{"a": "1"}, {"a": "2"}]),
    ],
)
def test_csv_lines(body, rows):
    """Long lines are cut, short ones lack keys, empty ones are none."""
    found = request(body, "text/csv")
    assert json.loads(found.values[0]) == rows
    assert found.shape.payload.rows == len(rows)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"a,b\n1,2\n3", "All lines must have same number of fields"),
        (b"a,b", 'parse error (not enough input) at ""'),
        (b"", 'parse error (not enough input) at ""'),
        (b'a\n1\n"x"y', 'parse error (endOfInput) at "y"'),
        (b"\xff\n", "Body is not valid UTF-8"),
    ],
)
def test_csv_that_is_none_is_refused(body, message):
    """The words are those of PostgREST's library where it has any."""
    assert refused(body, "text/csv").message == message


def test_a_form_is_one_row_of_texts():
    """Of a repeated key the last value counts, a key alone is empty."""
    found = request(b"b=1+2&a=x;b=%D1%8F&c", FORM)
    assert json.loads(found.values[0]) == {"a": "x", "b": "я", "c": ""}
    assert found.shape.payload == Payload(
        kind=BodyKind.OBJECT, keys=("a", "b", "c"), slot=0, rows=1
    )
    assert request(b"", FORM).values == ("{}",)
    assert refused(b"a=%FF", FORM).code == "PGRST102"


def test_a_form_for_a_function_keeps_its_repeats():
    """A variadic parameter takes them all."""
    found = request(b"b=1&a=2&b=3", FORM, path="/rpc/f")
    assert found.values == ("1", "2", "3")
    assert found.shape.payload.form == (("b", 0), ("a", 1), ("b", 2))
    assert found.shape.payload.keys == ("a", "b")


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("text/plain", "x\xe9"),
        ("text/xml; charset=utf-8", "x\xe9"),
        ("application/octet-stream", "x\xe9".encode()),
    ],
)
def test_raw_bodies_are_for_functions(content, value):
    """They are the argument; relations refuse them."""
    found = request("x\xe9".encode(), content, path="/rpc/f")
    assert found.values == (value,)
    assert found.shape.payload == Payload(kind=BodyKind.RAW, slot=0)
    assert found.shape.content_type == content.partition(";")[0]
    name = content.partition(";")[0]
    assert refused(b"x", content).message == f"Content-Type not acceptable: {name}"


@pytest.mark.parametrize("content", ["no/such; a=b", "application/json ;x", ""])
def test_other_content_is_refused_by_its_text(content):
    """Even a blank too many makes it another type."""
    assert refused(b"{}", content).message == f"Content-Type not acceptable: {content}"


def test_a_refusal_of_odd_content_can_be_answered():
    """A header may hold what no answer can."""
    assert b"acceptable: x?" in refused(b"{}", "x\udc80").reply().body


def test_octets_may_hold_anything():
    """Bytes that are no text are sent as bytes, NUL included."""
    found = request(b"\xff\0", "application/octet-stream", path="/rpc/f")
    assert found.values == (b"\xff\0",)
    assert refused(b"\xff", "text/plain", path="/rpc/f").code == "22021"
    assert refused(b"\0", "text/plain", path="/rpc/f").code == "22021"


def test_ranges_are_checked_before_bodies():
    """Of two faults the window's is told."""
    assert refused(b"{", query="limit=-1").code == "PGRST103"
