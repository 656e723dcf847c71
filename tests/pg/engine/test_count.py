"""How many rows there are."""

import pytest


@pytest.mark.parametrize(
    ("query", "status", "content_range"),
    [
        ("", 200, "0-3/4"),
        ("limit=2", 206, "0-1/4"),
        ("limit=2&offset=2", 206, "2-3/4"),
        ("offset=4", 206, "*/4"),
        ("id=gt.2&limit=1", 206, "0-0/2"),
        ("id=gt.9", 200, "*/0"),
        ("select=id,author!inner(name)&limit=1", 206, "0-0/3"),
        ("select=id,review!inner(id)&limit=1", 206, "0-0/2"),
        ("select=id,review(id)&review=is.null&limit=1", 206, "0-0/2"),
        ("select=id,review(id)&review=not.is.null&limit=1", 206, "0-0/2"),
        ("select=id,review(id)&review.stars=gt.4&review=not.is.null&limit=1", 200, "0-0/1"),
        ("select=id,author!inner(name,book!inner(id))&limit=1", 206, "0-0/3"),
        ("select=id,genre!inner(name)&genre.name=eq.travel&limit=1", 206, "0-0/2"),
    ],
)
def test_exact(library, query, status, content_range):
    """An exact count takes filters and inner embeds, and no window."""
    answered = library.get("/book", query, prefer="count=exact")
    assert answered.status == status
    assert answered.header("Content-Range") == content_range
    assert answered.header("Preference-Applied") == "count=exact"


def test_an_offset_behind_the_last_row(library):
    """An offset past the counted rows is 416 with the body of an error."""
    answered = library.get("/book", "offset=9", prefer="count=exact")
    assert answered.status == 416
    assert answered.header("Content-Range") == "*/4"
    assert answered.json["details"] == ("An offset of 9 was requested, but there are only 4 rows.")


def test_planned(library):
    """A planned count is what the planner expects."""
    answered = library.get("/book", "limit=1", prefer="count=planned")
    assert answered.header("Content-Range") == "0-0/4"
    assert answered.status == 206


@pytest.mark.parametrize(("rows_max", "expected"), [(10, "0-0/4"), (2, "0-0/4"), (None, "0-0/4")])
def test_estimated(library, rows_max, expected):
    """An estimate is exact below the cap, and the planner's above it."""
    reader = library.set(rows_max=rows_max)
    answered = reader.get("/book", "limit=1", prefer="count=estimated")
    assert answered.header("Content-Range") == expected


def test_estimated_stops_counting(library):
    """Rows above the cap are not counted: of four, of which the planner expects one."""
    reader = library.set(rows_max=1)
    answered = reader.get("/book", "label=gt.0", prefer="count=estimated")
    assert answered.header("Content-Range") == "0-0/2"


def test_head(library):
    """HEAD counts and has no body."""
    answered = library.get("/book", "limit=2", method="HEAD", prefer="count=exact")
    assert answered.status == 206
    assert answered.text == ""
    assert answered.header("Content-Range") == "0-1/4"
    assert answered.header("Content-Length") is None


def test_grouped_rows_are_counted_before_they_are_grouped(library):
    """The total counts the rows of the relation."""
    answered = library.set(has_aggregates=True).get("/book", "select=count()", prefer="count=exact")
    assert answered.json == [{"count": 4}]
    assert answered.header("Content-Range") == "0-0/4"
