"""Functions: arguments, ways of calling, and what a builder of a call can do."""

from python_case import NOTHING, Case
from python_reads import SEVERAL

CALLS = (
    Case("named arguments", lambda c: c.rpc("add", {"a": 1, "b": 2}), data=3),
    Case("a default", lambda c: c.rpc("add", {"a": 1}), value="SELECT (1 + 10)::text"),
    Case("by GET", lambda c: c.rpc("add", {"a": 1, "b": 2}, get=True), data=3),
    Case(
        "no arguments",
        lambda c: c.rpc("who_am_i"),
        data={"role": "service_role", "claimed": "service_role", "sub": None},
    ),
    Case(
        "as another role",
        lambda c: c.rpc("who_am_i"),
        key="anon",
        data={"role": "anon", "claimed": "anon", "sub": None},
    ),
    Case(
        "an array",
        lambda c: c.rpc("echo_array", {"words": ["a,b", 'c"d', "", "NULL"]}),
        data=["a,b", 'c"d', "", "NULL"],
    ),
    Case(
        "an array by GET",
        lambda c: c.rpc("echo_array", {"words": ["a,b", 'c"d', "", "NULL", None]}, get=True),
        data=["a,b", 'c"d', "", "NULL", None],
    ),
    Case(
        "a document",
        lambda c: c.rpc("echo_document", {"document": {"a": [1, None], "б": "в"}}),
        data={"a": [1, None], "б": "в"},
    ),
    Case(
        "a document by GET",
        lambda c: c.rpc("echo_document", {"document": {"a": [1, None]}}, get=True),
        data={"a": [1, None]},
    ),
    Case("null", lambda c: c.rpc("echo_text", {"word": None}), data=None),
    Case("an empty text by GET", lambda c: c.rpc("echo_text", {"word": ""}, get=True), data=""),
    Case(
        "void",
        lambda c: c.rpc("rename_client", {"old": "ada", "new": "eva"}),
        data=[],
        after={"SELECT count(*) FROM booking WHERE client = 'eva'": 2},
    ),
    Case(
        "one row of a table",
        lambda c: c.rpc("best_master"),
        one="SELECT * FROM master WHERE id = 1",
    ),
    Case(
        "rows, a filter, an order, a page, chosen columns",
        lambda c: (
            c.rpc("masters_above", {"floor_rating": 3})
            .select("id", "name")
            .neq("name", "Boris")
            .order("rating", desc=True)
            .order("id")
            .limit(2)
            .offset(1)
        ),
        data=[{"id": 5, "name": 'O\'Hara, "Q"'}, {"id": 4, "name": "anna-lisa"}],
    ),
    Case(
        "a range of the rows",
        lambda c: c.rpc("price_list").order("title").range(1, 2),
        rows="SELECT title, price FROM service ORDER BY title LIMIT 2 OFFSET 1",
    ),
    Case(
        "an embed",
        lambda c: c.rpc("best_master").select("name", "service(id)"),
        data={"name": "Anna", "service": [{"id": 1}, {"id": 2}]},
    ),
    Case(
        "a count",
        lambda c: (
            c.rpc("masters_above", {"floor_rating": 4}, count="exact")
            .select("id")
            .order("id")
            .limit(1)
        ),
        data=[{"id": 1}],
        count="SELECT count(*)::int FROM master WHERE rating > 4",
    ),
    Case(
        "the count alone",
        lambda c: c.rpc("masters_above", {"floor_rating": 4}, count="exact", head=True),
        data=[],
        count=3,
    ),
    Case(
        "one row of several asked for",
        lambda c: c.rpc("masters_above", {"floor_rating": 4.5}).select("name").single(),
        data={"name": "Anna"},
    ),
    Case(
        "at most one row",
        lambda c: c.rpc("masters_above", {"floor_rating": 4.5}).select("name").maybe_single(),
        data={"name": "Anna"},
    ),
    Case(
        "no row at all",
        lambda c: c.rpc("masters_above", {"floor_rating": 9}).select("name").maybe_single(),
        data=NOTHING,
    ),
    Case(
        "more than one row",
        lambda c: c.rpc("masters_above", {"floor_rating": 1}).select("name").maybe_single(),
        failure=SEVERAL,
    ),
    Case(
        "CSV",
        lambda c: c.rpc("price_list").order("price").csv(),
        data="title,price\nshave,15.00\nmanicure,25.25\ncut,30.00\ncolour,75.50",
    ),
    Case(
        "nulls stripped",
        lambda c: (
            c.rpc("masters_above", {"floor_rating": 3})
            .select("id", "bio")
            .eq("id", 4)
            .strip_nulls()
        ),
        data=[{"id": 4}],
    ),
    Case(
        "at most so many rows",
        lambda c: c.rpc("close_bookings").select("id").max_affected(4),
        check=lambda rows: sorted(row["id"] for row in rows) == [1, 2, 3, 4],
    ),
    Case("another schema", lambda c: c.schema("archive").rpc("count_bookings", {}), data=2),
    Case("retries chosen", lambda c: c.rpc("add", {"a": 1}).retry(enabled=False), data=11),
)
