"""Every kind of value and table arrives as it was: compared by hand-written SQL on both sides."""

import pytest

from changeover.control.move import installed_pairs
from changeover.model.errors import ChangeoverError
from changeover.model.settings import MoveSettings
from changeover.transfer.range import describe

USER_TYPES = (
    "CREATE TYPE mood AS ENUM ('sad', 'ok, fine', 'ha\"ppy')",
    "CREATE DOMAIN small AS integer CHECK (VALUE < 1000)",
    "CREATE TYPE pair_of AS (a integer, b text)",
)

BUILT_IN = """
CREATE TABLE built_in (
  id bigint PRIMARY KEY, s smallint, i integer, r real, d double precision, n numeric,
  n2 numeric(10, 2), t text, v varchar(10), c char(5), ch "char", b bytea, bo boolean, u uuid,
  da date, ti time, tz timetz, ts timestamp, tt timestamptz, iv interval, j json, jb jsonb,
  ip inet, ci cidr, ma macaddr, bi bit(3), vb bit varying, po point, ra int4range, tr tstzrange,
  ia integer[], ta text[], ja jsonb[], tv tsvector
)"""

BUILT_IN_ROWS = (
    """INSERT INTO built_in VALUES
  (1, -32768, 2147483647, 'NaN', '-Infinity', 'NaN', -0.01, 'a,b"c''\\ \t\n', 'ж', 'x', 'q',
   '\\x00ff0a', true, '00000000-0000-0000-0000-000000000001', '0044-03-15 BC', '24:00:00',
   '12:00:00+14', '0044-03-15 12:00 BC', 'infinity', '1 mon -3 days 00:00:00.000001',
   '{"b": 1, "a": 2, "b": 3}', '{"b": 1, "a": [null, "\\u00e9"]}', '::1/64', '10.0.0.0/8',
   '08:00:2b:01:02:03', '101', '1', '(1.5,-0)', '[1,5)', '(,"2020-01-01 00:00:00+00"]',
   '{1,NULL,-3}', '{"a,b","c\\"d",NULL,"NULL",""}', '{"{}",null}', 'a:1 b:2,3C')""",
    "INSERT INTO built_in (id) VALUES (2)",
    """INSERT INTO built_in (id, n, d, r, t, ts, tt, da, ia, iv) VALUES
  (3, 12345678901234567890123456789.000000000000000000001, 0.1, 1e-45, '', '-infinity',
   '1970-01-01 03:00:00.123456+03', 'infinity', '{}', '-178000000 years'),
  (-9223372036854775808, 'Infinity', 1e308, 3.4e38, repeat('ы', 70000), now(), now(), now(),
   '[0:1]={1,2}', 'P1Y2M3DT4H5M6.789S')""",
)

USER_TABLE = """
CREATE TABLE of_users (
  id integer PRIMARY KEY, m mood, ms mood[], s small, ss small[], p pair_of, ps pair_of[],
  o regclass
)"""

USER_ROWS = """INSERT INTO of_users VALUES
  (1, 'ha"ppy', '{sad,"ok, fine",NULL}', 999, '{1,2}', '(1,"a,b")', '{"(1,x)",NULL}',
   'pg_catalog.pg_class'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL)"""


def test_every_built_in_type_arrives(pair, prepared, copied, digest):
    """A table of built-in types is equal, edge values included."""
    move = prepared(pair, BUILT_IN, fill=BUILT_IN_ROWS)
    (installed,) = installed_pairs(move)
    report = copied(move)
    assert report.rows == 4
    assert digest(pair.target, "SELECT * FROM built_in") == digest(
        pair.source, "SELECT * FROM built_in"
    )
    # "char" alone is not among the types whose binary form we lean on.
    assert not describe(installed).is_binary


def test_plain_types_are_carried_in_binary(pair, prepared, copied, digest):
    """Columns of equal built-in types and arrays of them take the binary form."""
    move = prepared(
        pair,
        BUILT_IN.replace(' ch "char",', ""),
        fill=[BUILT_IN_ROWS[0].replace("'q',", ""), *BUILT_IN_ROWS[1:]],
    )
    (installed,) = installed_pairs(move)
    assert describe(installed).is_binary
    copied(move)
    assert digest(pair.target, "SELECT * FROM built_in") == digest(
        pair.source, "SELECT * FROM built_in"
    )


def test_types_of_users_arrive_as_text(pair, prepared, copied, digest):
    """Enums, domains, composites and their arrays hold OIDs of their server, so text is taken."""
    run_first = "CREATE TYPE shift_oids AS ENUM ('x')"
    move = prepared(
        pair,
        *USER_TYPES,
        USER_TABLE,
        target_schema=[run_first, *USER_TYPES, USER_TABLE],
        fill=[USER_ROWS],
    )
    (installed,) = installed_pairs(move)
    assert not describe(installed).is_binary
    copied(move)
    assert digest(pair.target, "SELECT * FROM of_users") == digest(
        pair.source, "SELECT * FROM of_users"
    )


def test_columns_of_another_type_are_carried_as_text(pair, prepared, copied, digest):
    """An integer that became a bigint arrives, since text fits both."""
    move = prepared(
        pair,
        "CREATE TABLE grown (id integer PRIMARY KEY, n integer)",
        target_schema=["CREATE TABLE grown (id bigint PRIMARY KEY, n numeric)"],
        fill=["INSERT INTO grown SELECT g, -g FROM generate_series(1, 250) g"],
    )
    assert copied(move).rows == 250
    assert digest(pair.target, "SELECT * FROM grown") == digest(pair.source, "SELECT * FROM grown")


def test_dropped_columns_and_another_order_of_columns_do_not_matter(pair, prepared, copied, digest):
    """Columns are matched by name, whatever was dropped and wherever they stand."""
    move = prepared(
        pair,
        "CREATE TABLE worn (gone text, id integer PRIMARY KEY, a text, gone_too date, b integer)",
        "ALTER TABLE worn DROP COLUMN gone, DROP COLUMN gone_too",
        target_schema=[
            "CREATE TABLE worn (b integer, a text, extra text DEFAULT 'e', id integer)",
            "ALTER TABLE worn ADD PRIMARY KEY (id)",
        ],
        fill=["INSERT INTO worn SELECT g, 'a' || g, g * 2 FROM generate_series(1, 120) g"],
    )
    copied(move)
    query = "SELECT id, a, b FROM worn"
    assert digest(pair.target, query) == digest(pair.source, query)
    assert digest(pair.target, "SELECT 1 FROM worn WHERE extra = 'e'")[0] == 120


def test_identity_always_and_generated_columns(pair, prepared, copied, digest):
    """COPY takes identity values as they are, and generated columns compute themselves."""
    move = prepared(
        pair,
        "CREATE TABLE made (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, n integer,"
        " twice integer GENERATED ALWAYS AS (n * 2) STORED)",
        fill=[
            "INSERT INTO made (n) SELECT g FROM generate_series(1, 150) g",
            "DELETE FROM made WHERE id % 3 = 0",
        ],
    )
    copied(move)
    assert digest(pair.target, "SELECT * FROM made") == digest(pair.source, "SELECT * FROM made")


@pytest.mark.parametrize("name", ['say "hi"', "100 %s of $1", "Таблица и пробел", "select"])
def test_names_of_any_kind(pair, prepared, copied, digest, name):
    """Names with quotes, per cent signs and Cyrillic are quoted wherever they stand."""
    quoted = '"' + name.replace('"', '""') + '"'
    with pair.source.connect() as source, pair.target.connect() as target:
        for connection in (source, target):
            connection.execute(f"CREATE SCHEMA {quoted}".encode())
            connection.execute(
                f"CREATE TABLE {quoted}.{quoted} ({quoted} text PRIMARY KEY, b text)".encode()
            )
        source.execute(
            f"INSERT INTO {quoted}.{quoted}"
            "  SELECT 'k''\\' || g FROM generate_series(1, 230) g".encode()
        )
    move = prepared(pair, move=MoveSettings(schemas=(name,)))
    report = copied(move)
    assert report.rows == 230
    assert report.tables[0].ranges == 3
    assert digest(pair.target, f"SELECT * FROM {quoted}.{quoted}") == digest(
        pair.source, f"SELECT * FROM {quoted}.{quoted}"
    )


def test_1600_columns(pair, prepared, copied, digest):
    """A table of as many columns as PostgreSQL takes is copied."""
    columns = ", ".join(f"c{number} smallint" for number in range(1599))
    move = prepared(
        pair,
        f"CREATE TABLE wide (id integer PRIMARY KEY, {columns})",
        fill=["INSERT INTO wide (id, c0, c1598) SELECT g, g, -g FROM generate_series(1, 210) g"],
    )
    assert copied(move).rows == 210
    query = "SELECT id, c0, c1, c1598 FROM wide"
    assert digest(pair.target, query) == digest(pair.source, query)


def test_empty_tables(pair, prepared, copied):
    """A table without rows is copied too: it counts as copied."""
    move = prepared(pair, "CREATE TABLE none (id integer PRIMARY KEY)")
    report = copied(move)
    assert (report.rows, report.tables[0].ranges) == (0, 1)


def test_a_table_without_key_is_read_whole(pair, prepared, copied, digest):
    """Without a key there is one range, and duplicates stay duplicates."""
    move = prepared(
        pair,
        "CREATE TABLE heap (a integer, b text)",
        fill=["INSERT INTO heap SELECT g % 3, NULL FROM generate_series(1, 330) g"],
        move=MoveSettings(whole=("public.heap",)),
    )
    report = copied(move)
    assert (report.rows, report.tables[0].ranges) == (330, 1)
    assert digest(pair.target, "SELECT * FROM heap") == digest(pair.source, "SELECT * FROM heap")


MESSAGES = "CREATE TABLE messages (id bigint, at timestamptz NOT NULL, body text{}"
PARTITIONED = (
    MESSAGES.format(", PRIMARY KEY (id, at)) PARTITION BY RANGE (at)"),
    "CREATE TABLE january PARTITION OF messages FOR VALUES FROM ('2024-01-01') TO ('2024-02-01')",
    "CREATE TABLE february PARTITION OF messages FOR VALUES FROM ('2024-02-01') TO ('2024-03-01')",
)
PLAIN = MESSAGES.format(", PRIMARY KEY (id))")
FILL = (
    "INSERT INTO messages SELECT g, '2024-01-01Z'::timestamptz + g * interval '3 hours', 'b' || g"
    " FROM generate_series(0, 400) g"
)


def test_a_table_that_is_partitioned_on_the_target_only(pair, prepared, copied, digest):
    """Rows go through the parent and find their partitions."""
    move = prepared(pair, PLAIN, target_schema=PARTITIONED, fill=[FILL])
    assert copied(move).rows == 401
    query = "SELECT * FROM messages"
    assert digest(pair.target, query) == digest(pair.source, query)


def test_a_table_that_is_partitioned_on_the_source(pair, prepared, copied, digest):
    """Rows of all partitions are read through the parent."""
    move = prepared(pair, *PARTITIONED, fill=[FILL])
    assert copied(move).rows == 401
    query = "SELECT * FROM messages"
    assert digest(pair.target, query) == digest(pair.source, query)


def test_children_of_an_inherits_tree_are_copied_once(pair, prepared, copied, digest):
    """Parent and child are tables of their own, and no row comes twice."""
    move = prepared(
        pair,
        "CREATE TABLE base (id integer PRIMARY KEY, a text)",
        "CREATE TABLE child (PRIMARY KEY (id)) INHERITS (base)",
        fill=[
            "INSERT INTO base SELECT g, 'p' FROM generate_series(1, 110) g",
            "INSERT INTO child SELECT g, 'c' FROM generate_series(200, 330) g",
        ],
    )
    assert copied(move).rows == 110 + 131
    for query in ("SELECT * FROM ONLY base", "SELECT * FROM ONLY child", "SELECT * FROM base"):
        assert digest(pair.target, query) == digest(pair.source, query)


def test_a_mirror_that_is_known_by_a_secret(pair_with, prepared, copied, works, digest):
    """Where no role can be made the secret lets the copy through the fence, and is not shown."""
    pair = pair_with(createrole=False, replication_role_grant=False)
    move = prepared(
        pair,
        "CREATE TABLE items (id integer PRIMARY KEY, v text)",
        fill=["INSERT INTO items SELECT g, 'v' FROM generate_series(1, 150) g"],
    )
    secret = works(move)[0].target.mirror_secret
    assert secret is not None
    assert secret.reveal() not in repr(works(move))
    assert copied(move).rows == 150
    assert digest(pair.target, "SELECT * FROM items") == digest(pair.source, "SELECT * FROM items")


def test_row_security_hides_no_row(pair, prepared, copied, digest):
    """A table whose policies hide rows from everybody is copied whole."""
    guarded = (
        "CREATE TABLE guarded (id integer PRIMARY KEY, v text)",
        "ALTER TABLE guarded ENABLE ROW LEVEL SECURITY",
    )
    move = prepared(
        pair,
        *guarded,
        target_schema=guarded[:1],
        fill=[
            "INSERT INTO guarded SELECT g, 'v' FROM generate_series(1, 150) g",
            "CREATE POLICY few ON guarded FOR SELECT USING (id < 10)",
            "ALTER TABLE guarded FORCE ROW LEVEL SECURITY",
        ],
    )
    assert copied(move).rows == 150
    assert digest(pair.target, "SELECT * FROM guarded")[0] == 150


def test_row_security_that_hides_rows_is_an_error(pair, prepared, copied):
    """When the login may not see every row the copy fails, instead of copying a few."""
    move = prepared(
        pair,
        "CREATE TABLE guarded (id integer PRIMARY KEY, v text)",
        fill=["INSERT INTO guarded SELECT g, 'v' FROM generate_series(1, 150) g"],
    )
    with pair.source.connect_as_superuser() as source:
        role = source.execute("SELECT mirror_role FROM changeover.side").fetchone()[0]
        source.execute(f"ALTER ROLE {role} NOBYPASSRLS")
        source.execute("ALTER TABLE guarded ENABLE ROW LEVEL SECURITY")
    with pytest.raises(ChangeoverError, match="row-level security policy"):
        copied(move)
