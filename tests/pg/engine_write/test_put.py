"""PUT: one row by its whole key."""

import psycopg
import pytest

FULL = "return=representation"


def _pairs(api):
    return api.rows("SELECT a, b, value FROM api.pair ORDER BY a, b")


def test_a_new_row(api):
    """A row that does not exist is inserted."""
    body = {"a": 2, "b": "x", "value": "third"}
    answer = api.send("PUT", "/pair", body, query="a=eq.2&b=eq.x", prefer=FULL)
    assert (answer.status, answer.json) == (201, [body])
    assert answer.header("Preference-Applied") == FULL
    assert answer.header("Content-Range") is None
    assert _pairs(api)[-1] == (2, "x", "third")


def test_a_row_that_exists(api):
    """A row that exists is replaced."""
    body = {"a": 1, "b": "x", "value": "new"}
    answer = api.send("PUT", "/pair", body, query="a=eq.1&b=eq.x", prefer=FULL)
    assert (answer.status, answer.json) == (200, [body])
    assert _pairs(api) == [(1, "x", "new"), (1, "y", "second")]


@pytest.mark.parametrize("prefer", ["", "return=minimal", "return=headers-only"])
def test_no_body(api, prefer):
    """Without representation it is 204 either way."""
    body = {"a": 1, "b": "x", "value": "new"}
    answer = api.send("PUT", "/pair", body, query="a=eq.1&b=eq.x", prefer=prefer)
    assert (answer.status, answer.text) == (204, "")
    assert answer.header("Content-Length") is None
    assert answer.header("Location") is None
    assert _pairs(api)[0] == (1, "x", "new")


def test_rows_that_do_not_match_are_dropped(api):
    """Of an array only the row of the URL is taken, and only it is counted."""
    body = [{"a": 1, "b": "x", "value": "new"}, {"a": 9, "b": "z", "value": "other"}]
    answer = api.send("PUT", "/pair", body, query="a=eq.1&b=eq.x", prefer=FULL)
    assert (answer.status, answer.json) == (200, body[:1])
    assert _pairs(api) == [(1, "x", "new"), (1, "y", "second")]


@pytest.mark.parametrize(
    ("body", "query"),
    [
        ({"a": 2, "b": "x", "value": "new"}, "a=eq.1&b=eq.x"),
        ([], "a=eq.1&b=eq.x"),
    ],
)
def test_another_key_in_the_body(api, body, query):
    """A key that is not the URL's is refused, and nothing is written."""
    if body == []:
        with pytest.raises(psycopg.errors.UndefinedColumn):
            api.send("PUT", "/pair", body, query=query)
    else:
        answer = api.send("PUT", "/pair", body, query=query)
        assert (answer.status, answer.json["code"]) == (400, "PGRST115")
        expected = "Payload values do not match URL in primary key column(s)"
        assert answer.json["message"] == expected
    assert _pairs(api) == [(1, "x", "first"), (1, "y", "second")]


@pytest.mark.parametrize(
    "query",
    [
        "",
        "a=eq.1",
        "a=eq.1&b=eq.x&value=eq.v",
        "a=eq.1&b=neq.x",
        "a=eq.1&b=not.eq.x",
        "a=eq(any).{1}&b=eq.x",
        "a=eq.1&b=in.(x)",
        "a=eq.1&b=eq.x&or=(a.eq.1,b.eq.x)",
        "and=(a.eq.1,b.eq.x)",
    ],
)
def test_filters_must_be_the_key(api, query):
    """Anything but `eq` on all and only the key's columns is refused."""
    answer = api.send("PUT", "/pair", {"a": 1, "b": "x", "value": "new"}, query=query)
    assert (answer.status, answer.json["code"]) == (405, "PGRST105")
    assert answer.json["message"] == (
        "Filters must include all and only primary key columns with 'eq' operators"
    )
    assert _pairs(api)[0] == (1, "x", "first")


def test_a_table_without_a_key(api):
    """Where there is no key there is no PUT."""
    answer = api.send("PUT", "/loose", {"a": 1, "b": "x"}, query="a=eq.1")
    assert answer.json["code"] == "PGRST105"


@pytest.mark.parametrize("window", ["limit=1", "offset=1"])
def test_no_window(api, window):
    """A window is refused."""
    body = {"a": 1, "b": "x", "value": "new"}
    answer = api.send("PUT", "/pair", body, query=f"a=eq.1&b=eq.x&{window}")
    assert (answer.status, answer.json["code"]) == (400, "PGRST114")
    assert answer.json["message"] == "limit/offset querystring parameters are not allowed for PUT"
    assert _pairs(api)[0] == (1, "x", "first")


def test_the_key_comes_before_the_columns(api):
    """The filters are checked before the columns of the body."""
    assert api.send("PUT", "/pair", {"nope": 1}, query="a=eq.1").json["code"] == "PGRST105"
    answer = api.send("PUT", "/pair", {"a": 1, "b": "x", "no": 1}, query="a=eq.1&b=eq.x")
    assert answer.json["code"] == "PGRST204"


def test_through_a_view(api):
    """A view counts with the key of its table."""
    body = {"a": 1, "b": "x", "value": "new"}
    answer = api.send("PUT", "/pair_view", body, query="a=eq.1&b=eq.x", prefer=FULL)
    assert (answer.status, answer.json) == (200, [body])


def test_missing_has_no_effect(api):
    """Defaults are not merged into a PUT, so json stays as written; nor is it echoed."""
    body = '{"id": 5, "note": {"b" : 1}}'
    answer = api.send("PUT", "/filled", body, query="id=eq.5", prefer="missing=default")
    assert (answer.status, answer.header("Preference-Applied")) == (204, None)
    assert api.value("SELECT note::text FROM api.filled WHERE id = 5") == '{"b" : 1}'


def test_single(api):
    """A singular answer is the row."""
    body = {"a": 1, "b": "x", "value": "new"}
    answer = api.send(
        "PUT",
        "/pair",
        body,
        query="a=eq.1&b=eq.x",
        prefer=FULL,
        accept="application/vnd.pgrst.object+json",
    )
    assert (answer.status, answer.json) == (200, body)
