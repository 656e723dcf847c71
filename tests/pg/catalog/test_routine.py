"""Functions, handlers and roles' settings are read as the server knows them."""

import pytest

from changeover.catalog.api_reading import read_snapshot
from changeover.model.name import TableName


def only(snapshot, name):
    """Return the only overload of a function."""
    (routine,) = snapshot.routines[TableName("api", name)]
    return routine


def test_parameters(snapshot_of):
    """Names, types, which are required, which is variadic; OUT parameters are none."""
    snapshot = snapshot_of(
        """
        CREATE TYPE mood AS ENUM ('sad');
        CREATE FUNCTION f(OUT first int, a mood, INOUT b char(3), c bit(4)[] DEFAULT NULL,
          VARIADIC d text[] DEFAULT '{}') RETURNS record LANGUAGE sql AS 'SELECT 1, $2';
        """
    )
    found = [
        (one.name, one.type, one.type_without_length, one.is_required, one.is_variadic)
        for one in only(snapshot, "f").parameters
    ]
    assert found == [
        ("a", "api.mood", "api.mood", True, False),
        ("b", "character", "character varying", True, False),
        ("c", "bit[]", "bit varying[]", False, False),
        ("d", "text[]", "text[]", False, True),
    ]
    assert only(snapshot, "f").is_variadic


@pytest.mark.parametrize(
    ("returns", "expected"),
    [
        ("int", ("scalar", False, "integer", None)),
        ("SETOF text", ("scalar", True, "text", None)),
        ("int[]", ("scalar", False, "integer[]", None)),
        ("name_of", ("scalar", False, "api.name_of", None)),
        ("void", ("void", False, "void", None)),
        ("record", ("record", False, "record", None)),
        ("SETOF record", ("record", True, "record", None)),
        ("t", ("composite", False, "api.t", "t")),
        ("SETOF t", ("composite", True, "api.t", "t")),
        ("SETOF v", ("composite", True, "api.v", "v")),
        ("pair", ("composite", False, "api.pair", "pair")),
        ("named_pair", ("composite", False, "api.named_pair", "pair")),
        ("TABLE (a int, b int)", ("composite", True, "record", None)),
        ("TABLE (a int)", ("composite", True, "integer", None)),
    ],
)
def test_results(snapshot_of, returns, expected):
    """What a function returns: nothing, a value, a row of a known type, or any record."""
    snapshot = snapshot_of(
        f"""
        CREATE TABLE t (id int); CREATE VIEW v AS TABLE t; CREATE TYPE pair AS (a int, b int);
        CREATE DOMAIN named_pair AS pair; CREATE DOMAIN name_of AS text;
        CREATE FUNCTION f() RETURNS {returns} LANGUAGE plpgsql AS 'BEGIN END';
        """
    )
    one = only(snapshot, "f")
    relation = one.returned_relation
    name = None if relation is None else relation.name
    assert (one.returns, one.is_set, one.returned_type, name) == expected


@pytest.mark.parametrize(
    ("parameters", "returned_type"), [("OUT a int", "integer"), ("OUT a int, OUT b int", "record")]
)
def test_out_parameters_make_a_row(snapshot_of, parameters, returned_type):
    """One OUT parameter is enough for a row."""
    one = only(snapshot_of(f"CREATE FUNCTION f({parameters}) LANGUAGE plpgsql AS 'BEGIN END'"), "f")
    assert (one.returns, one.is_set, one.returned_type) == ("composite", False, returned_type)
    assert one.parameters == ()


def test_what_cannot_be_called_is_left_out(snapshot_of):
    """No procedures, aggregates, triggers, nor unnamed parameters but one of a body's types."""
    snapshot = snapshot_of(
        """
        CREATE FUNCTION by_json(json) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION by_jsonb(jsonb) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION by_text(text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION by_xml(xml) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION by_bytea(bytea) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION by_name(a int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION not_int(int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION not_two(json, json) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION not_trigger() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN END';
        CREATE PROCEDURE not_procedure() LANGUAGE sql AS 'SELECT 1';
        CREATE AGGREGATE not_aggregate(int) (SFUNC = int4pl, STYPE = int);
        CREATE FUNCTION public.not_here() RETURNS int LANGUAGE sql AS 'SELECT 1';
        """
    )
    names = {name.name for name in snapshot.routines}
    assert names == {"by_json", "by_jsonb", "by_text", "by_xml", "by_bytea", "by_name"}


def test_volatility_settings_and_comment(snapshot_of):
    """How a function may run, and what it sets."""
    snapshot = snapshot_of(
        """
        CREATE FUNCTION f() RETURNS int STABLE LANGUAGE sql
          SET statement_timeout = '2s' SET search_path = 'a=b', api AS 'SELECT 1';
        COMMENT ON FUNCTION f IS 'a note';
        CREATE FUNCTION g() RETURNS int IMMUTABLE LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION h() RETURNS int LANGUAGE sql AS 'SELECT 1';
        """
    )
    assert only(snapshot, "f").settings == (
        ("statement_timeout", "2s"),
        ("search_path", '"a=b", api'),
    )
    assert only(snapshot, "f").comment == "a note"
    assert [only(snapshot, name).volatility for name in "fgh"] == ["s", "i", "v"]


def test_overloads_are_in_the_order_of_messages(snapshot_of):
    """Overloads with fewer parameters come first, equal ones by their parameters."""
    snapshot = snapshot_of(
        """
        CREATE FUNCTION f(a int, b int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(z int) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f(a text) RETURNS int LANGUAGE sql AS 'SELECT 1';
        CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1';
        """
    )
    overloads = snapshot.routines[TableName("api", "f")]
    assert [[one.name for one in routine.parameters] for routine in overloads] == [
        [],
        ["a"],
        ["z"],
        ["a", "b"],
    ]


def test_handlers_of_media_types(snapshot_of):
    """A function or an aggregate that returns a domain named as a media type."""
    snapshot = snapshot_of(
        """
        CREATE TABLE t (id int);
        CREATE DOMAIN "text/HTML" AS text;
        CREATE DOMAIN "*/*" AS bytea;
        CREATE DOMAIN "no type" AS text;
        CREATE FUNCTION page() RETURNS "text/HTML" LANGUAGE sql AS 'SELECT ''''';
        CREATE FUNCTION no_page() RETURNS "no type" LANGUAGE sql AS 'SELECT ''''';
        CREATE FUNCTION step(s "text/HTML", r t) RETURNS "text/HTML" LANGUAGE sql AS 'SELECT $1';
        CREATE AGGREGATE html(t) (SFUNC = step, STYPE = "text/HTML");
        CREATE FUNCTION step(s "*/*", r anyelement) RETURNS "*/*" LANGUAGE sql AS 'SELECT $1';
        CREATE AGGREGATE anything(anyelement) (SFUNC = step, STYPE = "*/*");
        """
    )
    found = {
        (one.media_type, one.function.name, one.relation and one.relation.name, one.is_aggregate)
        for one in snapshot.handlers
        if one.function.name != "step"
    }
    assert found == {
        ("text/html", "page", None, False),
        ("text/html", "html", "t", True),
        ("*/*", "anything", None, True),
    }


def test_settings_of_granted_roles(database):
    """Of roles granted to the connecting one the settings that it may set; no others."""
    with database.connect_as_superuser() as connection:
        connection.execute(
            """
            CREATE ROLE door LOGIN; CREATE ROLE given; CREATE ROLE other; CREATE ROLE bare;
            GRANT given, bare TO door;
            ALTER ROLE given SET work_mem = '3MB';
            ALTER ROLE given SET default_transaction_isolation = 'repeatable read';
            ALTER ROLE given SET log_min_messages = 'panic';
            ALTER ROLE given SET deadlock_timeout = '2s';
            ALTER ROLE given SET app.custom = 'x';
            ALTER ROLE other SET statement_timeout = '4s';
            GRANT SET ON PARAMETER deadlock_timeout TO door;
            """
        )
    with database.server.connect(dbname=database.name) as connection:
        connection.execute("SET SESSION AUTHORIZATION door")
        assert read_snapshot(connection, ["public"]).role_settings == {
            "given": (
                ("work_mem", "3MB"),
                ("default_transaction_isolation", "repeatable read"),
                ("deadlock_timeout", "2s"),
            )
        }
