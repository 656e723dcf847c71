"""Repositories in both colours: what each method does, held against SQL written by hand."""

import datetime as dt
import math
from decimal import Decimal
from uuid import UUID

import msgspec
import pytest

from changeover.model.errors import TimedOutError
from changeover.model.row_errors import (
    DuplicateKeyError,
    InvalidFilterError,
    MalformedValueError,
    MissingReferenceError,
    MissingValueError,
    MultipleRowsError,
    NoPartitionError,
    NotInSchemaError,
    RejectedValueError,
    TransactionConflictError,
)
from changeover.repository import (
    ALL,
    Order,
    any_of,
    connect,
    connect_async,
    eq,
    gt,
    gte,
    ilike,
    in_,
    is_null,
    lt,
    lte,
    neq,
    not_null,
)

CODE = UUID("6f1d5a52-0f51-4d7a-9d5c-0b3a6a1f2c11")
SEEN = dt.datetime(2026, 1, 31, 12, 30, 15, 123456, tzinfo=dt.UTC)


class Thing(msgspec.Struct, kw_only=True):
    """A row whose missing columns are another thing than NULL."""

    id: int | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    amount: Decimal | msgspec.UnsetType | None = msgspec.UNSET
    tags: list[str | None] | msgspec.UnsetType | None = msgspec.UNSET
    data: object = msgspec.UNSET
    seen: dt.datetime | msgspec.UnsetType | None = msgspec.UNSET
    kind: int | msgspec.UnsetType | None = msgspec.UNSET


def one(database, query, values=None):
    """Return the only row of a query."""
    with database.connect() as connection:
        return connection.execute(query, values).fetchone()


def fill(database):
    """Five rows, two of them with NULLs."""
    with database.connect() as connection:
        connection.execute(
            "INSERT INTO public.thing (id, name, amount, kind) VALUES"
            " (1, 'a', 1.10, 1), (2, 'b', NULL, 1), (3, 'c', 3, 2), (4, 'D', NULL, NULL),"
            " (5, 'e*', 1.10, 3)"
        )
        connection.execute("ALTER TABLE public.thing ALTER COLUMN id RESTART WITH 100")


def test_a_row_of_every_type_comes_back_as_it_was(repository, tables):
    """Digits, arrays, JSON, times, bytes and UUIDs, each by its column's type."""
    things = repository("thing", Thing)
    given = Thing(
        name='q"u,o\\te',
        amount=Decimal("12345678901234567890.1230"),
        tags=["a,b", 'c"d', None, "NULL", ""],
        data={"n": Decimal("1.10"), "list": [1, "два"], "text": "x"},
        seen=SEEN,
    )
    written = things.insert(given)
    assert (written.name, written.amount, written.tags) == (given.name, given.amount, given.tags)
    assert written.seen == SEEN
    found = one(
        tables,
        "SELECT amount::text, tags, data::text, data->>'n', seen FROM public.thing WHERE id = %s",
        [written.id],
    )
    assert found == (
        "12345678901234567890.1230",
        given.tags,
        '{"n": 1.10, "list": [1, "два"], "text": "x"}',
        "1.10",
        SEEN,
    )
    assert things.find_one(eq("id", written.id)) == written


def test_floats_bytes_and_uuids(repository, tables):
    """What JSON has no text for arrives all the same, and refuses where it can't."""
    rows = repository("thing", dict)
    row = rows.insert({"weight": math.inf, "raw": b"\x00\xff", "code": CODE, "data": [1, 2]})
    assert one(tables, "SELECT weight, raw, code, data::text FROM public.thing") == (
        math.inf,
        b"\x00\xff",
        CODE,
        "[1, 2]",
    )
    assert rows.find_one(eq("raw", b"\x00\xff"), eq("code", CODE), eq("weight", math.inf)) == row
    assert rows.find_one(eq("data", [1, 2])) == row
    with pytest.raises(MalformedValueError, match="JSON has no nan"):
        rows.insert({"data": {"deep": [math.nan]}})


def test_missing_is_not_null(repository, tables):
    """A missing column gets its default or stays; None writes NULL."""
    things = repository("thing", Thing)
    row = things.insert(Thing(amount=None, kind=7))
    assert (row.name, row.amount, row.kind) == ("unnamed", None, 7)
    (changed,) = things.update(eq("id", row.id), changes=Thing(kind=None))
    assert (changed.name, changed.kind) == ("unnamed", None)
    assert things.update(eq("id", row.id), changes={}) == []
    assert one(tables, "SELECT name, kind FROM public.thing") == ("unnamed", None)


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        pytest.param([eq("kind", 1)], [1, 2], id="eq"),
        pytest.param([eq("amount", None)], [2, 4], id="eq-none"),
        pytest.param([neq("kind", 1)], [3, 5], id="neq-drops-null"),
        pytest.param([neq("amount", None)], [1, 3, 5], id="neq-none"),
        pytest.param([lt("id", 2)], [1], id="lt"),
        pytest.param([lte("id", 2)], [1, 2], id="lte"),
        pytest.param([gt("id", 4)], [5], id="gt"),
        pytest.param([gte("amount", Decimal("1.10"))], [1, 3, 5], id="gte"),
        pytest.param([in_("name", ["a", "e*", "x,y", 'q"'])], [1, 5], id="in"),
        pytest.param([in_("name", [])], [], id="in-nothing"),
        pytest.param([ilike("name", "d")], [4], id="ilike"),
        pytest.param([ilike("name", "e%")], [5], id="ilike-pattern"),
        pytest.param([is_null("kind")], [4], id="is-null"),
        pytest.param([not_null("kind"), eq("kind", 2)], [3], id="and"),
        pytest.param([any_of(eq("id", 1), is_null("kind")), lt("id", 9)], [1, 4], id="any-of"),
        pytest.param([any_of(eq("name", 'x"),or(id.gt.0'), eq("id", 5))], [5], id="hostile"),
    ],
)
def test_filters(repository, tables, filters, expected):
    """Each operator finds the rows that SQL finds; counts and existence agree."""
    fill(tables)
    rows = repository("thing", dict)
    assert [row["id"] for row in rows.find_many(*filters)] == expected
    assert rows.count(*filters) == len(expected)
    assert rows.exists(*filters) is bool(expected)


def test_what_cannot_be_asked_is_refused_before_anything_is(repository):
    """Unknown names, missing values, an empty filter for a write, wrong limits."""
    rows = repository("thing", dict)
    with pytest.raises(NotInSchemaError, match="no column 'nmae'"):
        rows.find_many(eq("nmae", 1))
    with pytest.raises(NotInSchemaError, match="no column"):
        rows.insert({'name" = 1; --': 1})
    with pytest.raises(NotInSchemaError, match="no table or view"):
        repository("thingz", dict)
    for call in (rows.delete, lambda: rows.update(changes={"kind": 1})):
        with pytest.raises(InvalidFilterError, match="every row"):
            call()
    for limit in (-1, True, "10"):
        with pytest.raises(InvalidFilterError, match="limit"):
            rows.find_many(limit=limit)
    with pytest.raises(InvalidFilterError, match="NULL"):
        rows.find_many(lt("id", None))
    with pytest.raises(InvalidFilterError, match=r"\*"):
        rows.find_many(ilike("name", "e*"))


@pytest.mark.parametrize("is_falling", [False, True])
@pytest.mark.parametrize("are_nulls_last", [None, False, True])
@pytest.mark.parametrize("step", [1, 2])
def test_pages_by_key_meet_every_row_once(repository, tables, is_falling, are_nulls_last, step):
    """Keyset pages over a column with NULLs and ties are the one long list."""
    fill(tables)
    rows = repository("thing", dict)
    order = [Order("amount", is_falling, are_nulls_last), Order("id")]
    whole = rows.find_many(order=order, limit=ALL)
    direction = "DESC" if is_falling else "ASC"
    nulls = {None: "", False: " NULLS FIRST", True: " NULLS LAST"}[are_nulls_last]
    expected = one(
        tables, f"SELECT array_agg(id ORDER BY amount {direction}{nulls}, id) FROM public.thing"
    )
    assert [row["id"] for row in whole] == expected[0]
    pages, after = [], None
    while page := rows.find_many(order=order, limit=step, after=after):
        pages += page
        after = (page[-1]["amount"], page[-1]["id"])
    assert pages == whole


def test_all_rows_come_although_the_store_cuts_pages(repository, tables):
    """A page that is full is never taken for the whole."""
    fill(tables)
    capped = repository("thing", dict, page_rows_max=2)
    assert len(capped.find_many(limit=ALL)) == 5
    assert len(capped.find_many(limit=3)) == 3


def test_one_row_is_one_row(repository, tables):
    """None where there is none, an error where there are two."""
    fill(tables)
    rows = repository("thing", dict)
    assert rows.find_one(eq("id", 99)) is None
    with pytest.raises(MultipleRowsError):
        rows.find_one(eq("kind", 1))


def test_upserts(repository, tables):
    """Given columns are set, others stay; a row of keys only does nothing and comes back."""
    fill(tables)
    things = repository("thing", Thing)
    row = things.upsert({"name": "a", "kind": 1, "tags": ["x"]}, ["name", "kind"])
    assert (row.id, row.amount, row.tags) == (1, Decimal("1.10"), ["x"])
    assert things.upsert({"name": "a", "kind": 1}, ["name", "kind"]) == row
    new = things.upsert({"name": "n", "kind": 1, "amount": None}, ["name", "kind"])
    assert one(tables, "SELECT count(*), max(id) FROM public.thing") == (6, new.id)
    with pytest.raises(InvalidFilterError, match="lacks kind"):
        things.upsert({"name": "a"}, ["name", "kind"])


def test_bulk_upserts_are_all_or_nothing(repository, tables):
    """Groups of columns are statements of one transaction; a bad row undoes the good ones."""
    fill(tables)
    rows = repository("thing", dict)
    found = rows.bulk_upsert(
        [{"id": 1, "name": "one"}, {"id": 2, "name": "two"}, {"id": 3, "name": "x", "kind": 9}],
        ["id"],
    )
    assert sorted(row["id"] for row in found) == [1, 2, 3]
    assert one(tables, "SELECT kind FROM public.thing WHERE id = 1") == (1,)
    with pytest.raises(RejectedValueError):
        rows.bulk_upsert([{"id": 4, "name": "gone"}, {"id": 5, "name": "v", "kind": -1}], ["id"])
    assert one(tables, "SELECT name FROM public.thing WHERE id = 4") == ("D",)
    with pytest.raises(InvalidFilterError, match="rows 0 and 2"):
        rows.bulk_upsert([{"id": 1}, {"id": 2}, {"id": 1}], ["id"])
    assert rows.bulk_upsert([], ["id"]) == []


def test_batches_are_one_transaction(repository, tables):
    """Any number of rows goes batch by batch, and none stays when one is refused."""
    rows = repository("thing", dict)
    many = [{"id": number, "name": f"n{number}", "kind": 1} for number in range(1, 251)]
    assert rows.bulk_upsert_batched(many, ["id"], batch_rows=100).rows == 250
    assert one(tables, "SELECT count(*) FROM public.thing") == (250,)
    worse = [{**row, "name": "changed"} for row in many[:-1]] + [{"id": 250, "kind": -1}]
    with pytest.raises((RejectedValueError, DuplicateKeyError, MissingValueError)):
        rows.bulk_upsert_batched(worse, ["id"])
    assert one(tables, "SELECT count(*) FROM public.thing WHERE name = 'changed'") == (0,)
    with pytest.raises(InvalidFilterError, match="501 rows"):
        rows.bulk_upsert([{"id": number} for number in range(501)], ["id"])


def test_errors_are_classes(repository, tables):
    """Each refusal of the server is a class of its own, and tells no value."""
    fill(tables)
    rows, parts = repository("thing", dict), repository("part", dict)
    cases = [
        (DuplicateKeyError, lambda: rows.insert({"id": 1})),
        (MissingReferenceError, lambda: parts.insert({"id": 1, "thing": 77_777})),
        (MissingValueError, lambda: rows.insert({"name": None})),
        (RejectedValueError, lambda: rows.insert({"kind": -77_777})),
        (MalformedValueError, lambda: rows.find_many(eq("id", "seventy-77777"))),
        (NoPartitionError, lambda: repository("month", dict).insert({"id": 1, "day": SEEN.date()})),
        (NotInSchemaError, lambda: rows.upsert({"kind": 1, "tags": []}, ["kind"])),
    ]
    for kind, call in cases:
        with pytest.raises(kind) as caught:
            call()
        assert caught.type is kind
        assert "77777" not in str(caught.value)


def test_odd_names(repository, tables):
    """Cyrillic, quotes, commas and blanks are only names."""
    rows = repository('Имя "x"', dict)
    rows.insert({"id": 1, "колонка, 1": "v"})
    assert rows.find_many(eq("колонка, 1", "v"), order=[Order("колонка, 1")]) == [
        {"id": 1, "колонка, 1": "v"}
    ]
    assert rows.delete(eq("id", 1)) == [{"id": 1, "колонка, 1": "v"}]


def give_up(rows, row):
    """Write inside a block that then raises."""
    with rows.transaction() as inside:
        inside.insert(row)
        raise KeyError


async def give_up_awaited(rows, row):
    """Write inside an asynchronous block that then raises."""
    async with rows.transaction() as inside:
        await inside.insert(row)
        raise KeyError


async def wait_too_long(rows):
    """Ask for a locked table inside a transaction that has little time."""
    async with rows.transaction(timeout_ms=50) as inside:
        await inside.find_many()


def test_transactions_and_savepoints(tables):
    """A block that raises undoes itself; an inner one undoes itself only."""
    with connect(tables.dsn) as database:
        rows = database.repository("thing", dict)
        with rows.transaction() as outer:
            outer.insert({"id": 1})
            with pytest.raises(KeyError):
                give_up(outer, {"id": 2})
            with pytest.raises(DuplicateKeyError):
                outer.insert({"id": 1})
            outer.insert({"id": 3})
        with pytest.raises(KeyError):
            give_up(rows, {"id": 4})
    assert one(tables, "SELECT array_agg(id ORDER BY id) FROM public.thing") == ([1, 3],)


def test_asynchronous_transactions(tables, loop):
    """The same, awaited; the time-out of a transaction is its statements' own."""

    async def act(blocker):
        async with connect_async(tables.dsn) as database:
            rows = await database.repository("thing", dict)
            async with rows.transaction() as outer:
                await outer.insert({"id": 1})
            with pytest.raises(KeyError):
                await give_up_awaited(rows, {"id": 2})
            blocker.execute("BEGIN")
            blocker.execute("LOCK TABLE public.thing IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(TimedOutError):
                await wait_too_long(rows)
            blocker.execute("ROLLBACK")
            assert await rows.count() == 1

    with tables.connect() as blocker:
        loop.run_until_complete(act(blocker))
    assert one(tables, "SELECT array_agg(id ORDER BY id) FROM public.thing") == ([1],)


def test_a_missing_row_is_inserted_and_a_taken_key_left_alone(tables, loop):
    """A row of a free key comes back with its defaults; of a taken key nothing does, or changes."""

    async def awaited():
        async with connect_async(tables.dsn) as database:
            rows = await database.repository("thing", dict)
            return await rows.insert_missing({"id": 1, "name": "third"}, ["id"])

    with connect(tables.dsn) as database:
        rows = database.repository("thing", dict)
        assert rows.insert_missing({"id": 1, "name": "first"}, ["id"])["name"] == "first"
        assert rows.insert_missing({"id": 1, "name": "second"}, ["id"]) is None
        with pytest.raises(InvalidFilterError):
            rows.insert_missing({"name": "keyless"}, ["id"])
    assert loop.run_until_complete(awaited()) is None
    assert one(tables, "SELECT array_agg(name) FROM public.thing") == (["first"],)


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_a_conflict_of_transactions_is_a_class(tables, code):
    """What a server says of transactions in each other's way, without any of their values."""
    with tables.connect() as connection:
        connection.execute(
            "CREATE FUNCTION public.conflict() RETURNS trigger LANGUAGE plpgsql AS"
            f" $$ BEGIN RAISE EXCEPTION 'in the way' USING ERRCODE = '{code}'; END $$"
        )
        connection.execute(
            "CREATE TRIGGER conflict BEFORE INSERT ON public.thing"
            " FOR EACH ROW EXECUTE FUNCTION public.conflict()"
        )
    with connect(tables.dsn) as database, pytest.raises(TransactionConflictError, match=code):
        database.repository("thing", dict).insert({"name": "x"})
