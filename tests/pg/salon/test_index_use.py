"""Every index of the target but primary keys is used by the query that it is there for."""

from pathlib import Path

import index_query
import psycopg
import pytest
from index_query import FOREIGN_KEYS, JOBS, READS, REPORTS, UPSERTS, steps_of, upsert_of
from psycopg import sql

import changeover
from changeover.engine.settings import ApiSettings
from changeover.stores.desk import Desk
from changeover.stores.key import Identity
from salon import schema
from salon.session_report import statement

ROWS_MIN = 50_000
EXECUTIONS = 6
"""From the sixth execution on, the server may take a plan that does not know the values."""

INDEXES = """
SELECT c.relname, t.relname, i.indisprimary, coalesce(p.inhparent::regclass::text, c.relname)
FROM pg_index AS i
JOIN pg_class AS c ON c.oid = i.indexrelid
JOIN pg_class AS t ON t.oid = i.indrelid
LEFT JOIN pg_inherits AS p ON p.inhrelid = i.indexrelid
WHERE t.relnamespace = 'public'::regnamespace
"""


@pytest.fixture(scope="module")
def large(target_templates):
    """A target with 50,000 rows in each table and each month; indexes are built last."""
    database = target_templates[True, True].clone("salon_large")
    made = schema.target_statements()
    tables = [text for text in made if b"CREATE TABLE" in text]
    rows = Path(__file__).with_name("large.sql").read_bytes().split(b"\n\n")[1:]
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for text in (*tables, *rows, *(text for text in made if text not in tables)):
            connection.execute(text)
        connection.execute("VACUUM ANALYZE")
    yield database
    database.drop()


@pytest.fixture(scope="module")
def bind(large):
    """A function that returns a repository; nothing is sent through it."""
    with changeover.connect(large.dsn) as database:
        yield database.bind


@pytest.fixture(scope="module")
def desk(large):
    """What makes the statement of a message, as a store does."""
    settings = ApiSettings(schemas=("public",), extra_search_path=())
    with changeover.connect(large.dsn) as database:
        snapshot = database._snapshot()
    return Desk(settings, snapshot, 0, is_pooled=False)


@pytest.fixture
def session(large):
    """A session whose work is undone."""
    with psycopg.connect(large.dsn, options="-c TimeZone=UTC") as connection:
        yield connection
        connection.rollback()


@pytest.fixture
def indexes(session):
    """Name, table, whether of a primary key, and name or parent's name of every index."""
    return session.execute(INDEXES).fetchall()


@pytest.fixture
def plan(desk, session):
    """A function that returns the indexes in the plan of steps: the sixth plan, as it is kept."""

    def names(steps):
        (command,) = desk.errand(next(steps), Identity(role="", claims="{}"))._own()
        values = sql.SQL(", ").join(sql.Literal(value.decode()) for value in command.values)
        session.execute(sql.SQL("PREPARE asked AS ") + sql.SQL(command.text.decode()))
        call = sql.SQL("EXECUTE asked ({})" if command.values else "EXECUTE asked").format(values)
        for _ in range(EXECUTIONS - 1):
            session.execute(call)
        return found_in(session.execute(sql.SQL("EXPLAIN (FORMAT JSON) ") + call).fetchone()[0])

    return names


def found_in(node):
    """Return the names of all indexes in a plan, those that decide a conflict too."""
    if isinstance(node, list):
        return set().union(*map(found_in, node))
    if not isinstance(node, dict):
        return set()
    own = {node["Index Name"]} if "Index Name" in node else set()
    return own | set(node.get("Conflict Arbiter Indexes", ())) | found_in(list(node.values()))


def leaves(indexes, name):
    """Return an index, or what it consists of in the six months of messages."""
    return {index for index, _, _, parent in indexes if parent == name and index != name} or {name}


@pytest.mark.parametrize(
    ("name", "call"),
    [(name, call) for name, calls in READS.items() for call in calls],
    ids=[f"{name}-{call[1]}-{n}" for name, calls in READS.items() for n, call in enumerate(calls)],
)
def test_the_named_method_uses_its_index(bind, plan, indexes, name, call):
    """The plan of what the method sends shows the index, in every month of messages."""
    expected = leaves(indexes, name)
    assert len(expected) in {1, 6}
    assert expected <= plan(steps_of(bind, call))


@pytest.mark.parametrize("name", UPSERTS)
def test_the_upsert_is_decided_by_its_index(bind, plan, name):
    """The unique index is the one that ON CONFLICT asks."""
    assert name in plan(upsert_of(bind, name))


def scans(session, names):
    """Return how often indexes were scanned in this transaction."""
    query = "SELECT pg_stat_get_xact_numscans(%s::regclass)"
    return {name: session.execute(query, [name]).fetchone()[0] for name in names}


@pytest.mark.parametrize("name", JOBS)
def test_the_job_scans_its_index(session, name):
    """The function behind the job scans the index."""
    before = scans(session, [name])[name]
    session.execute(JOBS[name])
    assert scans(session, [name])[name] > before


def test_a_message_delivered_twice_is_found_by_the_key_of_its_month(session, indexes):
    """ON CONFLICT scans the unique index of each month."""
    names = leaves(indexes, "messages_company_id_message_id_created_at_key")
    before = scans(session, names)
    session.execute(
        "INSERT INTO messages (company_id, phone, direction, message_id, created_at)"
        " SELECT company_id, phone, direction, message_id, created_at FROM messages WHERE id % 5000"
        " = 0 ON CONFLICT (company_id, message_id, created_at) DO NOTHING"
    )
    after = scans(session, names)
    assert len(names) == 6
    assert all(after[name] > before[name] for name in names)


@pytest.mark.parametrize("name", REPORTS)
def test_the_report_uses_its_index(session, name):
    """The plan of the report's statement shows the index."""
    values = {"company_id": "7", "days": 14}
    text = b"EXPLAIN (FORMAT JSON) " + statement(REPORTS[name]).partition(b"\n")[2]
    # The days of growth end now, and the rows are of 2026.
    text = text.replace(b"now()", b"'2026-01-20'::timestamptz")
    assert found_in(session.execute(text, values).fetchone()[0]) == {name}


@pytest.mark.parametrize("name", FOREIGN_KEYS)
def test_the_foreign_key_uses_its_index(session, name):
    """What the server asks when a parent is removed is answered by the index."""
    query = (
        "EXPLAIN (FORMAT JSON) SELECT 1 FROM ONLY bookings AS x"
        f" WHERE {FOREIGN_KEYS[name]} FOR KEY SHARE OF x"
    )
    found = found_in(session.execute(query, [77, 7]).fetchone()[0])
    assert found == {name}


def test_the_named_update_uses_the_primary_key(bind, plan):
    """`update` of a company goes by its id."""
    assert "companies_pkey" in plan(index_query.update_by_key(bind))


def test_every_index_has_a_named_query(indexes):
    """No index of the catalog is without a query here, and none is here that the catalog lacks."""
    asked = {*READS, *UPSERTS, *JOBS, *REPORTS}
    present = {parent for _, _, is_primary, parent in indexes if not is_primary}
    assert present == asked
    assert len(indexes) == 129


def test_every_table_is_large(session, indexes):
    """Each table, and each month of messages, has at least 50,000 rows."""
    for table in {table for _, table, _, _ in indexes}:
        assert session.execute(f"SELECT count(*) FROM {table}").fetchone()[0] >= ROWS_MIN, table
