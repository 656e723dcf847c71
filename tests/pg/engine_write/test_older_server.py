"""The same on the older of the two servers."""

import pytest

from changeover.engine.syntax import Resolution

pytestmark = pytest.mark.parametrize("api", ["source"], indirect=True)


@pytest.mark.parametrize(("a", "status"), [(1, 200), (5, 201)])
def test_an_upsert_through_a_view(api, a, status):
    """New rows are told from merged ones."""
    prefer = f"resolution={Resolution.MERGE},return=representation"
    body = [{"a": a, "b": "x", "value": "v"}]
    answer = api.send("POST", "/pair_view", body, prefer=prefer)
    assert (answer.status, answer.json) == (status, body)


def test_defaults(api):
    """Defaults stand in for missing keys."""
    query = "columns=id,kind,size&select=id,kind,size"
    prefer = "missing=default,return=representation"
    answer = api.send("POST", "/filled", [{"size": 1}, {"id": 9}], query=query, prefer=prefer)
    assert answer.json == [
        {"id": 1, "kind": "none", "size": 1},
        {"id": 9, "kind": "none", "size": 7},
    ]


def test_a_location(api):
    """A new row is named by its key."""
    answer = api.send("POST", "/pair", {"a": 5, "b": "x"}, prefer="return=headers-only")
    assert answer.header("Location") == "/pair?a=eq.5&b=eq.x"


def test_an_update_with_embeds(api):
    """Changed rows come with their embeds."""
    answer = api.send(
        "PATCH",
        "/part",
        {"name": "new"},
        query="id=eq.10&select=name,thing(name),owner(label)",
        prefer="return=representation",
    )
    assert answer.json == [{"name": "new", "thing": {"name": "one"}, "owner": {"label": "1:one"}}]


def test_a_variadic_call(api):
    """A variadic parameter takes all of its name."""
    assert api.send("GET", "/rpc/total", query="v=1&v=2").text == "3"


def test_a_call_with_an_embed(api):
    """Results are filtered, counted and embedded."""
    answer = api.send(
        "POST",
        "/rpc/parts_of",
        {"i": 1},
        query="select=id,thing(name)&order=id&limit=1",
        prefer="count=exact",
    )
    assert answer.json == [{"id": 10, "thing": {"name": "one"}}]
    assert (answer.status, answer.header("Content-Range")) == (206, "0-0/2")
