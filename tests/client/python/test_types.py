"""Values of every type arrive and come back exactly, whatever the server is set to."""

import json
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from python_case import Case

# What a server, a database or a role may be set to, and what must not be seen in an answer.
ODD = {
    "TimeZone": "Europe/Moscow",
    "DateStyle": "SQL, DMY",
    "IntervalStyle": "iso_8601",
    "extra_float_digits": "-10",
    "bytea_output": "escape",
    "default_text_search_config": "pg_catalog.russian",
    "standard_conforming_strings": "off",
}


@dataclass(frozen=True, slots=True)
class Kind:
    """A type, a value as it is sent, and the same value as it is answered.

    Attributes:
        type: The column's type.
        sent: The value as Python sends it.
        wire: The JSON text that comes back; None where it is the text that was sent.
    """

    type: str
    sent: Any
    wire: str | None = None

    @property
    def expected(self) -> str:
        """The JSON text that comes back."""
        return json.dumps(self.sent) if self.wire is None else self.wire


KINDS = (
    Kind("bigint", 9223372036854775807),
    Kind("bigint", "-9223372036854775808", "-9223372036854775808"),
    Kind("smallint", -5),
    Kind("numeric", "1.10", "1.10"),
    Kind(
        "numeric",
        "123456789012345678901234567890.1234567890"[:41],
        "123456789012345678901234567890.1234567890",
    ),
    Kind("numeric", "NaN"),
    Kind("numeric(6, 3)", 2, "2.000"),
    Kind("double precision", 0.30000000000000004),
    Kind("double precision", 1e300, "1e+300"),
    Kind("double precision", "Infinity"),
    Kind("double precision", "NaN"),
    Kind("real", 0.1),
    Kind("boolean", True),
    Kind("text", 'имя "\\ \u2028 😀\n', '"имя \\"\\\\ \u2028 😀\\n"'),
    Kind("character(4)", "ab", '"ab  "'),
    Kind("timestamp", "2024-01-02T03:04:05.12"),
    Kind("timestamp", "infinity"),
    Kind("timestamptz", "2024-01-02T03:04:05.12+05:30", '"2024-01-01T21:34:05.12+00:00"'),
    Kind("timestamptz", "0044-03-15T12:00:00+00:00 BC"),
    Kind("timestamptz", "2024-07-01 12:00:00", '"2024-07-01T12:00:00+00:00"'),
    Kind("date", "2024-02-01"),
    Kind("date", "02/01/2024", '"2024-02-01"'),
    Kind("date", "infinity"),
    Kind("date", "-infinity"),
    Kind("time", "03:04:05.5"),
    Kind("timetz", "03:04:05+03"),
    Kind("interval", "1 day 02:03:04"),
    Kind("interval", "P1Y2M3DT4H5M6.5S", '"1 year 2 mons 3 days 04:05:06.5"'),
    Kind("bytea", "\\xdeadbeef"),
    Kind("bytea", b"\x00\xff", '"\\\\x00ff"'),
    Kind("uuid", "00000000-0000-4000-8000-00000000000a"),
    Kind("json", {"b": 1, "a": [None, 1.5]}, '{"b":1,"a":[null,1.5]}'),
    Kind("jsonb", {"b": 1, "a": [None, 1.5], "cc": "я"}, '{"a": [null, 1.5], "b": 1, "cc": "я"}'),
    Kind("text[]", ["a,b", 'c"d', None, "", "NULL", "\\"], '["a,b","c\\"d",null,"","NULL","\\\\"]'),
    Kind("int[]", [[1, 2], [3, 4]], "[[1,2],[3,4]]"),
    Kind("timestamptz[]", ["2024-01-02T03:04:05+03:00"], '["2024-01-02T00:04:05+00:00"]'),
    Kind("bytea[]", ["\\x01"]),
    Kind("public.pair", {"x": 1, "y": "q"}, '{"x":1,"y":"q"}'),
    Kind("public.mood", "fine"),
    Kind("public.positive", 3),
    Kind("int4range", "[1,5)"),
    Kind("numrange", "(1.50,)"),
    Kind("daterange", "[2024-01-02,2024-02-03)"),
    Kind("tsrange", '["2024-01-01 00:00:00","2024-01-02 00:00:00")'),
    Kind("tstzrange", '["2024-01-01 03:00:00+03",)', '"[\\"2024-01-01 00:00:00+00\\",)"'),
    Kind("int4multirange", "{[1,3),[5,7)}"),
    Kind("inet", "10.0.0.1/24"),
    Kind("cidr", "10.0.0.0/8"),
    Kind("macaddr", "08:00:2b:01:02:03"),
    Kind("money", "$1,234.50"),
    Kind("bit(3)", "101"),
    Kind("bit varying", "10"),
    Kind("point", "(1,2)"),
    Kind("box", "(3,4),(1,2)"),
    Kind("polygon", "((0,0),(0.1,1))"),
    Kind("tsvector", "'cat':2 'fat':1"),
    Kind("pg_lsn", "0/16B3748"),
)

SCHEMA = """
CREATE TYPE public.pair AS (x int, y text);
CREATE TYPE public.mood AS ENUM ('fine', 'not fine');
CREATE DOMAIN public.positive AS int CHECK (value > 0);
CREATE TABLE public.wire (id int PRIMARY KEY, {columns});
GRANT ALL ON public.wire TO service_role;
"""


def _again(kind):
    """Return the value that is answered, as it is sent again: digits stay as they are written."""
    value = json.loads(kind.expected, parse_float=str)
    return json.loads(kind.expected) if isinstance(value, dict | list) else value


def _column(at):
    return f"c{at}"


@pytest.fixture(scope="module")
def odd_database(make_database):
    """A database whose settings would change nearly every text, and so would its role's."""
    columns = ", ".join(f"{_column(at)} {kind.type}" for at, kind in enumerate(KINDS))
    database = make_database("odd", SCHEMA.format(columns=columns))
    with database.server.connect() as connection:
        for name, value in ODD.items():
            connection.execute(f"ALTER DATABASE odd SET {name} = '{value}'")
            connection.execute(f"ALTER ROLE authenticator IN DATABASE odd SET {name} = '{value}'")
    return database


@pytest.fixture(scope="module")
def odd_ways(odd_database, make_ways):
    """Every way to it."""
    return make_ways(odd_database)


def test_the_server_is_odd(odd_database):
    """A plain session of the role does see the settings: the tests below can fail."""
    with psycopg.connect(odd_database.dsn_of("authenticator")) as connection:
        found = {name: connection.execute(f"SHOW {name}").fetchone()[0] for name in ODD}
    assert found == ODD


@pytest.mark.parametrize("at", range(len(KINDS)), ids=lambda at: f"{KINDS[at].type}-{at}")
def test_a_value_goes_there_and_back(at, odd_ways, odd_database):
    """What is written is answered in the documented text; that text written again is the same."""
    kind, column = KINDS[at], _column(at)
    heard = {}
    for name, way in odd_ways.items():
        with odd_database.connect_as_superuser() as connection:
            connection.execute("TRUNCATE public.wire")
        for row, sent in enumerate((kind.sent, _again(kind))):

            def write(client, row=row, sent=sent):
                return client.table("wire").insert({"id": row, column: sent}).select(column)

            def read(client, row=row):
                return client.table("wire").select(column).eq("id", row)

            heard[name, row, "written"] = way.run(Case("write", write)).exchange.body.decode()
            heard[name, row, "read"] = way.run(Case("read", read)).exchange.body.decode()
    expected = f'[{{"{column}":{kind.expected}}}]'
    assert heard == dict.fromkeys(heard, expected)


# A document or an array is no value of a filter, and a shape equals any other of its area.
FOUND_BY_TEXT = [
    at
    for at, kind in enumerate(KINDS)
    if kind.type not in {"json", "jsonb", "public.pair", "point", "box", "polygon"}
    and not kind.type.endswith("[]")
]


@pytest.mark.parametrize("at", FOUND_BY_TEXT, ids=lambda at: f"{KINDS[at].type}-{at}")
def test_a_value_is_found_by_what_is_answered(at, odd_ways, odd_database):
    """The text that is answered, given back as a filter, finds its row."""
    kind, column = KINDS[at], _column(at)
    value = _again(kind)
    with odd_database.connect_as_superuser() as connection:
        connection.execute("TRUNCATE public.wire")
    way = odd_ways["sync, in the process"]
    way.run(Case("write", lambda c: c.table("wire").insert({"id": 1, column: value})))
    found = way.run(Case("find", lambda c: c.table("wire").select("id").eq(column, value)))
    assert (found.failure, found.data) == (None, [{"id": 1}])
