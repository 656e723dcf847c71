"""Columns lifted out of embeds."""

import pytest


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("select=title,...author(name)&id=eq.1", {"title": "Engines", "name": "Ada"}),
        ("select=title,...author(name)&id=eq.4", {"title": "Orphan", "name": None}),
        (
            "select=title,...author(by:name,country)&id=eq.3",
            {"title": "Winter", "by": "Boris", "country": None},
        ),
        (
            "select=title,...author(*)&id=eq.3",
            {"title": "Winter", "id": 2, "name": "Boris", "country": None, "address": None},
        ),
        ("select=...author(address->>city)&id=eq.1", {"city": "London"}),
        ("select=cover,...book(title,...author(name))&book_id=eq.3", None),
        (
            "select=title,...author(name,book(id))&id=eq.3",
            {"title": "Winter", "name": "Boris", "book": [{"id": 3}]},
        ),
    ],
)
def test_to_one(library, query, expected):
    """The columns of one row become the parent's."""
    path = "/binding" if expected is None else "/book"
    wanted = expected or {"cover": "paper", "title": "Winter", "name": "Boris"}
    assert library.get(path, query).json == [wanted]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "select=name,...book(id,title)&id=eq.1&book.order=id.desc",
            {"name": "Ada", "id": [2, 1], "title": ["Notes", "Engines"]},
        ),
        ("select=name,...book(id)&id=eq.3", {"name": "Clara", "id": []}),
        ("select=name,...book(ids:id)&id=eq.1&book.order=price", {"name": "Ada", "ids": [2, 1]}),
        (
            "select=name,...book(id)&id=eq.1&book.order=price&book.limit=1",
            {"name": "Ada", "id": [2]},
        ),
        (
            "select=...book(id,...genre(genres:name))&id=eq.1&book.order=id&book.genre.order=id",
            {"id": [1, 2], "genres": [["science", "travel"], []]},
        ),
        (
            "select=...book(id,...binding(cover))&id=eq.1&book.order=id",
            {"id": [1, 2], "cover": ["leather", None]},
        ),
        ("select=...book(id,author(name))&id=eq.2", {"id": [3], "author": [{"name": "Boris"}]}),
        (
            "select=...book(id,binding(cover))&id=eq.1&book.order=binding(cover).nullsfirst",
            {"id": [2, 1], "binding": [None, {"cover": "leather"}]},
        ),
    ],
)
def test_to_many(library, query, expected):
    """Each column becomes an array, all in the same order."""
    assert library.get("/author", query).json == [expected]


def test_all_columns_of_many(library):
    """All columns become arrays."""
    answered = library.get("/book", "select=...genre(*)&id=eq.3")
    assert answered.json == [{"id": [2], "name": ["travel"]}]


def test_inner(library):
    """A spread drops parents without a match where it is told to."""
    answered = library.get("/author", "select=name,...book!inner(id)&book.price=gt.10")
    assert answered.json == [{"name": "Ada", "id": [1]}]
    answered = library.get("/author", "select=name,...book(id)&book=is.null")
    assert answered.json == [{"name": "Clara", "id": []}]
