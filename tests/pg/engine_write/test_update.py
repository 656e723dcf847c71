"""Updates: which rows are changed, and to what."""

import psycopg
import pytest

FULL = "return=representation"


def _names(api):
    return api.rows("SELECT id, name FROM api.thing ORDER BY id")


def test_filtered(api):
    """Rows that the filters choose are changed; 204 says nothing of them."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="id=gte.2&name=neq.three")
    assert (answer.status, answer.text) == (204, "")
    assert answer.header("Content-Range") == "0-0/*"
    assert answer.header("Content-Length") is None
    assert answer.header("Content-Type") is None
    assert _names(api) == [(1, "one"), (2, "new"), (3, "three")]


def test_no_filter_is_every_row(api):
    """Without a filter every row is changed, whatever limit says."""
    answer = api.send(
        "PATCH", "/thing", {"name": "new"}, query="limit=1&offset=1&order=id", prefer="count=exact"
    )
    assert (answer.status, answer.header("Content-Range")) == (204, "0-2/3")
    assert _names(api) == [(1, "new"), (2, "new"), (3, "new")]


def test_no_row(api):
    """No row is 204 too."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="id=eq.9", prefer="count=exact")
    assert (answer.status, answer.header("Content-Range")) == (204, "*/0")


def test_no_row_represented(api):
    """No row is an empty array."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="id=eq.9", prefer=FULL)
    assert (answer.status, answer.text, answer.header("Content-Range")) == (200, "[]", "*/*")


def test_a_tree(api):
    """Trees choose rows; a row that no longer fits is returned all the same."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"name": "new"},
        query="or=(name.eq.one,name.eq.two)&order=id.desc&select=id,name",
        prefer=FULL,
    )
    assert answer.status == 200
    assert answer.json == [{"id": 2, "name": "new"}, {"id": 1, "name": "new"}]
    assert answer.header("Content-Range") == "0-1/*"


@pytest.mark.parametrize("body", ["{}", "[]", "[{}]"])
def test_no_column(api, body):
    """Without columns nothing is run, and nothing is returned."""
    answer = api.send("PATCH", "/thing", body, query="id=eq.1", prefer=f"{FULL},count=exact")
    assert (answer.status, answer.text) == (200, "[]")
    assert answer.header("Content-Range") == "*/0"
    assert api.send("PATCH", "/thing", body).status == 204
    assert _names(api) == [(1, "one"), (2, "two"), (3, "three")]


def test_several_objects(api):
    """Of several objects one is taken."""
    body = [{"name": "a"}, {"name": "b"}]
    answer = api.send("PATCH", "/thing", body, query="id=eq.1", prefer="count=exact")
    assert answer.header("Content-Range") == "0-0/1"
    assert api.value("SELECT name FROM api.thing WHERE id = 1") in ("a", "b")


def test_null_and_json(api):
    """A null is a null, a path of a filter goes into JSON."""
    body = {"name": None, "data": {"z": [1, None]}}
    answer = api.send("PATCH", "/thing", body, query="data->>a=eq.1")
    assert answer.status == 204
    found = api.rows("SELECT id, name, data FROM api.thing WHERE data ? 'z'")
    assert found == [(1, None, {"z": [1, None]})]


def test_columns(api):
    """`columns` chooses keys of an update as well."""
    body = {"name": "new", "price": 9}
    assert api.send("PATCH", "/thing", body, query="id=eq.1&columns=name").status == 204
    assert api.rows("SELECT name, price::text FROM api.thing WHERE id = 1") == [("new", "1.50")]


def test_defaults(api):
    """With `missing=default` a listed column that is missing gets its default."""
    api.connection.execute("INSERT INTO api.filled (size, made) VALUES (1, 'm')")
    answer = api.send(
        "PATCH", "/filled", {"made": "n"}, query="columns=size,made", prefer="missing=default"
    )
    assert (answer.status, answer.header("Preference-Applied")) == (204, "missing=default")
    assert api.rows("SELECT size, made FROM api.filled") == [(7, "n")]


def test_an_unknown_filter(api):
    """A filter on a column that does not exist is the server's error."""
    with pytest.raises(psycopg.errors.UndefinedColumn, match=r"column thing\.nope does not exist"):
        api.send("PATCH", "/thing", {"name": "new"}, query="nope=eq.1")


def test_an_unknown_column(api):
    """A key that is no column is refused."""
    assert api.send("PATCH", "/thing", {"nope": 1}).json["code"] == "PGRST204"


def test_a_column_in_select_of_a_minimal_answer(api):
    """What is selected is not looked at where nothing is returned."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="id=eq.1&select=nope")
    assert answer.status == 204
    assert api.value("SELECT name FROM api.thing WHERE id = 1") == "new"


def test_an_embed_in_select_of_a_minimal_answer(api):
    """But an embed must exist, and nothing is written where it doesn't."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="select=id,nope(*)")
    assert answer.json["code"] == "PGRST200"
    assert _names(api) == [(1, "one"), (2, "two"), (3, "three")]


def test_singular(api):
    """A singular answer of one row is that row."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"name": "new"},
        query="id=eq.1&select=name",
        prefer=FULL,
        accept="application/vnd.pgrst.object+json",
    )
    assert (answer.status, answer.json) == (200, {"name": "new"})


@pytest.mark.parametrize("prefer", ["", FULL])
@pytest.mark.parametrize(("query", "found"), [("id=gt.1", 2), ("id=eq.9", 0)])
def test_singular_refused(api, prefer, query, found):
    """Another number of rows is refused and taken back, with a minimal answer too."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"name": "new"},
        query=query,
        prefer=prefer,
        accept="application/vnd.pgrst.object+json",
    )
    assert (answer.status, answer.json["code"]) == (406, "PGRST116")
    assert answer.json["details"] == f"The result contains {found} rows"
    assert _names(api) == [(1, "one"), (2, "two"), (3, "three")]


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
def test_more_rows_than_allowed(api, method):
    """More rows than `max-affected` are taken back."""
    body = {"price": 0} if method == "PATCH" else ""
    api.connection.execute("DELETE FROM api.part")
    prefer = "handling=strict,max-affected=1"
    answer = api.send(method, "/thing", body, query="id=gte.2", prefer=prefer)
    assert (answer.status, answer.json["code"]) == (400, "PGRST124")
    assert answer.json["message"] == "Query result exceeds max-affected preference constraint"
    assert answer.json["details"] == "The query affects 2 rows"
    assert api.value("SELECT count(*) FROM api.thing WHERE price IS DISTINCT FROM 0") == 3
    answer = api.send(method, "/thing", body, query="id=eq.2", prefer=prefer)
    assert answer.status == 204
    assert answer.header("Preference-Applied") == "handling=strict, max-affected=1"


def test_lenient_is_not_limited(api):
    """Without `handling=strict` the limit is not held."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, prefer="max-affected=1")
    assert (answer.status, answer.header("Preference-Applied")) == (204, None)


def test_an_unknown_preference(api):
    """A strict request with an unknown preference is refused, and nothing is written."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, prefer="handling=strict,foo=1, bar")
    assert (answer.status, answer.json["code"]) == (400, "PGRST122")
    assert answer.json["details"] == "Invalid preferences: foo=1, bar"
    assert _names(api) == [(1, "one"), (2, "two"), (3, "three")]


def test_strictness_comes_before_the_media_type(api):
    """The preferences of a mutation are checked before what it accepts."""
    more = {"prefer": "handling=strict,foo=1", "accept": "x/y"}
    assert api.send("PATCH", "/thing", {"name": "n"}, **more).json["code"] == "PGRST122"
    answer = api.send("PATCH", "/thing", {"name": "n"}, accept="x/y")
    assert (answer.status, answer.json["code"]) == (406, "PGRST107")


def test_a_trigger_of_a_view_updates(api):
    """A view with instead-of triggers is updated."""
    answer = api.send("PATCH", "/thing_names", {"name": "new"}, query="id=eq.1", prefer=FULL)
    assert (answer.status, answer.json) == (200, [{"id": 1, "name": "new"}])
    assert _names(api)[0] == (1, "new")


def test_a_cap_does_not_cut(api):
    """`db-max-rows` cuts neither what is changed nor what is returned."""
    answer = api.set(rows_max=1).send("PATCH", "/thing", {"name": "new"}, prefer=FULL)
    assert [row["id"] for row in answer.json] == [1, 2, 3]


def test_an_unknown_table(api):
    """A table that does not exist is refused."""
    answer = api.send("PATCH", "/thnig", {"name": "new"})
    assert (answer.status, answer.json["code"]) == (404, "PGRST205")
