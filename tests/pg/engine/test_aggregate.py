"""Sums, averages and their groups."""

import pytest


@pytest.fixture
def counting(library):
    """The library with aggregates on."""
    return library.set(has_aggregates=True)


@pytest.mark.parametrize(
    ("path", "query", "expected"),
    [
        ("/book", "select=count()", [{"count": 4}]),
        ("/book", "select=n:count()", [{"n": 4}]),
        ("/book", "select=price.sum()", [{"sum": 28.75}]),
        ("/book", "select=total:price.sum()::int", [{"total": 29}]),
        ("/book", "select=price::int.max()", [{"max": 13}]),
        ("/book", "select=price.avg()::text", [{"avg": "9.5833333333333333"}]),
        ("/book", "select=price.count()", [{"count": 3}]),
        ("/book", "select=meta->n::int.sum()&id=lt.3", [{"sum": 3}]),
        (
            "/book",
            "select=is_lent,count()&order=is_lent",
            [
                {"is_lent": False, "count": 1},
                {"is_lent": True, "count": 2},
                {"is_lent": None, "count": 1},
            ],
        ),
        ("/book", "select=lent:is_lent,price.min()&is_lent=is.true", [{"lent": True, "min": 12.5}]),
        ("/book", "select=meta->>n,count()&meta->>n=eq.1", [{"n": "1", "count": 1}]),
        ("/book", "select=author(name),count()&id=lt.3", [{"author": {"name": "Ada"}, "count": 2}]),
        (
            "/author",
            "select=name,book(price.sum())&id=eq.1",
            [{"name": "Ada", "book": [{"sum": 21.5}]}],
        ),
        (
            "/author",
            "select=name,book(is_lent,price.sum())&id=eq.1&book.order=is_lent",
            [
                {
                    "name": "Ada",
                    "book": [{"is_lent": False, "sum": 9}, {"is_lent": True, "sum": 12.5}],
                }
            ],
        ),
        (
            "/review",
            "select=...book(title,price.sum())&book_id=eq.1",
            [{"title": "Engines", "sum": 25.0}],
        ),
        (
            "/review",
            "select=book_id,...person!review_editor(count())&order=book_id",
            [{"book_id": 1, "count": 1}, {"book_id": 3, "count": 1}],
        ),
        ("/genre", "select=*,count()&id=eq.1", [{"id": 1, "name": "science", "count": 1}]),
    ],
)
def test_aggregates(counting, path, query, expected):
    """Aggregates group by everything else that is shown."""
    assert counting.get(path, query).json == expected


def test_through_two_spreads(counting):
    """An aggregate is lifted to the next level that is no spread."""
    answered = counting.get("/review", "select=...book(...author(name,n:id.count()))&book_id=eq.1")
    assert answered.json == [{"name": "Ada", "n": 2}]


def test_off(library):
    """Aggregates are refused unless they are allowed."""
    answered = library.get("/book", "select=price.sum()")
    assert answered.status == 400
    assert answered.json["code"] == "PGRST123"
    assert answered.json["message"] == "Use of aggregate functions is not allowed"


def test_off_in_an_embed(library):
    """The same inside of an embed."""
    assert library.get("/author", "select=book(id.count())").json["code"] == "PGRST123"


def test_in_a_spread_of_many(counting):
    """A list has no aggregates."""
    answered = counting.get("/author", "select=name,...book(price.sum())")
    assert answered.status == 400
    assert answered.json == {
        "code": "PGRST127",
        "details": "Aggregates are not implemented for one-to-many or many-to-many spreads.",
        "hint": None,
        "message": "Feature not implemented",
    }
