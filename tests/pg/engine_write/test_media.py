"""Media types of an application's own, of mutations and calls."""

import pytest

FULL = "return=representation"


def test_a_text_of_a_function(api):
    """A function that returns a media type makes the body itself."""
    answer = api.send("GET", "/rpc/page", query="name=x", accept="text/html")
    assert (answer.status, answer.text) == (200, "<p>x")
    assert answer.header("Content-Type") == "text/html"


def test_bytes_of_a_function(api):
    """So does one of bytes."""
    answer = api.send("POST", "/rpc/image", accept="image/png")
    assert (answer.status, answer.reply.body) == (200, b"\x00\xff")


def test_the_same_as_json(api):
    """Its value may be asked for as JSON, too."""
    answer = api.send("GET", "/rpc/page", query="name=x", accept="application/json")
    assert answer.json == "<p>x"


@pytest.mark.parametrize(
    ("method", "path", "body", "text"),
    [
        ("POST", "/thing", [{"id": 8, "name": "a"}, {"id": 9, "name": "b"}], "a+b"),
        ("PATCH", "/thing?id=eq.1", {"name": "new"}, "new"),
    ],
)
def test_an_aggregate_over_changed_rows(api, method, path, body, text):
    """An aggregate over a relation's rows makes the body of a mutation."""
    path, _, query = path.partition("?")
    answer = api.send(method, path, body, query=query, prefer=FULL, accept="text/x-names")
    assert answer.text == text


def test_an_aggregate_over_a_result(api):
    """And of a call that returns such rows."""
    answer = api.send("GET", "/rpc/one_thing", query="i=2", accept="text/x-names")
    assert (answer.status, answer.text) == (200, "two")


def test_a_type_that_nothing_makes(api):
    """Any other type is refused before anything is written, a minimal answer's too."""
    answer = api.send("POST", "/thing", {"id": 9}, accept="text/html")
    assert (answer.status, answer.json["code"]) == (406, "PGRST107")
    assert api.value("SELECT count(*) FROM api.thing") == 3


@pytest.mark.parametrize(
    ("method", "path", "body", "node"),
    [
        ("PATCH", "/thing", {"name": "new"}, "Update on thing"),
        ("POST", "/thing", {"id": 9}, "Insert on thing"),
        ("POST", "/rpc/table_of", {"n": 2}, "Aggregate"),
    ],
)
def test_a_plan(api, method, path, body, node):
    """The plan is shown where it is allowed, and nothing is done."""
    accept = "application/vnd.pgrst.plan+text"
    answer = api.set(has_plans=True).send(method, path, body, prefer=FULL, accept=accept)
    assert answer.status == 200
    assert node in answer.text
    assert api.value("SELECT count(*) FROM api.thing WHERE id < 9 AND name <> 'new'") == 3
