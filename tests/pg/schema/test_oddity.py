"""Names, types and objects that break lesser tools, carried from 16 to 18 without a difference."""

from pathlib import Path

import pytest

from changeover.control.move import read_pairs
from changeover.model.errors import GateRefusedError, NotMovableError, SchemaMismatchError
from changeover.model.settings import MoveSettings
from changeover.transfer import schema
from changeover.transfer.schema_plan import Outcome

ODD = Path(__file__).with_name("odd.sql")
QUERIES = """
SELECT indexrelid::regclass::text, indisvalid, indisclustered, indisreplident FROM pg_index
WHERE indrelid >= 16384 AND indrelid::regclass::text !~ 'pg_|changeover|^auth|^storage' ORDER BY 1;
SELECT inhrelid::regclass::text, inhparent::regclass::text FROM pg_inherits ORDER BY 1, 2;
SELECT stxname FROM pg_statistic_ext;
SELECT rulename FROM pg_rules WHERE schemaname = 'public';
SELECT description FROM pg_description WHERE objoid >= 16384 ORDER BY 1;
SELECT relname, relreplident, relforcerowsecurity FROM pg_class WHERE relkind IN ('r', 'p')
AND relnamespace::regnamespace::text !~ 'pg_|information|changeover|auth|storage' ORDER BY 1;
SELECT tgname, tgenabled, tgdeferrable, tgrelid::regclass::text FROM pg_trigger
WHERE NOT tgisinternal ORDER BY 1, 4;
SELECT oid::regprocedure::text, md5(prosrc) FROM pg_proc
WHERE pronamespace = 'public'::regnamespace ORDER BY 1
"""
TRIGGER_OUTSIDE = """
CREATE TABLE t (id int PRIMARY KEY);
CREATE FUNCTION extensions.fire() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN new; END';
CREATE TRIGGER hook AFTER INSERT ON t FOR EACH ROW EXECUTE FUNCTION extensions.fire()
"""
DEFAULT_OUTSIDE = """
CREATE FUNCTION extensions.number() RETURNS int LANGUAGE sql AS 'SELECT 1';
CREATE TABLE t (id int PRIMARY KEY DEFAULT extensions.number())
"""
SCHEMAS = ("public", 'Схема %s "q"')


@pytest.fixture
def odd(pair, make_move):
    """The pair with the odd schema on its source, and its move."""
    with pair.source.connect() as connection:
        connection.execute(ODD.read_bytes())
    return pair, make_move(pair, move=MoveSettings(schemas=SCHEMAS))


def test_odd_objects_arrive_without_a_difference(odd, differences):
    """Whatever PostgreSQL takes as a name, a type or an object is the same on the other side."""
    _, move = odd
    report = schema.apply_all(move)
    (found,) = differences(move)
    assert (found.kind, found.object, found.severity) == ("check", "public.dropped", "note")
    assert found.source == "CHECK ((kept <> ''::text)) NOT VALID"
    assert report.not_validated == ()
    assert schema.apply_all(move).done == ()


def test_what_the_catalog_does_not_compare_arrives_too(odd, rows):
    """Partitions' indexes, comments, statistics, rules, clustering: as on the source."""
    pair, move = odd
    schema.apply_all(move)
    for query in QUERIES.split(";"):
        assert rows(pair.target, query) == rows(pair.source, query), query


def test_a_table_without_primary_key_gets_its_own_key_early(odd, applied):
    """What tells rows apart comes right after the copy, primary key or not."""
    pair, move = odd
    schema.apply_keys(move)
    assert "keys:public.keyless" in applied(pair)
    assert 'keys:"Схема %s ""q""".order' in applied(pair)


def test_late_views_wait_for_the_key_that_they_need(odd, rows):
    """A view that groups by a key is empty-handed before the key, and right after."""
    pair, move = odd
    schema.apply_pre_data(move)
    assert rows(pair.target, "SELECT to_regclass('public.heap')") == [(None,)]
    schema.apply_unique(move)
    assert rows(pair.target, "SELECT * FROM by_key") == []


@pytest.mark.parametrize(
    ("statement", "key"),
    [
        ("CREATE VIEW people AS SELECT id FROM auth.users", "public.people"),
        (TRIGGER_OUTSIDE, "public.t.hook"),
        (DEFAULT_OUTSIDE, "public.t"),
    ],
)
def test_needs_outside_of_the_moved_schemas_are_asked_about(pair, make_move, statement, key):
    """A view, trigger or default that leans on a schema that stays is a question, by name."""
    with pair.source.connect() as connection:
        connection.execute(statement)
    questions = schema.plan_schema(make_move(pair)).questions
    assert key in {q.answer_key for q in questions}


def test_what_needs_a_dropped_object_is_dropped_with_it_and_says_so(pair, make_move):
    """A view over a dropped view goes with it, and names it."""
    with pair.source.connect() as connection:
        connection.execute("CREATE VIEW people AS SELECT id FROM auth.users")
        connection.execute("CREATE VIEW more AS SELECT * FROM people")
    move = make_move(pair, move=MoveSettings(answers={"public.people": "drop"}))
    dropped = {o.name: o.why for o in schema.plan_schema(move).of(Outcome.DROPPED)}
    assert dropped["VIEW public.more"] == "needs VIEW public.people, which is dropped"
    assert schema.apply_all(move)


def test_an_extension_that_only_a_superuser_makes_is_asked_about(pair, make_move, rows):
    """A column of an extension's type is a question until the extension is there."""
    with pair.source.connect_as_superuser() as connection:
        connection.execute("CREATE EXTENSION vector SCHEMA extensions")
    with pair.source.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, v extensions.vector(3))")
        connection.execute("CREATE INDEX ON t USING hnsw (v extensions.vector_l2_ops)")
    move = make_move(pair)
    with pytest.raises(GateRefusedError, match=r"extension\.vector"):
        schema.apply_all(move)
    with pair.target.connect_as_superuser() as connection:
        connection.execute("CREATE SCHEMA extensions")
        connection.execute("CREATE EXTENSION vector SCHEMA extensions")
        connection.execute("GRANT USAGE ON SCHEMA extensions TO PUBLIC")
    assert schema.apply_all(move).done
    assert rows(pair.target, "SELECT extname FROM pg_extension WHERE extname = 'vector'")


def test_a_target_of_another_shape_is_refused_at_the_end(pair, make_move):
    """A sequence of steps that left a table without a column is not called done."""
    with pair.source.connect() as connection:
        connection.execute("CREATE TABLE t (id int PRIMARY KEY, a text)")
    move = make_move(pair)
    schema.apply_all(move)
    with pair.target.connect() as connection:
        connection.execute("ALTER TABLE t DROP COLUMN a")
    with pytest.raises(SchemaMismatchError, match="its values have no place"):
        schema.apply_all(move)


def test_a_foreign_table_is_dropped_when_excluded(pair, make_move):
    """A foreign table is never carried; the plan says where its rows are."""
    with pair.source.connect_as_superuser() as connection:
        connection.execute(
            "CREATE FOREIGN DATA WRAPPER w; CREATE SERVER s FOREIGN DATA WRAPPER w;"
            "CREATE FOREIGN TABLE public.far (a int) SERVER s;"
            "ALTER FOREIGN TABLE public.far OWNER TO postgres"
        )
    move = make_move(pair, move=MoveSettings(exclude=("public.far",)))
    dropped = {o.name for o in schema.plan_schema(move).of(Outcome.DROPPED)}
    assert "FOREIGN TABLE public.far" in dropped
    with pytest.raises(NotMovableError, match="foreign"):
        read_pairs(make_move(pair))
