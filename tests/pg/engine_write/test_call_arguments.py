"""Calls: which function, with which arguments."""

import psycopg
import pytest

from changeover.engine import plan, render, request
from changeover.engine.message import Message


def test_by_get(api):
    """Texts of the query string are cast to the parameters' types."""
    answer = api.send("GET", "/rpc/add", query="a=1&b=2")
    assert (answer.status, answer.text) == (200, "3")
    assert answer.header("Content-Range") == "0-0/*"
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Content-Location") is None


def test_by_head(api):
    """HEAD calls too, and shows nothing."""
    answer = api.send("HEAD", "/rpc/add", query="a=1&b=2")
    assert (answer.status, answer.text) == (200, "")
    assert answer.header("Content-Length") is None


def test_by_post(api):
    """An object holds the arguments."""
    answer = api.send("POST", "/rpc/add", {"a": 1, "b": 2})
    assert (answer.status, answer.text) == (200, "3")


def test_an_array(api):
    """Of an array the first object is taken."""
    assert api.send("POST", "/rpc/add", [{"a": 1, "b": 2}, {"a": 5, "b": 5}]).text == "3"
    assert api.send("POST", "/rpc/numbers", [{"n": 1}, {"n": 2}]).text == "[1]"


def test_a_form(api):
    """A form holds texts."""
    kind = "application/x-www-form-urlencoded"
    assert api.send("POST", "/rpc/add", "a=1&b=2&b=3", kind=kind).text == "4"


def test_no_body(api):
    """An empty body is an empty object."""
    assert api.send("POST", "/rpc/null_text").text == "null"
    assert api.send("POST", "/rpc/null_text", "{}").text == "null"


def test_a_default(api):
    """A parameter with a default may be left out, another may not."""
    assert api.send("GET", "/rpc/add3", query="a=1&b=2").text == "103"
    assert api.send("POST", "/rpc/add3", {"a": 1, "b": 2, "c": 3}).text == "6"
    answer = api.send("GET", "/rpc/add3", query="a=1&c=2")
    assert (answer.status, answer.json["code"]) == (404, "PGRST202")


def test_columns(api):
    """`columns` names the arguments that are taken from the body."""
    body = {"a": 1, "b": 2, "rubbish": 3}
    assert api.send("POST", "/rpc/add", body, query="columns=a,b").text == "3"


def test_the_last_of_a_repeated_argument(api):
    """Of a repeated argument the last is taken."""
    assert api.send("GET", "/rpc/add", query="a=1&a=7&b=2").text == "9"


@pytest.mark.parametrize(("query", "total"), [("v=1", "1"), ("v=1&v=2&v=3", "6")])
def test_a_variadic_by_get(api, query, total):
    """A variadic parameter takes all of its name."""
    assert api.send("GET", "/rpc/total", query=query).text == total


def test_a_variadic_by_form(api):
    """So it does of a form."""
    kind = "application/x-www-form-urlencoded"
    assert api.send("POST", "/rpc/total", "v=1&v=2", kind=kind).text == "3"


def test_a_variadic_by_post(api):
    """In JSON it takes an array."""
    assert api.send("POST", "/rpc/total", {"v": [1, 2, 3]}).text == "6"


def test_an_array_argument(api):
    """An array is a literal in a query string, an array in JSON."""
    assert api.send("GET", "/rpc/same", query="v=%7B1,2%7D").json == [1, 2]
    assert api.send("POST", "/rpc/same", {"v": [1, None]}).json == [1, None]


def test_char_without_length(api):
    """A `char` takes more than one letter."""
    assert api.send("POST", "/rpc/padded", {"v": "abc"}).json == "abc"
    assert api.send("GET", "/rpc/padded", query="v=abc").json == "abc"


def test_a_null_argument(api):
    """A null is a null."""
    assert api.send("POST", "/rpc/add", {"a": 1, "b": None}).text == "null"


def test_a_bad_argument(api):
    """A text that the type does not take is the server's error."""
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        api.send("GET", "/rpc/add", query="a=x&b=1")


def test_values_are_never_sql(api):
    """Quotes and placeholders in values stay values."""
    answer = api.send("POST", "/rpc/Odd%20fn", {"a b": "'; $1 \\ %s"})
    assert answer.json == "'; $1 \\ %s"


def test_a_raw_json_body(api):
    """A single unnamed json parameter takes the body as it is."""
    assert api.send("POST", "/rpc/raw_json", '{"b" : 1,"b":2}').text == '{"b" : 1,"b":2}'
    assert api.send("POST", "/rpc/raw_jsonb", '{"b" : 1}').json == '{"b": 1}'
    assert api.send("POST", "/rpc/raw_json", '[{"a":1}]').text == '[{"a":1}]'


def test_a_raw_text_body(api):
    """A text body is a text."""
    answer = api.send("POST", "/rpc/raw_text", "a 'ü' $1", kind="text/plain")
    assert answer.json == "<a 'ü' $1>"


def test_a_raw_binary_body(api):
    """An octet stream is a bytea, whatever its bytes are."""
    answer = api.send("POST", "/rpc/raw_bytes", b"\x00\xff\\x", kind="application/octet-stream")
    assert answer.text == "4"


def test_overloads(api):
    """The names of the arguments choose among functions of one name."""
    assert api.send("GET", "/rpc/chosen", query="a=1").json == "a"
    assert api.send("GET", "/rpc/chosen", query="a=1&b=1").json == "ab"


def test_ambiguous(api):
    """Types choose nothing."""
    answer = api.send("GET", "/rpc/doubled", query="a=1")
    assert (answer.status, answer.json["code"]) == (300, "PGRST203")


def test_unknown(api):
    """A function that does not exist."""
    answer = api.send("POST", "/rpc/nope", {"a": 1})
    assert (answer.status, answer.json["code"]) == (404, "PGRST202")


@pytest.mark.parametrize("method", ["PATCH", "PUT", "DELETE"])
def test_other_verbs(api, method):
    """No other verb calls a function."""
    answer = api.send(method, "/rpc/write_one", {"n": 1})
    assert (answer.status, answer.json["code"]) == (405, "PGRST101")
    assert api.value("SELECT count(*) FROM api.loose") == 2


@pytest.mark.parametrize(
    ("method", "path", "mode"),
    [
        ("GET", "/rpc/mode_volatile", "on"),
        ("POST", "/rpc/mode_volatile", "off"),
        ("GET", "/rpc/mode", "on"),
        ("POST", "/rpc/mode", "on"),
    ],
)
def test_the_access_mode(api, method, path, mode):
    """Calls by GET are read only, those by POST if the function is stable."""
    assert api.send(method, path).json == mode


def test_a_write_by_get(api):
    """A GET that writes is the server's error."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        api.send("GET", "/rpc/write_one", query="n=1")
    assert api.send("POST", "/rpc/write_one", {"n": 1}).text == "1"
    assert api.value("SELECT count(*) FROM api.loose") == 3


def test_hoisted_settings(api):
    """Settings of the function are set for its transaction, those that are hoisted."""
    asked = request.parse(Message(method="POST", path="/rpc/timeouts"), api.settings)
    work = render.work(plan.resolve(asked.shape, api.snapshot, api.settings))
    assert work.settings == (("statement_timeout", "12345ms"),)


def test_isolation(api):
    """The isolation of the function is the transaction's."""
    assert api.send("POST", "/rpc/isolated").json == "serializable"
