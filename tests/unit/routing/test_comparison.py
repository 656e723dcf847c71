"""Whether two answers to one read say the same, and what differs where they do not."""

import json

import pytest

from changeover.catalog.snapshot import (
    ApiColumn,
    Parameter,
    Relation,
    Relationship,
    Routine,
    Snapshot,
)
from changeover.engine.message import Message, Reply
from changeover.engine.settings import ApiSettings
from changeover.model.name import TableName
from changeover.model.routing_observation import Comparison
from changeover.model.side import Side
from changeover.routing.comparison import Reading, compare

FILM = TableName("public", "film")
ROLE = TableName("public", "role")


def column(name, base_type="text"):
    """Return a column of a relation."""
    return ApiColumn(name=name, type=base_type, base_type=base_type, is_nullable=True)


def relation(name, *columns):
    """Return a table whose key is its column `id`."""
    return Relation(
        name=name,
        kind="r",
        is_insertable=True,
        is_updatable=True,
        is_deletable=True,
        columns=(column("id", "integer"), *columns),
        primary_key=("id",),
    )


def routine(name, **given):
    """Return a function without parameters."""
    return Routine(
        name=TableName("public", name),
        parameters=given.pop("parameters", ()),
        **{"returns": "scalar", "is_set": False, "volatility": "s", **given},
    )


SNAPSHOT = Snapshot(
    version=180000,
    schemas=("public",),
    relations={
        FILM: relation(FILM, column("title"), column("price", "numeric"), column("tag", "citext")),
        ROLE: relation(ROLE, column("film_id", "integer"), column("actor")),
    },
    relationships={
        FILM: (
            Relationship(
                parent=FILM,
                child=ROLE,
                kind="one-to-many",
                is_to_one=False,
                constraint="role_film_id_fkey",
                columns=(("id", "film_id"),),
            ),
        ),
        ROLE: (
            Relationship(
                parent=ROLE,
                child=FILM,
                kind="many-to-one",
                is_to_one=True,
                constraint="role_film_id_fkey",
                columns=(("film_id", "id"),),
            ),
        ),
    },
    routines={
        TableName("public", "answer"): (routine("answer", returned_type="jsonb"),),
        TableName("public", "films"): (
            routine(
                "films",
                returns="composite",
                is_set=True,
                returned_type="film",
                returned_relation=FILM,
                parameters=(
                    Parameter(
                        name="n", type="integer", type_without_length="integer", is_required=False
                    ),
                ),
            ),
        ),
    },
)
READING = Reading(
    snapshot=SNAPSHOT, api=ApiSettings(has_aggregates=True, has_plans=True), hash_key=b"k" * 32
)


def get(path="/film", query="", *, method="GET", **headers):
    """Return a read."""
    return Message(
        method=method,
        path=path,
        query=query,
        headers=tuple((name.replace("_", "-"), value) for name, value in headers.items()),
    )


def answer(body, *, status=200, type_="application/json", **headers):
    """Return an answer; what is no text becomes JSON."""
    text = body if isinstance(body, str) else json.dumps(body)
    return Reply(
        status=status,
        headers=(
            ("Content-Type", type_),
            *((name.replace("_", "-"), value) for name, value in headers.items()),
        ),
        body=text.encode(),
    )


def found(message, primary, secondary, *, by=Side.SOURCE):
    """Return what a comparison finds: its name, and class and columns of each difference."""
    one, other = (
        reply if isinstance(reply, Reply) else answer(reply) for reply in (primary, secondary)
    )
    reading = Reading(snapshot=SNAPSHOT, api=READING.api, hash_key=READING.hash_key, primary=by)
    verdict = compare(message, one, other, reading)
    if verdict.comparison is not Comparison.MISMATCH:
        return str(verdict.comparison)
    return [(one.table, str(one.kind), *one.columns) for one in verdict.differences]


def films(*titles, **more):
    """Return rows of the table film; a title's place is its id."""
    return [{"id": at, "title": title, **more} for at, title in enumerate(titles, 1)]


ONE, TWO, THREE, FOUR = films("a", "b", "c", "d")


@pytest.mark.parametrize(
    ("query", "primary", "secondary"),
    [
        ("", [ONE, TWO], [TWO, ONE]),
        ("", '[{"id":1,"title":"a"}]', '[{"title": "a", "id": 1}]'),
        ("order=id", [ONE, TWO], [ONE, TWO]),
        ("order=title", [{"id": 1, "title": "x"}, {"id": 2, "title": "x"}],
         [{"id": 2, "title": "x"}, {"id": 1, "title": "x"}]),
        ("order=price", '[{"id":1,"price":1.0},{"id":2,"price":1.00}]',
         '[{"id":2,"price":1.00},{"id":1,"price":1.0}]'),
        ("order=tag", '[{"id":1,"tag":"x"},{"id":2,"tag":"X"}]',
         '[{"id":2,"tag":"X"},{"id":1,"tag":"x"}]'),
        ("select=id,role(id)", [{"id": 1, "role": [{"id": 5}, {"id": 6}]}],
         [{"id": 1, "role": [{"id": 6}, {"id": 5}]}]),
        ("select=id,...role(actor)", [{"id": 1, "actor": ["p", "q"]}],
         [{"id": 1, "actor": ["q", "p"]}]),
    ],
)  # fmt: skip
def test_what_may_lawfully_differ_is_equal(query, primary, secondary):
    """Rows in any order without `order`, members in any order, ties of an order: equal."""
    body = [answer(one) for one in (primary, secondary)]
    assert found(get(query=query), *body) == "equal"


@pytest.mark.parametrize(
    ("query", "primary", "secondary", "expected"),
    [
        ("", '[{"id":1,"price":1.10}]', '[{"id":1,"price":1.1}]', ("value", "price")),
        ("", '[{"id":1,"price":1}]', '[{"id":1,"price":"1"}]', ("value", "price")),
        ("", '[{"id":1,"price":null}]', '[{"id":1}]', ("value", "price")),
        ("select=price", '[{"price":1.10}]', '[{"price":1.1}]', ("value", "price")),
        ("", [ONE, TWO], [ONE], ("missing",)),
        ("", [ONE], [ONE, TWO], ("extra",)),
        ("", [ONE, ONE], [ONE], ("missing",)),
        ("order=title", [ONE, TWO], [TWO, ONE], ("order", "title")),
        ("order=title,id", [ONE, TWO], [TWO, ONE], ("order", "title", "id")),
        ("select=title&order=id", [{"title": "a"}, {"title": "b"}],
         [{"title": "b"}, {"title": "a"}], ("order", "id")),
        ("select=title&order=title,price", [{"title": "a"}, {"title": "b"}],
         [{"title": "b"}, {"title": "a"}], ("order", "title", "price")),
        ("", [{"id": 1, "title": [1, 2]}], [{"id": 1, "title": [2, 1]}], ("value", "title")),
        ("order=title&limit=2", [ONE, TWO], [TWO, ONE], ("order", "title")),
        ("order=id&limit=2", [ONE, TWO], [ONE, THREE], ("missing",)),
        ("order=id&limit=3", [ONE, TWO, THREE], [ONE, THREE, FOUR], ("missing",)),
        ("order=id&limit=3", [ONE, THREE, FOUR], [ONE, TWO, THREE], ("extra",)),
        ("order=id&limit=2&offset=1", [TWO, THREE], [THREE, FOUR], ("missing",)),
        ("limit=2", [ONE, TWO], [ONE], ("missing",)),
        ("limit=2", [ONE, TWO], [ONE, {"id": 2, "title": "z"}], ("value", "title")),
    ],
)  # fmt: skip
def test_what_differs_is_named(query, primary, secondary, expected):
    """Class and columns of the first difference are those that were planted."""
    body = [answer(one) for one in (primary, secondary)]
    assert found(get(query=query), *body)[0] == ("public.film", *expected)


@pytest.mark.parametrize(
    ("query", "primary", "secondary"),
    [
        ("limit=1", [ONE], [TWO]),
        ("offset=1", [ONE], [TWO]),
        ("order=title&limit=1", [{"id": 1, "title": "x"}], [{"id": 2, "title": "x"}]),
        ("select=title&order=price", [{"title": "a"}, {"title": "b"}],
         [{"title": "b"}, {"title": "a"}]),
        ("select=title&order=price&limit=1", [{"title": "a"}], [{"title": "b"}]),
        ("select=id,role(id)&role.limit=1", [{"id": 1, "role": [{"id": 5}]}],
         [{"id": 1, "role": [{"id": 6}]}]),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_no_alarm(query, primary, secondary):
    """Windows over an incomplete order and ties that rows do not show are skipped."""
    assert found(get(query=query), primary, secondary) == "skipped"


def test_a_row_that_moved_into_the_window_is_no_second_difference():
    """Where a row is missing, the one behind the window that took its place is not reported."""
    message = get(query="order=id&limit=3")
    assert found(message, [ONE, TWO, THREE], [ONE, THREE, FOUR]) == [("public.film", "missing")]


def test_an_embeds_difference_is_its_own_tables():
    """A changed row of an embed is told of the embed's table, with the embed's columns."""
    primary = [{"id": 1, "role": [{"id": 5, "actor": "p"}, {"id": 6, "actor": "q"}]}]
    secondary = [{"id": 1, "role": [{"id": 6, "actor": "q"}, {"id": 5, "actor": "z"}]}]
    message = get(query="select=id,role(id,actor)")
    assert found(message, primary, secondary) == [("public.role", "value", "actor")]


def test_an_ordered_embed_is_a_sequence():
    """An embed with an order of its own is compared as a sequence."""
    primary = [{"id": 1, "role": [{"id": 5}, {"id": 6}]}]
    secondary = [{"id": 1, "role": [{"id": 6}, {"id": 5}]}]
    message = get(query="select=id,role(id)&role.order=id")
    assert found(message, primary, secondary) == [("public.role", "order", "id")]


def test_an_order_by_an_embed_is_read_there():
    """An order by a column of a to-one embed is read where the embed shows it."""
    rows = [{"id": 1, "film": {"title": "x"}}, {"id": 2, "film": {"title": "x"}}]
    message = get("/role", "select=id,film(title)&order=film(title)")
    assert found(message, rows, rows[::-1]) == "equal"
    rows[1]["film"]["title"] = "y"
    assert found(message, rows, rows[::-1]) == [("public.role", "order", "title")]


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [
        (1000, 1200, [("public.film", "cap")]),
        (1200, 1000, [("public.film", "missing")]),
        (1000, 1000, "equal"),
    ],
)
def test_a_cap_of_the_source_is_called_a_cap(primary, secondary, expected):
    """A source that stopped at 1000 rows while the target went on is a cap, not 200 extra rows."""
    rows = films(*("t" for _ in range(1200)))
    result = found(get(query="order=id"), rows[:primary], rows[:secondary])
    assert result[:1] == expected[:1] if isinstance(expected, list) else result == expected


def test_below_a_cap_rows_are_still_compared():
    """Rows below the cap that the longer answer has not got are missing all the same."""
    rows = films(*("t" for _ in range(1200)))
    result = found(get(), rows[:1000], rows[1:])
    assert result == [("public.film", "cap"), ("public.film", "missing")]


def test_the_caps_change_places_with_the_primary():
    """With the target as primary it is the secondary that stops at the cap."""
    rows = films(*("t" for _ in range(1200)))
    result = found(get(query="order=id"), rows, rows[:1000], by=Side.TARGET)
    assert result == [("public.film", "cap")]


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [
        ("0-0/5", "0-0/5", "equal"),
        ("0-0/5", "0-0/4", [("public.film", "missing")]),
        ("0-0/4", "0-0/5", [("public.film", "extra")]),
    ],
)
def test_totals_are_compared_where_they_were_counted(primary, secondary, expected):
    """`count=exact` is compared, also over equal rows."""
    replies = [answer([ONE], status=206, Content_Range=one) for one in (primary, secondary)]
    assert found(get(query="limit=1", prefer="count=exact"), *replies) == expected
    assert found(get(query="limit=1", prefer="count=planned"), *replies) == "equal"


def test_a_head_is_compared_by_its_counts():
    """An answer without a body is compared by the rows that it says it would have."""
    message = get(method="HEAD")
    replies = [
        Reply(status=200, headers=(("Content-Range", one),))
        for one in ("0-9/*", "0-8/*", "0-999/*", "0-1199/*")
    ]
    assert found(message, replies[0], replies[0]) == "equal"
    assert found(message, replies[0], replies[1]) == [("public.film", "missing")]
    assert found(message, replies[2], replies[3]) == [("public.film", "cap")]


@pytest.mark.parametrize(
    ("primary", "secondary", "expected"),
    [
        ((403, "42501"), (403, "42501"), "equal"),
        ((200, ""), (403, "42501"), [("public.film", "error", "200", "403 42501")]),
        ((400, "22P02"), (400, "22003"), [("public.film", "error", "400 22P02", "400 22003")]),
        ((200, ""), (503, "PGRST000"), "unsettled"),
        ((200, ""), (500, "57014"), "unsettled"),
        ((200, ""), (502, ""), "unsettled"),
        ((200, ""), (429, ""), "unsettled"),
        ((200, ""), (500, "XX000"), [("public.film", "error", "200", "500 XX000")]),
    ],
)
def test_errors_are_compared_by_status_and_code(primary, secondary, expected):
    """Status and code count, the text does not; a side that was away says nothing of rows."""
    replies = [
        answer({"code": code, "message": f"text {at}"} if code else [ONE], status=status)
        for at, (status, code) in enumerate((primary, secondary))
    ]
    assert found(get(), *replies) == expected


def test_a_table_that_the_target_lacks_is_an_error():
    """A read of what the target has not got is compared without an outline."""
    missing = answer({"code": "PGRST205", "message": "no"}, status=404)
    result = found(get("/book"), [ONE], missing)
    assert result == [("book", "error", "200", "404 PGRST205")]


def test_one_object_is_compared_by_its_members():
    """A single object is one row."""
    message = get(accept="application/vnd.pgrst.object+json")
    kind = "application/vnd.pgrst.object+json"
    replies = [answer(one, type_=kind) for one in (ONE, {**ONE, "title": "z"})]
    assert found(message, *replies) == [("public.film", "value", "title")]


def test_what_a_function_returns_is_compared_as_it_is():
    """An array in a function's value keeps its order; members may come in any."""
    message = get("/rpc/answer")
    assert found(message, {"a": [1, 2], "b": 1}, {"b": 1, "a": [1, 2]}) == "equal"
    changed = found(message, {"a": [1, 2], "b": 1}, {"a": [2, 1], "b": 1})
    assert changed == [("public.answer()", "value", "a")]


def test_the_own_order_of_a_function_is_a_doubt():
    """Rows of a function in another order, which no request names, can't be told."""
    message = get("/rpc/films")
    assert found(message, [ONE, TWO], [TWO, ONE]) == "skipped"
    assert found(message, [ONE, TWO], [ONE]) == [("public.films()", "missing")]


@pytest.mark.parametrize(
    ("secondary", "expected"),
    [
        ("id,title\n2,b\n1,a", "equal"),
        ("id,title\n1,a\n2,z", [("public.film", "value", "title")]),
        ('id,title\n1,a\n2,""', [("public.film", "value", "title")]),
    ],
)
def test_csv_is_compared_by_its_rows(secondary, expected):
    """CSV is read row by row."""
    replies = [answer(one, type_="text/csv") for one in ("id,title\n1,a\n2,b", secondary)]
    assert found(get(accept="text/csv"), *replies) == expected


def test_an_empty_cell_is_no_null():
    """An empty text and a null differ in their quotes only, and are told apart."""
    replies = [answer(one, type_="text/csv") for one in ("id,title\n1,", 'id,title\n1,""')]
    assert found(get(accept="text/csv"), *replies) == [("public.film", "value")]


def test_another_media_type_is_a_difference():
    """An answer of another type is a difference, whatever it holds."""
    replies = [answer([ONE]), answer("id\n1", type_="text/csv")]
    assert found(get(), *replies) == [("public.film", "value", "Content-Type")]


def test_the_description_of_the_api_is_not_compared():
    """The root's document is each server's own."""
    assert found(get("/"), {"a": 1}, {"a": 2}) == "skipped"


def test_a_key_is_told_by_a_hash_that_only_the_move_can_make():
    """A row has one hash under one key of the move, another under another, none without."""
    hashes = set()
    for key in (b"a" * 32, b"a" * 32, b"b" * 32, b""):
        reading = Reading(snapshot=SNAPSHOT, api=READING.api, hash_key=key)
        verdict = compare(get(), answer([ONE, TWO]), answer([ONE]), reading)
        hashes.add(verdict.differences[0].key_hash)
    assert len(hashes) == 3
    assert None in hashes


def test_cells_are_kept_only_when_asked_for():
    """Values stand in a difference only where they are to be kept."""
    replies = answer([ONE]), answer([{**ONE, "title": "planted-cell"}])
    plain = compare(get(), *replies, READING)
    assert "planted-cell" not in repr(plain)
    asked = Reading(snapshot=SNAPSHOT, api=READING.api, keeps_values=True)
    assert compare(get(), *replies, asked).differences[0].values == (
        '{"title":"a"}',
        '{"title":"planted-cell"}',
    )
