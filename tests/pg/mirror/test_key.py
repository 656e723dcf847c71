"""Keys of every kind: composite, text, written under other settings, equal but not identical."""

import pytest

from changeover.control.move import read_pairs
from changeover.model.errors import NoKeyError, NotMovableError
from changeover.model.settings import MoveSettings

ODD_SETTINGS = (
    "SET DateStyle = 'SQL, DMY'",
    "SET TimeZone = 'Asia/Kolkata'",
    "SET IntervalStyle = 'iso_8601'",
    "SET extra_float_digits = -15",
    "SET bytea_output = 'escape'",
)
ODD_KEYS = {
    "date": ("'2024-03-02'", "'infinity'", "'0044-03-15 BC'"),
    "timestamptz": ("'2024-03-02 01:02:03.000004+00'", "'-infinity'", "'1883-01-01 00:00+00'"),
    "timestamp": ("'2024-03-02 01:02:03.5'", "'infinity'", "'0001-01-01'"),
    "timetz": ("'01:02+05:30'", "'24:00-03'", "'00:00+00'"),
    "float8": ("0.30000000000000004", "'NaN'", "1e-300"),
    "float4": ("0.1", "'-Infinity'", "1e-40"),
    "interval": ("'1 day 2 hours'", "'-1 mon'", "'1 year -3 days 00:00:00.000001'"),
    "money": ("'1234.50'", "'-0.01'", "'0'"),
    "bytea": ("'\\x00ff'", "''", "'\\x5c'"),
    "boolean": ("true", "false", "NULL::boolean IS NOT NULL AND true OR true"),
    "int[]": ("'{1,2}'", "'{}'", "'[0:1]={3,NULL}'"),
    "tstzrange": ("'[2024-01-01 00:00+00,)'", "'empty'", "'(,2020-01-01 00:00+00)'"),
    "jsonb": ('\'{"a": [1, "x,y"]}\'', "'null'", "'1.0'"),
    "uuid": ("'00000000-0000-0000-0000-000000000001'", "gen_random_uuid()", "gen_random_uuid()"),
    "inet": ("'10.0.0.1'", "'10.0.0.1/8'", "'::1'"),
    "numeric": ("1.10", "'NaN'", "123456789012345678901234567890.5"),
    "char(4)": ("'a'", "'ab c'", "''"),
    "text": ("''", "'NULL'", "E'a,b\\n\\\\\"{}'"),
}
KINDS = {name: f"k{number}" for number, name in enumerate(ODD_KEYS)}


def tables():
    """Return the statements that make one table per kind of key, alone and with another column."""
    for kind, name in KINDS.items():
        yield f"CREATE TABLE public.{name} (k {kind} PRIMARY KEY, v int)"
        yield f"CREATE TABLE public.{name}p (k {kind}, n int, v int, PRIMARY KEY (n, k))"


def test_keys_logged_under_other_settings(moving):
    """A key is found again whatever DateStyle, time zone, interval or float setting logged it."""
    scene = moving(*tables())
    several = [kind for kind in KINDS if kind != "boolean"]
    with scene.primary.connect() as connection:
        for setting in ODD_SETTINGS:
            connection.execute(setting)
        for kind, name in KINDS.items():
            for place, value in enumerate(ODD_KEYS[kind][: 3 if kind in several else 2]):
                connection.execute(f"INSERT INTO {name} VALUES ({value}, {place})")
                connection.execute(
                    f"INSERT INTO {name}p SELECT k, 7, v FROM {name} WHERE v = {place}"
                )
    scene.carry()
    names = [name + suffix for name in KINDS.values() for suffix in ("", "p")]
    assert scene.require_same(*names) == 6 * len(KINDS) - 2
    with scene.primary.connect() as connection:
        for setting in ODD_SETTINGS:
            connection.execute(setting)
        for name in names:
            connection.execute(f"UPDATE {name} SET v = 10 WHERE v = 0")
            connection.execute(f"DELETE FROM {name} WHERE v = 1")
    scene.carry()
    assert scene.require_same(*names) == 4 * len(KINDS) - 2


def test_equal_keys_that_are_not_identical(moving):
    """A key that turns into an equal one of other text is taken over, and not deleted."""
    scene = moving(
        "CREATE TABLE public.num (k numeric PRIMARY KEY, v int)",
        "CREATE TABLE public.flo (k float8 PRIMARY KEY)",
        "CREATE TABLE public.iv (k interval, n numeric, PRIMARY KEY (k, n))",
        "CREATE TABLE public.js (k jsonb PRIMARY KEY, v int)",
        "CREATE TABLE public.ch (k char(6) PRIMARY KEY, v int)",
    )
    scene.write(
        "INSERT INTO num VALUES (1.0, 1), (2, 2)",
        "INSERT INTO flo VALUES ('0'), (1)",
        "INSERT INTO iv VALUES ('1 day', 1.0), ('1 mon', 2)",
        "INSERT INTO js VALUES ('1.0', 1), ('{\"a\": 10}', 2)",
        "INSERT INTO ch VALUES ('a', 1), ('b  ', 2)",
    )
    scene.carry()
    scene.write(
        "UPDATE num SET k = 1.00 WHERE k = 1",
        "DELETE FROM num WHERE k = 2",
        "INSERT INTO num VALUES (2.000, 3)",
        "UPDATE flo SET k = '-0' WHERE k = 0",
        "UPDATE iv SET k = '24 hours', n = 1.000 WHERE n = 1",
        "UPDATE js SET k = '1.00' WHERE v = 1",
        "UPDATE ch SET k = 'a   ', v = 5 WHERE v = 1",
    )
    scene.carry()
    assert scene.require_same("num", "flo", "iv", "js", "ch") == 10
    query = "SELECT k::text FROM public.num WHERE k = 1"
    with scene.secondary.connect() as connection:
        assert connection.execute(query).fetchone() == ("1.00",)


def test_a_table_without_a_key_is_refused_by_name(pair, make_move):
    """A table that nothing identifies rows of is refused, not guessed."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute("CREATE TABLE public.keyless (a int UNIQUE, b text)")
    with pytest.raises(NoKeyError, match=r"public\.keyless has no primary key"):
        read_pairs(make_move(pair))


def test_a_table_without_a_key_is_carried_whole(moving):
    """A table listed in `whole` arrives with its duplicates, at every kind of change."""
    whole = ("public.keyless", "public.parted", "public.base", "public.derived")
    scene = moving(
        "CREATE TABLE public.keyless (a int, b text)",
        "CREATE TABLE public.parted (a int, b text) PARTITION BY LIST (a)",
        "CREATE TABLE public.parted_1 PARTITION OF public.parted FOR VALUES IN (1)",
        "CREATE TABLE public.parted_2 PARTITION OF public.parted DEFAULT",
        "CREATE TABLE public.base (a int, b text)",
        "CREATE TABLE public.derived (c int) INHERITS (public.base)",
        move=MoveSettings(whole=whole),
    )
    scene.write(
        "INSERT INTO keyless VALUES (1, 'x'), (1, 'x'), (NULL, NULL)",
        "INSERT INTO parted VALUES (1, 'x'), (1, 'x'), (2, NULL)",
        "INSERT INTO derived VALUES (1, 'x'), (2, 'y')",
        "INSERT INTO base VALUES (1, 'x')",
    )
    scene.carry()
    names = ("keyless", "parted", "base", "derived")
    assert scene.require_same(*names) == 9
    scene.write(
        "DELETE FROM keyless WHERE a IS NULL",
        "UPDATE parted_2 SET b = 'z'",
        "UPDATE base SET b = 'through the parent' WHERE a = 2",
    )
    scene.carry()
    assert scene.require_same(*names) == 8
    scene.write("TRUNCATE keyless", "TRUNCATE parted_1", "DELETE FROM base")
    scene.carry()
    assert scene.require_same(*names) == 1


def test_unlogged_and_foreign_tables_are_refused(pair, make_move):
    """A table that a crash would empty, or whose rows are elsewhere, is refused by name."""
    statements = {
        "unlogged": "CREATE UNLOGGED TABLE public.cache (id int PRIMARY KEY)",
        "foreign": "CREATE FOREIGN TABLE public.cache (id int) SERVER nowhere",
    }
    for database in (pair.source, pair.target):
        with database.connect_as_superuser() as connection:
            connection.execute("CREATE FOREIGN DATA WRAPPER nothing")
            connection.execute("CREATE SERVER nowhere FOREIGN DATA WRAPPER nothing")
    for why, statement in statements.items():
        for database in (pair.source, pair.target):
            with database.connect_as_superuser() as connection:
                connection.execute(statement)
        with pytest.raises(NotMovableError, match=rf"public\.cache is .*{why}"):
            read_pairs(make_move(pair))
        for database in (pair.source, pair.target):
            with database.connect_as_superuser() as connection:
                connection.execute(f"DROP {'FOREIGN ' * (why == 'foreign')}TABLE public.cache")
