"""Orders and windows."""

import pytest


def ids(answered):
    """Return the ids of the rows that were answered."""
    return [row["id"] for row in answered.json]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("id.desc", [4, 3, 2, 1]),
        ("price", [3, 2, 1, 4]),
        ("price.desc", [4, 1, 2, 3]),
        ("price.desc.nullslast", [1, 2, 3, 4]),
        ("price.nullsfirst", [4, 3, 2, 1]),
        ("is_lent.asc.nullslast,id.desc", [2, 4, 1, 3]),
        ("meta->>n.desc.nullslast,id", [2, 1, 3, 4]),
        ("tags->0.nullsfirst,id", [2, 3, 1, 4]),
        ("label.desc", [4, 3, 2, 1]),
        ("author(name).desc.nullslast,id", [3, 1, 2, 4]),
        ("author(name).nullsfirst,id.desc", [4, 2, 1, 3]),
    ],
)
def test_orders(library, order, expected):
    """Rows come in the order that was asked for."""
    answered = library.get("/book", f"select=id,author(name)&order={order}")
    assert ids(answered) == expected


@pytest.mark.parametrize(
    ("query", "expected", "content_range"),
    [
        ("limit=2", [1, 2], "0-1/*"),
        ("limit=2&offset=1", [2, 3], "1-2/*"),
        ("offset=3", [4], "3-3/*"),
        ("limit=0", [], "*/*"),
        ("offset=9", [], "*/*"),
    ],
)
def test_windows(library, query, expected, content_range):
    """Limit and offset cut the rows."""
    answered = library.get("/book", f"select=id&order=id&{query}")
    assert ids(answered) == expected
    assert answered.header("Content-Range") == content_range


def test_a_range_header(library):
    """A Range is a window too."""
    answered = library.get("/book", "select=id&order=id", range="1-2")
    assert ids(answered) == [2, 3]
    assert answered.header("Content-Range") == "1-2/*"


def test_an_order_by_a_list(library):
    """There is no one row to order by in an array."""
    answered = library.get("/author", "select=id,book(id)&order=book(title)")
    assert answered.status == 400
    assert answered.json == {
        "code": "PGRST118",
        "details": "'author' and 'book' do not form a many-to-one or one-to-one relationship",
        "hint": None,
        "message": "A related order on 'book' is not possible",
    }


def test_an_order_by_what_is_not_embedded(library):
    """What is ordered by must be embedded."""
    answered = library.get("/book", "select=id&order=author(name)")
    assert answered.json["code"] == "PGRST108"


@pytest.mark.parametrize(
    ("query", "expected"),
    [("", [1, 2]), ("limit=1", [1]), ("limit=9", [1, 2]), ("offset=3", [4])],
)
def test_a_cap(library, query, expected):
    """No more rows come than the API lets through."""
    answered = library.set(rows_max=2).get("/book", f"select=id&order=id&{query}")
    assert ids(answered) == expected


def test_a_cap_holds_on_every_level(library):
    """An embed is capped as the root is."""
    answered = library.set(rows_max=1).get("/author", "select=name,book(id)&book.order=id")
    assert answered.json == [{"name": "Ada", "book": [{"id": 1}]}]
