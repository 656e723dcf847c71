"""Calls: what is answered of a function's result."""

import psycopg
import pytest

OBJECT = "application/vnd.pgrst.object+json"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/rpc/null_text", "null"),
        ("/rpc/a_mood", '"wild"'),
        ("/rpc/a_code", '"k"'),
        ("/rpc/as_json", '{"b" : 1,  "a":[]}'),
        ("/rpc/one_out", '{"b":5}'),
        ("/rpc/a_record", '{"f1":1,"f2":"x"}'),
        ("/rpc/one_column", '[{"x":1}, \n {"x":2}]'),
        ("/rpc/records", '[{"f1":1,"f2":"x"}, \n {"f1":2,"f2":"y"}]'),
        ("/rpc/with_out?a=1", '{"b":2,"c":"c"}'),
        ("/rpc/with_inout?a=1", '{"a":2}'),
        ("/rpc/numbers?n=3", "[1, 2, 3]"),
        ("/rpc/numbers?n=0", "[]"),
        ("/rpc/table_of?n=1", '[{"x":1,"y":"n1"}]'),
        ("/rpc/table_of?n=0", "[]"),
    ],
)
def test_bodies(api, path, text):
    """A value stands alone, a row is an object, a set an array."""
    path, _, query = path.partition("?")
    answer = api.send("GET", path, query=query)
    assert (answer.status, answer.text) == (200, text)


def test_one_row(api):
    """A row type is one object, null in every column where there is no row."""
    answer = api.send("GET", "/rpc/one_thing", query="i=1&select=id,name")
    assert (answer.status, answer.json) == (200, {"id": 1, "name": "one"})
    answer = api.send("GET", "/rpc/one_thing", query="i=99&select=id,name")
    assert answer.json == {"id": None, "name": None}
    assert answer.header("Content-Range") == "0-0/*"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_void(api, method):
    """Nothing is 204, and the function was called."""
    api.connection.execute(
        "CREATE OR REPLACE FUNCTION api.told() RETURNS void STABLE LANGUAGE plpgsql AS"
        " $$ BEGIN PERFORM set_config('response.headers', '[{\"X-Told\": \"a\"}]', true); END $$"
    )
    answer = api.send(method, "/rpc/told")
    assert (answer.status, answer.text, answer.header("X-Told")) == (204, "", "a")
    assert answer.header("Content-Type") is None
    assert answer.header("Content-Length") is None


def test_void_writes(api):
    """What a void function writes stays."""
    assert api.send("POST", "/rpc/nothing").status == 204
    assert api.value("SELECT count(*) FROM api.loose") == 3


def test_settings_of_a_function(api):
    """Headers are repeated, the status is the function's."""
    answer = api.send("POST", "/rpc/told")
    assert answer.status == 202
    assert [value for name, value in answer.reply.headers if name == "X-Told"] == ["a", "b"]


def test_a_set(api):
    """A set is filtered, ordered and selected as a table is."""
    answer = api.send("GET", "/rpc/things", query="select=name&id=gt.1&order=id.desc")
    assert answer.json == [{"name": "three"}, {"name": "two"}]
    assert answer.header("Content-Range") == "0-1/*"


def test_a_set_by_post(api):
    """Filters stand in the query string of a POST, too."""
    answer = api.send("POST", "/rpc/table_of", {"n": 5}, query="x=gte.4&select=y")
    assert answer.json == [{"y": "n4"}, {"y": "n5"}]


def test_a_tree(api):
    """Trees filter a set."""
    answer = api.send("GET", "/rpc/table_of", query="n=5&or=(x.eq.1,x.eq.5)&select=x")
    assert answer.json == [{"x": 1}, {"x": 5}]


@pytest.mark.parametrize(
    ("query", "prefer", "expected"),
    [
        ("n=5&limit=2&offset=1&order=x", "", (200, [2, 3], "1-2/*")),
        ("n=5&limit=2&offset=1&order=x", "count=exact", (206, [2, 3], "1-2/5")),
        ("n=5&x=gt.3&order=x", "count=exact", (200, [4, 5], "0-1/2")),
        ("n=5&x=gt.2&limit=1&order=x", "count=exact", (206, [3], "0-0/3")),
        ("n=5&limit=1&order=x", "count=estimated", (206, [1], "0-0/5")),
        ("n=5&limit=1&order=x", "count=planned", (200, [1], "0-0/*")),
        ("n=0", "count=exact", (200, [], "*/0")),
    ],
)
def test_windows_and_counts(api, query, prefer, expected):
    """Windows cut a set, counts say how many there are under the filters."""
    answer = api.send("GET", "/rpc/table_of", query=query, prefer=prefer)
    shown = [row["x"] for row in answer.json]
    assert (answer.status, shown, answer.header("Content-Range")) == expected


def test_beyond_the_last_row(api):
    """An offset beyond the last row is refused where rows are counted."""
    answer = api.send("GET", "/rpc/table_of", query="n=5&offset=9", prefer="count=exact")
    assert (answer.status, answer.json["code"]) == (416, "PGRST103")
    assert answer.json["details"] == "An offset of 9 was requested, but there are only 5 rows."


def test_a_set_of_scalars(api):
    """Windows and counts work on scalars."""
    answer = api.send("GET", "/rpc/numbers", query="n=5&limit=2", prefer="count=exact")
    assert (answer.status, answer.text) == (206, "[1, 2]")
    assert answer.header("Content-Range") == "0-1/5"


def test_a_cap(api):
    """`db-max-rows` cuts a set."""
    answer = api.set(rows_max=2).send(
        "POST", "/rpc/table_of", {"n": 5}, query="order=x", prefer="count=exact"
    )
    assert (answer.status, answer.header("Content-Range")) == (206, "0-1/5")
    assert [row["x"] for row in answer.json] == [1, 2]


def test_an_embed(api):
    """Rows of a relation's type have its embeds."""
    answer = api.send(
        "GET", "/rpc/things", query="select=id,part(name)&order=id&part.order=name&limit=2"
    )
    assert answer.json == [
        {"id": 1, "part": [{"name": "bolt"}, {"name": "nut"}]},
        {"id": 2, "part": [{"name": "bolt"}]},
    ]


def test_an_embed_to_one(api):
    """The key that joins is read, whatever was selected."""
    answer = api.send("POST", "/rpc/parts_of", {"i": 1}, query="select=id,thing(name)&order=id")
    assert answer.json == [
        {"id": 10, "thing": {"name": "one"}},
        {"id": 11, "thing": {"name": "one"}},
    ]


def test_an_inner_embed_counts(api):
    """Inner embeds drop rows, of counts too."""
    answer = api.send(
        "GET",
        "/rpc/things",
        query="select=id,part!inner(id)&part.name=eq.nut&limit=1",
        prefer="count=exact",
    )
    assert answer.json == [{"id": 1, "part": [{"id": 11}]}]
    assert (answer.status, answer.header("Content-Range")) == (200, "0-0/1")


def test_an_embed_of_one_row(api):
    """One row has its embeds as well."""
    answer = api.send("GET", "/rpc/one_thing", query="i=2&select=name,part(id)")
    assert answer.json == {"name": "two", "part": [{"id": 12}]}


def test_a_computed_field(api):
    """A function of the row type is a column of the result."""
    answer = api.send("GET", "/rpc/things", query="select=label&id=eq.2")
    assert answer.json == [{"label": "2:two"}]


def test_a_computed_relationship(api):
    """A computed relationship is embedded in a result."""
    answer = api.send("GET", "/rpc/parts_of", query="i=2&select=id,owner(name)")
    assert answer.json == [{"id": 12, "owner": {"name": "two"}}]


def test_an_unselected_column_filters(api):
    """A column that is not selected filters all the same."""
    answer = api.send("GET", "/rpc/table_of", query="n=3&select=y&x=eq.2")
    assert answer.json == [{"y": "n2"}]


def test_an_unknown_column(api):
    """A column that does not exist is the server's error."""
    with pytest.raises(psycopg.errors.UndefinedColumn):
        api.send("GET", "/rpc/table_of", query="n=3&nope=eq.1")


def test_singular(api):
    """A singular answer fits one row, and whatever is no set."""
    answer = api.send("GET", "/rpc/table_of", query="n=1", accept=OBJECT)
    assert (answer.status, answer.json) == (200, {"x": 1, "y": "n1"})
    assert api.send("GET", "/rpc/add", query="a=1&b=1", accept=OBJECT).text == "2"


def test_singular_refused(api):
    """Another number of rows is refused, and what the function wrote is taken back."""
    answer = api.send("POST", "/rpc/renamed", accept=OBJECT)
    assert (answer.status, answer.json["code"]) == (406, "PGRST116")
    assert answer.json["details"] == "The result contains 3 rows"
    assert api.value("SELECT count(*) FROM api.thing WHERE name LIKE '%!'") == 0


def test_csv(api):
    """A set may be CSV."""
    answer = api.send("GET", "/rpc/table_of", query="n=2&select=y,x", accept="text/csv")
    assert answer.text == "y,x\nn1,1\nn2,2"


def test_more_rows_than_allowed(api):
    """More rows than `max-affected` are taken back."""
    prefer = "handling=strict,max-affected=2"
    answer = api.send("POST", "/rpc/renamed", prefer=prefer)
    assert (answer.status, answer.json["code"]) == (400, "PGRST124")
    assert api.value("SELECT count(*) FROM api.thing WHERE name LIKE '%!'") == 0
    answer = api.send("POST", "/rpc/renamed", prefer="handling=strict,max-affected=3")
    assert answer.status == 200
    assert answer.header("Preference-Applied") == "handling=strict, max-affected=3"


def test_no_set_is_not_limited(api):
    """A function that returns no set cannot be limited."""
    answer = api.send("POST", "/rpc/write_one", {"n": 1}, prefer="handling=strict,max-affected=2")
    assert (answer.status, answer.json["code"]) == (400, "PGRST128")
    assert answer.json["message"] == (
        "Function must return SETOF or TABLE when max-affected preference is used with"
        " handling=strict"
    )
    assert api.value("SELECT count(*) FROM api.loose") == 2


def test_the_media_type_comes_before_strictness(api):
    """What a call accepts is checked before its preferences."""
    more = {"prefer": "handling=strict,foo=1", "accept": "x/y"}
    assert api.send("POST", "/rpc/nothing", **more).json["code"] == "PGRST107"
    answer = api.send("POST", "/rpc/nothing", prefer="handling=strict,foo=1")
    assert answer.json["code"] == "PGRST122"


def test_a_stable_function_that_writes(api):
    """A stable function is called read only."""
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        api.send("POST", "/rpc/write_stable")
