"""Deletes."""

FULL = "return=representation"


def test_filtered(api):
    """Rows that the filters choose are deleted; the body is not read."""
    answer = api.send("DELETE", "/part", "{rubbish", query="id=gt.10", prefer="count=exact")
    assert (answer.status, answer.text) == (204, "")
    assert answer.header("Content-Range") == "*/2"
    assert answer.header("Preference-Applied") == "count=exact"
    assert api.rows("SELECT id FROM api.part") == [(10,)]


def test_no_filter_is_every_row(api):
    """Without a filter every row is deleted, whatever limit says."""
    answer = api.send("DELETE", "/part", query="limit=1&order=id")
    assert (answer.status, answer.header("Content-Range")) == (204, "*/*")
    assert api.rows("SELECT id FROM api.part") == []


def test_represented(api):
    """What was deleted is returned, ordered, with its embeds."""
    answer = api.send(
        "DELETE", "/part", query="thing_id=eq.1&order=id.desc&select=id,thing(name)", prefer=FULL
    )
    assert answer.status == 200
    assert answer.json == [
        {"id": 11, "thing": {"name": "one"}},
        {"id": 10, "thing": {"name": "one"}},
    ]


def test_no_row(api):
    """No row is an empty array."""
    answer = api.send("DELETE", "/part", query="id=eq.99", prefer=FULL)
    assert (answer.status, answer.text) == (200, "[]")


def test_a_tree(api):
    """Trees choose rows."""
    query = "and=(id.gt.10,or(name.eq.bolt,name.is.null))"
    assert api.send("DELETE", "/part", query=query).status == 204
    assert api.rows("SELECT id FROM api.part ORDER BY id") == [(10,), (11,)]


def test_singular_refused(api):
    """A singular answer of several rows is refused and taken back."""
    accept = "application/vnd.pgrst.object+json"
    answer = api.send("DELETE", "/part", accept=accept)
    assert (answer.status, answer.json["code"]) == (406, "PGRST116")
    assert api.value("SELECT count(*) FROM api.part") == 3


def test_a_trigger_of_a_view_deletes(api):
    """A view with instead-of triggers is deleted from."""
    answer = api.send("DELETE", "/thing_names", query="id=eq.3", prefer=FULL)
    assert (answer.status, answer.json) == (200, [{"id": 3, "name": "three"}])
    assert api.value("SELECT count(*) FROM api.thing") == 2


def test_csv(api):
    """The answer may be CSV, with the columns that were selected."""
    answer = api.send(
        "DELETE", "/part", query="id=eq.10&select=name", prefer=FULL, accept="text/csv"
    )
    assert (answer.status, answer.text) == (200, "name\nbolt")
