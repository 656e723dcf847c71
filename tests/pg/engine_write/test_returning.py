"""What a mutation returns of its rows."""

import psycopg
import pytest

FULL = "return=representation"
HEADERS = "return=headers-only"


def test_all_columns(api):
    """All columns are the default."""
    answer = api.send("POST", "/part", {"id": 20, "thing_id": 3}, prefer=FULL)
    assert answer.status == 201
    assert answer.text == '[{"id":20,"thing_id":3,"name":null}]'
    assert answer.header("Content-Type") == "application/json; charset=utf-8"
    assert answer.header("Preference-Applied") == FULL


def test_some_columns(api):
    """Aliases, casts and paths work as in a read."""
    body = {"id": 9, "name": "nine", "data": {"k": [5, 6]}}
    answer = api.send(
        "POST", "/thing", body, query="select=n:name,id::text,data->k->1", prefer=FULL
    )
    assert answer.json == [{"n": "nine", "id": "9", "k": 6}]


def test_an_embed_to_one(api):
    """A parent comes with its child, whatever columns were selected."""
    answer = api.send(
        "POST", "/part", {"id": 20, "thing_id": 2}, query="select=name,thing(name)", prefer=FULL
    )
    assert answer.json == [{"name": None, "thing": {"name": "two"}}]


def test_an_embed_to_many(api):
    """Filters, orders and windows on an embed shape the answer, not the rows."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"name": "new"},
        query="select=id,part(name)&order=id&part.name=eq.bolt&part.order=id&id=lt.3",
        prefer=FULL,
    )
    assert answer.json == [
        {"id": 1, "part": [{"name": "bolt"}]},
        {"id": 2, "part": [{"name": "bolt"}]},
    ]
    assert api.value("SELECT count(*) FROM api.thing WHERE name = 'new'") == 2


def test_a_tree_on_an_embed(api):
    """A tree on an embed shapes the answer and chooses no row."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"price": 3},
        query="select=id,part(id)&id=lt.3&order=id&part.or=(id.eq.11,id.eq.99)",
        prefer=FULL,
    )
    assert answer.json == [{"id": 1, "part": [{"id": 11}]}, {"id": 2, "part": []}]
    assert api.value("SELECT count(*) FROM api.thing WHERE price = 3") == 2


def test_an_inner_embed(api):
    """An inner embed drops rows from the answer; they are changed all the same."""
    answer = api.send(
        "PATCH",
        "/thing",
        {"name": "new"},
        query="select=id,part!inner(id)&part.name=eq.nut",
        prefer=FULL,
    )
    assert answer.json == [{"id": 1, "part": [{"id": 11}]}]
    assert api.value("SELECT count(*) FROM api.thing WHERE name = 'new'") == 3


def test_a_filter_on_no_embed(api):
    """A filter on an embed that is not selected is refused before anything is written."""
    answer = api.send("PATCH", "/thing", {"name": "new"}, query="part.name=eq.nut")
    assert answer.json["code"] == "PGRST108"
    assert api.value("SELECT count(*) FROM api.thing WHERE name = 'new'") == 0


def test_a_computed_field(api):
    """A function of the row is returned with it."""
    answer = api.send(
        "POST", "/thing", {"id": 9, "name": "nine"}, query="select=name,label", prefer=FULL
    )
    assert answer.json == [{"name": "nine", "label": "9:nine"}]


def test_a_computed_field_beside_all_columns(api):
    """It is returned beside all columns, too."""
    answer = api.send(
        "PATCH", "/thing", {"name": "new"}, query="select=*,label&id=eq.3", prefer=FULL
    )
    assert answer.json == [
        {
            "id": 3,
            "name": "new",
            "price": None,
            "data": None,
            "tags": None,
            "note": None,
            "label": "3:new",
        }
    ]


def test_a_computed_relationship(api):
    """A function of the row that returns rows is embedded."""
    answer = api.send(
        "POST", "/part", {"id": 20, "thing_id": 2}, query="select=id,owner(name)", prefer=FULL
    )
    assert answer.json == [{"id": 20, "owner": {"name": "two"}}]


def test_a_spread(api):
    """An embed's columns are lifted."""
    answer = api.send(
        "POST",
        "/part",
        {"id": 20, "thing_id": 2},
        query="select=id,...thing(owner:name)",
        prefer=FULL,
    )
    assert answer.json == [{"id": 20, "owner": "two"}]


def test_an_aggregate(api):
    """Aggregates count what was changed."""
    answer = api.set(has_aggregates=True).send(
        "PATCH", "/part", {"thing_id": 1}, query="select=name,count()&order=name", prefer=FULL
    )
    assert answer.json == [{"name": "bolt", "count": 2}, {"name": "nut", "count": 1}]


def test_nulls_stripped(api):
    """The vendor's types work on what is returned."""
    answer = api.send(
        "POST",
        "/part",
        {"id": 20, "name": None},
        prefer=FULL,
        accept="application/vnd.pgrst.object+json;nulls=stripped",
    )
    assert (answer.status, answer.text) == (201, '{"id":20}')


def test_an_unknown_column(api):
    """A selected column that does not exist is the server's error, and nothing is written."""
    with pytest.raises(psycopg.errors.UndefinedColumn, match=r"column thing\.nope does not exist"):
        api.send("POST", "/thing", {"id": 9}, query="select=nope", prefer=FULL)
    assert api.value("SELECT count(*) FROM api.thing") == 3


@pytest.mark.parametrize("prefer", ["", "return=minimal"])
def test_minimal_needs_no_right_to_read(api, prefer):
    """Who may only insert can insert."""
    api.connection.execute("CREATE ROLE writer NOLOGIN")
    api.connection.execute("GRANT writer TO current_user")
    api.connection.execute("GRANT USAGE ON SCHEMA api TO writer")
    api.connection.execute("GRANT INSERT ON api.thing TO writer")
    api.connection.execute("SET ROLE writer")
    assert api.send("POST", "/thing", {"id": 9}, prefer=prefer).status == 201
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        api.send("POST", "/thing", {"id": 10}, prefer=FULL)
    api.connection.execute("RESET ROLE")
    assert api.value("SELECT count(*) FROM api.thing WHERE id >= 9") == 1


def test_a_location(api):
    """`headers-only` names the new row by its whole key."""
    body = {"a": 5, "b": "x y&ü", "value": "v"}
    answer = api.send("POST", "/pair", body, prefer=HEADERS)
    assert (answer.status, answer.text) == (201, "")
    assert answer.header("Location") == "/pair?a=eq.5&b=eq.x%20y%26%C3%BC"
    assert answer.header("Content-Type") is None
    assert answer.header("Preference-Applied") == HEADERS


def test_a_location_with_a_null(api):
    """A key column that is NULL is named so."""
    answer = api.send("POST", "/thing_names", {"id": 9, "name": "lost"}, prefer=HEADERS)
    assert answer.header("Location") == "/thing_names?id=is.null"


def test_a_location_beside_selected_columns(api):
    """The key is read whatever is selected."""
    body = {"a": 5, "b": "x", "value": "v"}
    answer = api.send("POST", "/pair", body, query="select=value", prefer=HEADERS)
    assert answer.header("Location") == "/pair?a=eq.5&b=eq.x"


@pytest.mark.parametrize(
    ("path", "body"),
    [("/loose", {"a": 1}), ("/thing", [{"id": 8}, {"id": 9}]), ("/thing", [])],
)
def test_no_location(api, path, body):
    """There is none without a key, nor for another number of rows."""
    answer = api.send("POST", path, body, prefer=HEADERS)
    assert (answer.status, answer.header("Location")) == (201, None)


def test_a_location_of_a_view(api):
    """A view has its table's key."""
    answer = api.send("POST", "/pair_view", {"a": 5, "b": "x"}, prefer=HEADERS)
    assert answer.header("Location") == "/pair_view?a=eq.5&b=eq.x"


def test_headers_only_elsewhere(api):
    """Updates have no location; it is echoed."""
    answer = api.send("PATCH", "/thing", {"name": "n"}, query="id=eq.1", prefer=HEADERS)
    assert (answer.status, answer.header("Location")) == (204, None)
    assert answer.header("Preference-Applied") == HEADERS


def test_a_singular_insert_refused(api):
    """Two rows are no object: nothing is left of them."""
    answer = api.send(
        "POST",
        "/thing",
        [{"id": 8}, {"id": 9}],
        accept="application/vnd.pgrst.object+json",
    )
    assert (answer.status, answer.json["code"]) == (406, "PGRST116")
    assert api.value("SELECT count(*) FROM api.thing") == 3


def test_a_cap_does_not_cut(api):
    """`db-max-rows` does not cut what was inserted."""
    body = [{"id": 8}, {"id": 9}]
    answer = api.set(rows_max=1).send("POST", "/thing", body, query="select=id", prefer=FULL)
    assert answer.json == body
