"""Repositories of one's own class: methods written once, several tables, what is slow."""

import asyncio
import datetime as dt
from typing import ClassVar

import msgspec
import pytest
from waited import Waited

from changeover.model.errors import TimedOutError
from changeover.model.row_errors import (
    DuplicateKeyError,
    InvalidFilterError,
    MalformedValueError,
    MissingReferenceError,
    NotInSchemaError,
)
from changeover.repository import (
    AsyncRepository,
    Methods,
    Repository,
    any_of,
    connect,
    connect_async,
    conversation,
    eq,
    gt,
    is_true,
    lt,
    not_true,
)


class Thing(msgspec.Struct, kw_only=True):
    """A row."""

    id: int | msgspec.UnsetType = msgspec.UNSET
    name: str | msgspec.UnsetType = msgspec.UNSET
    kind: int | msgspec.UnsetType | None = msgspec.UNSET


class Part(msgspec.Struct, kw_only=True):
    """A row of another table."""

    id: int
    thing: int | None = None


class ThingMethods(Methods[Thing]):
    """Methods of both colours."""

    table_name = "thing"
    row_type = Thing
    beside: ClassVar = {Part: "part"}
    key = ("name", "kind")
    batch_rows = 2

    @conversation
    def find_by_name(self, name):
        """Return the thing of a name."""
        return self.table.find_one([eq("name", name)])

    @conversation
    def find_parts(self, name):
        """Return the parts of a thing, found by its name."""
        found = yield from ThingMethods.find_by_name.steps(self, name)
        if found is None:
            return []
        return (yield from self.table_of(Part).find_many([eq("thing", found.id)], (), 10, None))


class Things(ThingMethods, Repository[Thing]):
    """In the calling thread."""


class AsyncThings(ThingMethods, AsyncRepository[Thing]):
    """Awaited."""


@pytest.fixture
def slow():
    """What the observer was told."""
    return []


@pytest.fixture(params=["sync", "async"])
def database(request, tables, loop, slow):
    """The database, in both colours in turn; every statement is slow to it."""
    options = {"observer": slow.append, "slow_ms": 0}
    if request.param == "sync":
        with connect(tables.dsn, **options) as made:
            yield made
    else:
        made = connect_async(tables.dsn, **options)
        yield Waited(loop, made)
        loop.run_until_complete(made.close())


def write(database, name, thing=None):
    """Write a thing, and a part of a thing."""
    made = database.bind(Things).insert({"name": name, "kind": 1})
    database.repository("part", dict).insert({"id": 2 if thing else 1, "thing": thing or made.id})


def write_alone(database, names):
    """Write things."""
    for name in names:
        database.bind(Things).insert({"name": name, "kind": 1})


def rows_of(tables, query="SELECT name, kind FROM public.thing ORDER BY 1, 2"):
    """Return what stands in the table."""
    with tables.connect() as connection:
        return connection.execute(query).fetchall()


def test_a_method_is_written_once(database, tables):
    """One conversation answers in both colours, reads a second table, and can be gone through."""
    things = database.bind(Things)
    made = things.insert({"name": "a", "kind": 1})
    with tables.connect() as connection:
        connection.execute("INSERT INTO public.part VALUES (1, %s), (2, NULL)", [made.id])
    assert things.find_by_name("a") == Thing(id=made.id, name="a", kind=1)
    assert things.find_by_name("b") is None
    assert things.find_parts("a") == [Part(id=1, thing=made.id)]
    assert things.find_parts("b") == []


def test_the_key_of_the_class_is_the_conflict(database, tables):
    """An upsert without conflict columns takes those of the class; without any it is refused."""
    things = database.bind(Things)
    first = things.upsert({"name": "a", "kind": 1})
    assert things.upsert({"name": "a", "kind": 1}).id == first.id
    rows = [{"name": "a", "kind": 1, "amount": 5}, {"name": "b", "kind": 1, "amount": 5}]
    assert things.bulk_upsert(rows)[0].id == first.id
    written = things.bulk_upsert_batched([{"name": f"n{n}", "kind": 1} for n in range(5)])
    assert written.rows == 5
    assert len(rows_of(tables)) == 7
    with pytest.raises(InvalidFilterError, match="lacks a conflict column"):
        database.repository("thing", dict).upsert({"name": "a", "kind": 1})


def test_batches_are_as_large_as_the_class_says(database, slow):
    """Five rows in batches of two are three statements, in one transaction."""
    things = database.bind(Things)
    things.bulk_upsert_batched([{"name": f"n{n}", "kind": 1} for n in range(5)])
    assert [one.method for one in slow] == ["POST"] * 3


def test_a_table_that_is_not_beside_is_refused(database):
    """A row type that the class does not list has no table."""
    things = database.repository("thing", dict)
    with pytest.raises(NotInSchemaError, match="knows no table of Part"):
        (things if isinstance(things, Repository) else things.wrapped).table_of(Part)


def test_several_tables_in_one_transaction(database, tables):
    """What repositories of one transaction write stands together, or not at all."""
    with database.transaction() as inside:
        write(inside, "a")
        assert rows_of(tables) == []
    assert rows_of(tables) == [("a", 1)]
    with pytest.raises(MissingReferenceError), database.transaction() as inside:
        write(inside, "b", thing=-1)
    assert rows_of(tables) == [("a", 1)]


def test_a_transaction_within_is_a_savepoint(database, tables):
    """What fails in the inner block is undone alone."""
    with database.transaction() as outer:
        outer.bind(Things).insert({"name": "a", "kind": 1})
        with pytest.raises(DuplicateKeyError), outer.transaction() as inner:
            write_alone(inner, "ba")
    assert rows_of(tables) == [("a", 1)]


def test_a_transaction_limits_its_statements(database, tables):
    """A statement that takes longer than the transaction allows is an error, and undoes it."""
    with tables.connect() as connection:
        connection.execute(
            "CREATE VIEW public.sleepy AS SELECT id, pg_sleep(30)::text FROM public.thing"
        )
        connection.execute("INSERT INTO public.thing (name) VALUES ('a')")
    with pytest.raises(TimedOutError), database.transaction(timeout_ms=50) as inside:
        inside.repository("sleepy", dict).find_many()


def test_what_is_refused_at_commit_is_an_error_of_ours(database, tables):
    """A deferred constraint speaks at COMMIT, in the same class as anywhere else."""
    with tables.connect() as connection:
        connection.execute(
            "ALTER TABLE public.part ALTER CONSTRAINT part_thing_fkey DEFERRABLE INITIALLY DEFERRED"
        )
    with pytest.raises(MissingReferenceError), database.transaction() as inside:
        inside.repository("part", dict).insert({"id": 1, "thing": -1})
    parts = database.repository("part", dict)
    with pytest.raises(MissingReferenceError), parts.transaction() as inside:
        inside.insert({"id": 1, "thing": -1})
    assert rows_of(tables, "SELECT id FROM public.part") == []


def test_slow_statements_are_told(database, slow):
    """The observer is told table, method and duration of what took too long, and no value."""
    things = database.bind(Things)
    things.count(gt("kind", 41))
    with pytest.raises(DuplicateKeyError), database.transaction() as inside:
        write_alone(inside, ["secret", "secret"])
    told = [(str(one.table), one.method, one.has_failed) for one in slow]
    assert told == [
        ("public.thing", "HEAD", False),
        ("public.thing", "POST", False),
        ("public.thing", "POST", True),
    ]
    assert all(one.duration_ms > 0 for one in slow)
    assert "secret" not in repr(slow)


def test_quick_statements_are_not_told(tables, slow):
    """What stays below the limit is not reported."""
    with connect(tables.dsn, observer=slow.append, slow_ms=3_600_000) as database:
        assert database.bind(Things).count() == 0
    assert slow == []


def test_an_offset_is_not_dropped(database, tables):
    """A time with an offset is refused by a column without one, in a row and in a filter."""
    with tables.connect() as connection:
        connection.execute("CREATE TABLE public.wall (id int PRIMARY KEY, at timestamp, of time)")
    walls = database.repository("wall", dict)
    aware = dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.timezone(dt.timedelta(hours=3)))
    for given in ({"at": aware}, {"of": aware.timetz()}):
        with pytest.raises(MalformedValueError, match="would drop the offset"):
            walls.insert({"id": 1, **given})
    with pytest.raises(MalformedValueError, match="would drop the offset"):
        walls.count(lt("at", aware))
    walls.insert({"id": 1, "at": aware.replace(tzinfo=None), "of": dt.time(3, 4)})
    assert walls.count(lt("at", dt.datetime(2026, 1, 2, 3, 5))) == 1  # noqa: DTZ001 - a wall time


def test_truth_knows_null(database, tables):
    """`not_true` takes false and NULL, `is_true` neither, also within `any_of`."""
    with tables.connect() as connection:
        connection.execute("CREATE TABLE public.flag (id int PRIMARY KEY, is_on boolean)")
        connection.execute("INSERT INTO public.flag VALUES (1, true), (2, false), (3, NULL)")
    flags = database.repository("flag", dict)
    expected = {
        (is_true("is_on"),): [1],
        (not_true("is_on"),): [2, 3],
        (any_of(is_true("is_on"), eq("id", 3)),): [1, 3],
        (any_of(not_true("is_on"), eq("id", 1)),): [1, 2, 3],
    }
    for filters, ids in expected.items():
        assert [row["id"] for row in flags.find_many(*filters)] == ids
    with pytest.raises(NotInSchemaError):
        flags.count(not_true("is_off"))


def test_a_loop_of_its_own(tables):
    """The asynchronous method is a coroutine that asyncio runs."""

    async def ask():
        async with connect_async(tables.dsn) as database:
            return await (await database.bind(AsyncThings)).find_by_name("a")

    assert asyncio.run(ask()) is None
