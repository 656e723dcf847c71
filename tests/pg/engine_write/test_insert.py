"""Inserts: which rows a body writes."""

import psycopg
import pytest


def test_an_object_is_one_row(api):
    """An object is inserted, its values as they were sent; nothing is returned."""
    text = (
        '{"id": 9, "name": "nine", "price": 1.50, "note": {"b" : 1,  "b":2}, "tags": ["a,b", null]}'
    )
    answer = api.send("POST", "/thing", text)
    assert (answer.status, answer.text) == (201, "")
    assert answer.header("Content-Length") == "0"
    assert answer.header("Content-Range") == "*/*"
    assert answer.header("Location") is None
    assert answer.header("Content-Type") is None
    assert api.rows("SELECT name, price::text, note::text, tags FROM api.thing WHERE id = 9") == [
        ("nine", "1.50", '{"b" : 1,  "b":2}', ["a,b", None])
    ]


def test_an_array_is_many_rows(api):
    """Each object of an array is a row."""
    body = [{"id": 7, "name": "a"}, {"id": 8, "name": None}]
    assert api.send("POST", "/thing", body).status == 201
    found = api.rows("SELECT id, name FROM api.thing WHERE id > 3 ORDER BY id")
    assert found == [(7, "a"), (8, None)]


@pytest.mark.parametrize(("body", "made"), [("{}", 1), ("[{},{}]", 2), ("[]", 0)])
def test_objects_without_keys_are_rows_of_defaults(api, body, made):
    """Each object without keys is one row of defaults, an empty array none."""
    assert api.send("POST", "/filled", body).status == 201
    found = api.rows("SELECT id, kind, size, made FROM api.filled ORDER BY id")
    assert found == [(number, "none", 7, "xy") for number in range(1, made + 1)]


@pytest.mark.parametrize("body", ["5", '"x"', "null"])
def test_other_json_is_no_row(api, body):
    """Any other JSON value counts as an empty array."""
    answer = api.send("POST", "/thing", body, prefer="return=representation")
    assert (answer.status, answer.text) == (201, "[]")


def test_keys_must_match(api):
    """Objects with unlike keys are refused and nothing is written."""
    answer = api.send("POST", "/thing", [{"id": 7}, {"id": 8, "name": "a"}])
    assert (answer.status, answer.json["code"]) == (400, "PGRST102")
    assert answer.json["message"] == "All object keys must match"
    assert api.value("SELECT count(*) FROM api.thing") == 3


def test_an_unknown_column(api):
    """A key that is no column is refused."""
    answer = api.send("POST", "/thing", {"id": 7, "nmae": "a"})
    assert answer.status == 400
    assert answer.json == {
        "code": "PGRST204",
        "details": None,
        "hint": None,
        "message": "Could not find the 'nmae' column of 'thing' in the schema cache",
    }


def test_an_unknown_column_in_columns(api):
    """So is one in `columns`."""
    answer = api.send("POST", "/thing", {"id": 7}, query="columns=id,nope")
    assert (answer.status, answer.json["code"]) == (400, "PGRST204")


def test_columns_choose_keys(api):
    """Keys outside `columns` are ignored, keys that are missing are NULL."""
    body = [{"id": 7, "name": "a", "rubbish": 1}, {"id": 8}]
    assert api.send("POST", "/thing", body, query="columns=id,name").status == 201
    found = api.rows("SELECT id, name FROM api.thing WHERE id > 3 ORDER BY id")
    assert found == [(7, "a"), (8, None)]


def test_missing_keys_are_null(api):
    """A column of `columns` that an object lacks is NULL, for all its default."""
    body = [{"size": 1, "made": "m"}, {"made": "n"}]
    assert api.send("POST", "/filled", body, query="columns=size,made").status == 201
    assert api.rows("SELECT size, made FROM api.filled ORDER BY made") == [(1, "m"), (None, "n")]


def test_missing_keys_get_their_default(api):
    """With `missing=default` it gets the default, the domain's and an identity's too."""
    body = [{"size": 1}, {"made": "n"}, {"size": None, "made": None, "kind": None, "id": 50}]
    query = "columns=id,kind,size,made"
    answer = api.send("POST", "/filled", body, query=query, prefer="missing=default")
    assert answer.status == 201
    assert answer.header("Preference-Applied") == "missing=default"
    assert api.rows("SELECT id, kind, size, made FROM api.filled ORDER BY id") == [
        (1, "none", 1, "xy"),
        (2, "none", 7, "n"),
        (50, None, None, None),
    ]


def test_missing_keys_of_one_object(api):
    """The same of a single object; of a key that stands there twice the last value stays."""
    text = '{"made": "m", "made": "n"}'
    answer = api.send(
        "POST", "/filled", text, query="columns=id,size,made", prefer="missing=default"
    )
    assert answer.status == 201
    assert api.rows("SELECT id, size, made FROM api.filled") == [(1, 7, "n")]


def test_many_defaults(api):
    """More defaults than a function takes arguments are merged all the same."""
    columns = ", ".join(f"c{number} int DEFAULT {number}" for number in range(130))
    api.connection.execute(f"CREATE TABLE api.wide ({columns})")
    wide = api.again()
    query = "columns=" + ",".join(f"c{number}" for number in range(130))
    assert (
        wide.send("POST", "/wide", [{"c5": 0}], query=query, prefer="missing=default").status == 201
    )
    (row,) = api.rows("SELECT * FROM api.wide")
    assert list(row) == [0 if number == 5 else number for number in range(130)]


@pytest.mark.parametrize(
    ("path", "query", "prefer"),
    [
        ("/filled", "", ""),
        ("/filled", "columns=double", "missing=default"),
        ("/strict_identity", "", ""),
    ],
)
def test_columns_that_cannot_be_written(api, path, query, prefer):
    """A value for a generated column or an identity ALWAYS is the server's error."""
    body = {"double": 1} if path == "/filled" else {"id": 1}
    with pytest.raises(psycopg.errors.GeneratedAlways):
        api.send("POST", path, body, query=query, prefer=prefer)


def test_csv(api):
    """A CSV body: texts, NULL is null, nothing is an empty text."""
    text = 'id,name\n7,"a,b"\n8,NULL\n9,'
    assert api.send("POST", "/thing", text, kind="text/csv").status == 201
    found = api.rows("SELECT id, name FROM api.thing WHERE id > 3 ORDER BY id")
    assert found == [(7, "a,b"), (8, None), (9, "")]


def test_a_form(api):
    """A form is one row of texts, the last of a repeated key."""
    text = "id=7&name=a&name=b+c"
    answer = api.send("POST", "/thing", text, kind="application/x-www-form-urlencoded")
    assert answer.status == 201
    assert api.rows("SELECT name FROM api.thing WHERE id = 7") == [("b c",)]


def test_filters_do_not_matter(api):
    """Filters choose nothing of an insert, and are not even looked up."""
    assert api.send("POST", "/thing", {"id": 7}, query="nope=eq.1&id=eq.8").status == 201
    assert api.value("SELECT count(*) FROM api.thing WHERE id = 7") == 1


def test_odd_names(api):
    """Names are quoted wherever they stand."""
    body = [{"a.b": 1, "x y": "z"}]
    answer = api.send(
        "POST",
        "/Odd%20%22Name",
        body,
        query="on_conflict=%22a.b%22",
        prefer="return=representation,resolution=merge-duplicates,missing=default",
    )
    assert (answer.status, answer.json) == (201, body)


def test_an_unread_body_that_is_no_json(api):
    """With `columns` the text goes to the server, which refuses it."""
    with pytest.raises(psycopg.errors.InvalidTextRepresentation):
        api.send("POST", "/thing", "[{", query="columns=id")


def test_values_are_never_sql(api):
    """Quotes and placeholders in values stay values."""
    name = "'; DROP TABLE api.thing; -- $1 %s \\"
    assert api.send("POST", "/thing", {"id": 7, "name": name}).status == 201
    assert api.value("SELECT name FROM api.thing WHERE id = 7") == name


def test_a_trigger_of_a_view_writes(api):
    """A view with instead-of triggers is inserted into, and returns what they made."""
    answer = api.send(
        "POST", "/thing_names", {"id": 7, "name": "a"}, prefer="return=representation"
    )
    assert (answer.status, answer.json) == (201, [{"id": 7, "name": "A"}])
    assert api.value("SELECT name FROM api.thing WHERE id = 7") == "A"


def test_a_count(api):
    """A counted insert says how many rows it wrote."""
    answer = api.send("POST", "/thing", [{"id": 7}, {"id": 8}], prefer="count=exact")
    assert answer.header("Content-Range") == "*/2"
    assert answer.header("Preference-Applied") == "count=exact"


def test_the_server_refuses(api):
    """A row that the server refuses leaves none of its body."""
    with pytest.raises(psycopg.errors.UniqueViolation):
        api.send("POST", "/thing", [{"id": 7}, {"id": 1}])
    assert api.value("SELECT count(*) FROM api.thing") == 3


def test_settings_of_a_trigger(api):
    """Headers and status that a trigger sets are answered."""
    answer = api.send("POST", "/named", {"id": 7, "title": "teapot"})
    assert (answer.status, answer.header("X-Told")) == (418, "yes")
    assert api.send("POST", "/named", {"id": 8, "title": "cup"}).status == 201
