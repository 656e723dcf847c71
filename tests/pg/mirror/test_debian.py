"""Types that only a full installation has, on Debian's server: citext, hstore, ltree, ICU."""

from dataclasses import dataclass

import pytest

from changeover.embedded import Database, prepare_target

EXTENSIONS = ("citext", "hstore", "ltree")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """Two databases of Debian's server."""

    source: Database
    target: Database


@pytest.fixture(params=[True, False], ids=["role", "secret"])
def debian_pair(request, debian_server):
    """Two fresh databases with the extensions in a schema of their own."""
    names = [f"{side}_{request.node.name[:20]}_{request.param}".lower() for side in "st"]
    databases = [
        prepare_target(
            debian_server,
            createrole=request.param,
            replication_role_grant=request.param,
            name=name,
            owner=f"owner of {name}",
        )
        for name in names
    ]
    for database in databases:
        with database.connect_as_superuser() as connection:
            connection.execute("CREATE SCHEMA extensions")
            connection.execute("GRANT USAGE ON SCHEMA extensions TO PUBLIC")
            for name in EXTENSIONS:
                connection.execute(f"CREATE EXTENSION {name} SCHEMA extensions")
    yield Pair(source=databases[0], target=databases[1])
    for database in databases:
        database.drop()


def test_citext_keys_that_change_their_case(debian_pair, scene):
    """A key that differs in case alone is the same row: updated, rekeyed, deleted, swapped."""
    one = scene(
        debian_pair,
        "CREATE TABLE public.users (login extensions.citext PRIMARY KEY, mail extensions.citext"
        " UNIQUE, v int)",
        "CREATE DOMAIN public.tag AS extensions.citext",
        "CREATE TABLE public.tags (tag public.tag, n int, PRIMARY KEY (n, tag))",
    )
    one.write(
        "INSERT INTO users VALUES ('Abc', 'A@x', 1), ('def', 'D@x', 2), ('ghi', 'G@x', 3)",
        "INSERT INTO tags VALUES ('Abc', 1), ('x', 2)",
    )
    one.carry()
    one.write(
        "UPDATE users SET login = 'ABC' WHERE v = 1",
        "DELETE FROM users WHERE v = 2",
        "INSERT INTO users VALUES ('DEF', 'd@X', 4)",
        "UPDATE users SET mail = 'tmp' WHERE v = 1",
        "UPDATE users SET mail = 'a@X' WHERE v = 3",
        "UPDATE users SET mail = 'g@X' WHERE v = 1",
        "UPDATE tags SET tag = 'aBC' WHERE n = 1",
        "DELETE FROM tags WHERE n = 2",
    )
    one.carry()
    assert one.require_same("users", "tags") == 4
    one.write(
        "DELETE FROM users WHERE login OPERATOR(extensions.=) 'def'::extensions.citext",
        "DELETE FROM tags",
    )
    one.carry()
    assert one.require_same("users", "tags") == 2


def test_hstore_and_ltree(debian_pair, scene):
    """Values of extensions arrive, and a key of an extension's type is found again."""
    one = scene(
        debian_pair,
        "CREATE TABLE public.trees (path extensions.ltree PRIMARY KEY, data extensions.hstore)",
    )
    one.write(
        "INSERT INTO trees VALUES ('a.b', '\"k,1\"=>\"v=>2\", n=>NULL'), ('a.c', ''), ('x', NULL)",
    )
    one.carry()
    one.write(
        "UPDATE trees SET path = 'a.b.c' WHERE path OPERATOR(extensions.=) 'a.b'::extensions.ltree",
        "DELETE FROM trees WHERE path OPERATOR(extensions.=) 'x'::extensions.ltree",
    )
    one.carry()
    assert one.require_same("trees") == 2


def test_keys_under_a_nondeterministic_collation(debian_pair, scene):
    """Keys that are equal by an ICU collation, though not in bytes, are one row."""
    one = scene(
        debian_pair,
        "CREATE COLLATION public.loose (provider = icu, locale = 'und-u-ks-level1',"
        " deterministic = false)",
        "CREATE TABLE public.words (word text COLLATE public.loose PRIMARY KEY, v int)",
        "CREATE TABLE public.pairs (a text COLLATE public.loose, b int, v int, PRIMARY KEY (a, b))",
        'CREATE TABLE public.names (name text COLLATE "ru-x-icu" PRIMARY KEY)',
    )
    one.write(
        "INSERT INTO words VALUES ('ёлка', 1), ('Resume', 2), ('z', 3)",
        "INSERT INTO pairs VALUES ('é', 1, 1), ('e', 2, 2)",
        "INSERT INTO names VALUES ('Ёлка'), ('елка'), ('ель')",
    )
    one.carry()
    one.write(
        "UPDATE words SET word = 'ЕЛКА' WHERE v = 1",
        "UPDATE words SET word = 'résumé' WHERE v = 2",
        "DELETE FROM words WHERE v = 3",
        "INSERT INTO words VALUES ('Z', 4)",
        "UPDATE pairs SET a = 'E' WHERE v = 1",
        "DELETE FROM pairs WHERE v = 2",
        "DELETE FROM names WHERE name = 'елка'",
    )
    one.carry()
    assert one.require_same("words", "pairs", "names") == 6
