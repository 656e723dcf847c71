"""What `select` shows of a relation."""

import pytest


def test_all_columns(library):
    """Without a select all columns come, in the layout of json_agg."""
    answered = library.get("/genre")
    assert answered.status == 200
    assert answered.text == (
        '[{"id":1,"name":"science"}, \n {"id":2,"name":"travel"}, \n {"id":3,"name":"unused"}]'
    )
    assert answered.header("Content-Type") == "application/json; charset=utf-8"
    assert answered.header("Content-Range") == "0-2/*"
    assert answered.header("Content-Location") == "/genre"


@pytest.mark.parametrize(
    ("select", "expected"),
    [
        ("id,title", {"id": 1, "title": "Engines"}),
        ("nr:id", {"nr": 1}),
        ("id::text", {"id": "1"}),
        ("price::int", {"price": 13}),
        ("nr:id::text", {"nr": "1"}),
        ("tags", {"tags": ["red", "a,b"]}),
        ("meta->n", {"n": 1}),
        ("meta->>n", {"n": "1"}),
        ("meta->deep->k->1", {"k": 20}),
        ("meta->deep->k->>-1", {"k": "20"}),
        ("x:meta->deep", {"x": {"k": [10, 20]}}),
        ("raw->b", {"b": 1}),
        ("tags->1", {"tags": "a,b"}),
        ("tags->>0::text", {"tags": "red"}),
        ("meta->n::text", {"n": "1"}),
        ("pages->>x", {"x": None}),
        ("label", {"label": "1: Engines"}),
        ("named:label", {"named": "1: Engines"}),
    ],
)
def test_one_book(library, select, expected):
    """Aliases, casts, paths and computed fields name what they show."""
    answered = library.get("/book", f"select={select}&id=eq.1")
    assert answered.json == [expected]


def test_json_keeps_its_text(library):
    """A json column is passed as it was written."""
    answered = library.get("/book", "select=raw&id=eq.1")
    assert answered.text == '[{"raw":{"b":1,"a":2}}]'


def test_the_same_column_twice(library):
    """Duplicates give duplicate keys."""
    assert library.get("/genre", "select=id,id&id=eq.1").text == '[{"id":1,"id":1}]'


def test_odd_names(library):
    """Names with quotes, dots and other alphabets are reached quoted."""
    answered = library.get(
        "/odd%20%22name", 'select=id,"order","a.b",%D0%B8%D0%BC%D1%8F&"order"=eq.a,b'
    )
    assert answered.json == [{"id": 2, "order": "a,b", "a.b": 'q"q', "имя": "нет"}]


def test_an_empty_relation(library):
    """No rows are an empty array."""
    answered = library.get("/nothing")
    assert answered.text == "[]"
    assert answered.header("Content-Range") == "*/*"


def test_an_unknown_relation(library):
    """A relation that does not exist is refused, with the closest name."""
    answered = library.get("/bok")
    assert answered.status == 404
    assert answered.json == {
        "code": "PGRST205",
        "details": None,
        "hint": "Perhaps you meant the table 'library.book'",
        "message": "Could not find the table 'library.bok' in the schema cache",
    }
