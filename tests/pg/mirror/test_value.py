"""Values of every type arrive as they were: text for text, whatever the settings."""

import pytest
from psycopg import sql

from changeover.control.swap import Kind
from changeover.model.settings import MoveSettings

VALUES = (
    "CREATE TYPE public.mood AS ENUM ('sad', 'весел', 'it''s \"ok\"')",
    "CREATE DOMAIN public.amount AS numeric CHECK (VALUE >= 0 OR VALUE = 'NaN')",
    "CREATE TYPE public.place AS (street text, number int, moods public.mood[])",
    "CREATE TYPE public.span AS RANGE (subtype = numeric)",
    (
        "CREATE TABLE public.things (id bigint PRIMARY KEY, moods public.mood[], mood public.mood,"
        " amount public.amount, place public.place, places public.place[], span public.span,"
        " during tstzrange, texts text[], grid int[][], js json, jb jsonb, num numeric, f4 real,"
        " f8 double precision, d date, ts timestamp, tz timestamptz, t time, ttz timetz,"
        " iv interval,"
        " raw bytea, words tsvector, c char(5), vc varchar(7), bits bit varying, ip inet, net cidr,"
        " mac macaddr, uid uuid, cash money, pt point, x xml, many int4multirange, q tsquery,"
        ' b boolean, oids oid, quoted "char")'
    ),
)
ROWS = (
    """INSERT INTO things (id, texts, grid, moods, mood, amount, place, places, span) VALUES
    (1, ARRAY['a,b', 'c"d', NULL, 'NULL', '', ' ', '\\', '{}', E'\\t\\n\\r', '''', '\\N', '\\.'],
     '[-1:0][5:6]={{1,NULL},{3,4}}', '{sad,"it''s \\"ok\\"",NULL}', 'весел', 'NaN',
     ROW('a,"b"', NULL, '{весел}'), ARRAY[ROW('', 1, NULL)::place, NULL], '(1.0,2.50]'),
    (2, '{}', '{}', '{}', NULL, 1e200, ROW(NULL, NULL, NULL), '{}', 'empty')""",
    """INSERT INTO things (id, js, jb, num, f4, f8) VALUES
    (3, '{"b": 1, "a" : 2, "b": 3, "z": "\\u0000"}', '{"b": 1, "a": 2, "b": 3}',
     123456789012345678901234567890.1234567890123456789000, 0.1, 0.1),
    (4, ' [1e400 ,  1.0] ', '[1e400, 1.0, 100000000000000000000000000000001]', 'NaN', 'NaN',
     '-Infinity'),
    (5, 'null', 'null', '-Infinity', '-0', '4.9e-324'), (6, '"\\ud83d\\ude00"', '"😀"', 1.10, 1e-45,
     1.7976931348623157e308)""",
    """INSERT INTO things (id, d, ts, tz, t, ttz, iv, during) VALUES
    (7, 'infinity', '-infinity', 'infinity', '24:00', '24:00+15:59',
     '-1 mon +1 day -00:00:00.000001', '[2024-10-27 00:30+03, infinity)'),
    (8, '4713-01-01 BC', '4713-01-01 00:00:00.000001 BC', '4714-11-24 00:00+00 BC', '00:00:00.1',
     '12:00-03', 'P178000000Y', '(,)'),
    (9, '5874897-12-31', '294276-12-31 23:59:59.999999', '1919-07-01 03:30:48.5 Europe/Moscow',
     '23:59:59.999999', '00:00:00.5+04:31:19', '0', 'empty')""",
    """INSERT INTO things (id, raw, words, c, vc, bits, ip, net, mac, uid, cash, pt, x, many, q, b,
      oids, quoted) VALUES
    (10, '\\x00ff5c6e0a2c22', 'a:1A,2 ''b c'':3', 'ab', 'xyz  ', B'10101', '::1/64', '10.0.0.0/8',
     '08:00:2b:01:02:03', 'A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '-12.34', '(0.1,-0)',
     '<a b="&amp;">ё</a>', '{[1,3),[7,9)}', 'a & !b', true, 4294967295, E'\\\\377')""",
    "INSERT INTO things (id, raw, vc, c) VALUES (11, '', '', '')",
)


def test_values_of_every_type(moving):
    """Inserted, changed and moved back, each value has the same text on both sides."""
    scene = moving(*VALUES)
    scene.write(*[statement for statement in ROWS if "<a b" not in statement])
    with scene.primary.connect() as connection:
        try:
            connection.execute(ROWS[3])
        except Exception:  # noqa: BLE001 - a server built without libxml
            connection.execute(ROWS[3].replace(" x,", "").replace("""'<a b="&amp;">ё</a>',""", ""))
    scene.carry()
    assert scene.require_same("things") == 11
    scene.write("UPDATE things SET vc = 'u' || vc, f8 = f8", "UPDATE things SET id = -id")
    scene.carry()
    assert scene.require_same("things") == 11


def test_times_written_under_moscow_and_german_settings(pair, scene):
    """Settings of the source's database that the target's hasn't change no value and no key."""
    one = scene(
        pair,
        "CREATE TABLE public.visits (at timestamptz PRIMARY KEY, d date, iv interval, f float8)",
    )
    with pair.source.connect() as connection:
        for setting in (
            "TimeZone = 'Europe/Moscow'",
            "DateStyle = 'German'",
            "IntervalStyle = 'sql_standard'",
            "extra_float_digits = '-15'",
        ):
            connection.execute(
                sql.SQL("ALTER DATABASE {} SET {}").format(
                    sql.Identifier(pair.source.name), sql.SQL(setting)
                )
            )
    one.write(
        "INSERT INTO visits VALUES ('26.10.2014 01:30:00 MSK', '02.03.2024', '-1 2:03:04.5',"
        " 0.30000000000000004), ('26.10.2014 00:59:59.999999 MSK', NULL, '1-2', 1e-300),"
        " ('31.03.1985 02:30:00', '01.01.0044 BC', NULL, 'NaN')",
    )
    one.carry()
    one.write("UPDATE visits SET f = f WHERE f < 1", "DELETE FROM visits WHERE d IS NULL")
    one.carry()
    assert one.require_same("visits") == 2


def test_vectors(pair, scene):
    """Values of the extension vector arrive."""
    for database in (pair.source, pair.target):
        with database.connect_as_superuser() as connection:
            if not connection.execute(
                "SELECT 1 FROM pg_available_extensions WHERE name = 'vector'"
            ).fetchone():
                pytest.skip("a server has no vector")
            connection.execute("CREATE SCHEMA IF NOT EXISTS extensions")
            connection.execute("CREATE EXTENSION vector SCHEMA extensions")
            connection.execute("GRANT USAGE ON SCHEMA extensions TO PUBLIC")
    one = scene(pair, "CREATE TABLE public.items (id int PRIMARY KEY, place extensions.vector(3))")
    one.write("INSERT INTO items VALUES (1, '[1,0.1,-3e-20]'), (2, NULL)")
    one.carry()
    one.write("UPDATE items SET place = '[0,0,1]' WHERE id = 2")
    one.carry()
    assert one.require_same("items") == 2


def test_columns_in_another_order_and_dropped_ones(pair, scene):
    """Columns are matched by name: order, dropped and extra ones don't matter."""
    one = scene(
        pair,
        "CREATE TABLE public.people (gone1 int, id int PRIMARY KEY, a text, gone2 text, b text)",
        "ALTER TABLE public.people DROP COLUMN gone1, DROP COLUMN gone2",
        target_statements=[
            (
                "CREATE TABLE public.people (b text, extra text DEFAULT 'e', a text, gone int,"
                " id int NOT NULL UNIQUE)"
            ),
            "ALTER TABLE public.people DROP COLUMN gone",
        ],
    )
    one.write("INSERT INTO people (id, a, b) VALUES (1, 'a1', 'b1'), (2, 'a2', 'b2')")
    one.carry()
    one.write("UPDATE people SET b = 'b3' WHERE id = 2", "ALTER TABLE people ALTER a SET DEFAULT 1")
    one.carry()
    assert one.require_same("people") == 2


def test_generated_and_identity_columns(moving, request):
    """Generated columns are computed, identity ALWAYS keeps its values, in a key and beside it."""
    scene = moving(
        "CREATE TABLE public.bills (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, net int,"
        " gross int GENERATED ALWAYS AS (net * 2) STORED, tag text UNIQUE)",
        "CREATE TABLE public.beside (id int PRIMARY KEY,"
        " number int GENERATED ALWAYS AS IDENTITY, tag text UNIQUE)",
        "CREATE TABLE public.codes (raw text, code text GENERATED ALWAYS AS (lower(raw)) STORED"
        " PRIMARY KEY, tag text UNIQUE)",
    )
    scene.write(
        "INSERT INTO bills (net, tag) SELECT g, g FROM generate_series(1, 5) g",
        "INSERT INTO beside (id, tag) SELECT g, g FROM generate_series(1, 5) g",
        "INSERT INTO codes (raw, tag) VALUES ('A', 1), ('b', 2), ('C', 3)",
    )
    scene.carry()
    swap = "UPDATE {0} SET tag = 'x' || tag; UPDATE {0} SET tag = CASE tag WHEN 'x1' THEN '2' WHEN"
    swap += " 'x2' THEN '1' ELSE 'y' || tag END"
    for table in ("bills", "beside", "codes"):
        scene.write(swap.format(table))
    scene.write(
        "UPDATE bills SET net = 100, id = DEFAULT WHERE id = 3",
        "UPDATE beside SET number = DEFAULT WHERE id = 4",
        "UPDATE codes SET raw = 'D' WHERE code = 'c'",
        "DELETE FROM codes WHERE code = 'b'",
    )
    scene.carry()
    assert scene.require_same("bills", "beside", "codes") == 12


def test_virtual_columns(pair, scene):
    """A column that is virtual on 18 and stored on 16 is left to each side."""
    one = scene(
        pair,
        "CREATE TABLE public.sums (id int PRIMARY KEY, a int,"
        " b int GENERATED ALWAYS AS (a + 1) STORED)",
        target_statements=[
            (
                "CREATE TABLE public.sums (id int PRIMARY KEY, a int,"
                " b int GENERATED ALWAYS AS (a + 1) VIRTUAL)"
            )
        ],
    )
    one.write("INSERT INTO sums (id, a) VALUES (1, 1), (2, NULL)", "UPDATE sums SET a = 5")
    one.carry()
    assert one.require_same("sums") == 2


def test_sixteen_hundred_columns(pair, scene):
    """The widest table there can be is inserted, updated and rekeyed."""
    columns = ", ".join(f"c{n} smallint" for n in range(2, 1601))
    one = scene(pair, f"CREATE TABLE public.wide (c1 int PRIMARY KEY, {columns})")
    one.write("INSERT INTO wide (c1, c2, c1600) VALUES (1, 2, 3), (2, 3, 4)")
    one.carry()
    one.write("UPDATE wide SET c800 = 8 WHERE c1 = 1", "UPDATE wide SET c1 = 3 WHERE c1 = 2")
    one.carry()
    assert one.require_same("wide") == 2


NAMES = (
    'CREATE SCHEMA IF NOT EXISTS "Сх%s""{}"',
    "CREATE TYPE \"Сх%s\"\"{}\".\"тип $1 %(x)s\" AS ENUM ('а', '%s', '{b}')",
    (
        'CREATE TABLE "Сх%s""{}"."Та\'б\\лица $1 %s" ("ключ %s {0}" "Сх%s""{}"."тип $1 %(x)s",'
        ' "select" int, "a""b" text UNIQUE, "{c}" text, "$1" int GENERATED ALWAYS AS (7) STORED,'
        ' PRIMARY KEY ("ключ %s {0}", "select"))'
    ),
    f'CREATE TABLE "Сх%s""{{}}"."{"т" * 31}x" ("{"к" * 31}y" int PRIMARY KEY, "%" text)',
)


def test_names_with_everything_in_them(pair, scene):
    """Cyrillic, quotes, percent signs, dollars, braces and 63 bytes are only names."""
    one = scene(pair, *NAMES, move=MoveSettings(schemas=('Сх%s"{}',)))
    table = '"Сх%s""{}"."Та\'б\\лица $1 %s"'
    long = f'"Сх%s""{{}}"."{"т" * 31}x"'
    one.write(
        f"INSERT INTO {table} VALUES ('а', 1, 'x', '%s'), ('%s', 2, 'y', '$1'),"
        " ('{b}', 3, 'z', '{}')",
        f"INSERT INTO {long} VALUES (1, '%')",
    )
    one.carry()
    assert one.require_same(table, long) == 4
    one.swap(Kind.CUTOVER)
    one.write(
        f'UPDATE {table} SET "a""b" = \'x2\', "select" = 4 WHERE "select" = 1',
        f'UPDATE {table} SET "a""b" = \'x\' WHERE "select" = 2',
        f"TRUNCATE {long}",
    )
    one.carry()
    assert one.require_same(table, long) == 3
