"""Keys that change and unique values that wander between rows."""

from changeover.control.swap import Kind

USERS = "CREATE TABLE public.users (id bigint PRIMARY KEY, email text UNIQUE, name text)"
SEATS = (
    "CREATE TABLE public.seats (id int PRIMARY KEY, place int, during int4range,"
    " UNIQUE (place) DEFERRABLE INITIALLY DEFERRED, EXCLUDE USING gist (during WITH &&))"
)
THREE = "INSERT INTO users VALUES (1, 'a', 'A'), (2, 'b', 'B'), (3, 'c', 'C')"


def test_a_changed_key_takes_its_unique_value_along(moving):
    """UPDATE of a primary key moves the row, also where another column is unique."""
    scene = moving(USERS)
    scene.write(THREE)
    scene.carry()
    scene.write("UPDATE users SET id = 30 WHERE id = 3")
    assert scene.carry().keys == 2
    scene.write("UPDATE users SET id = 3 WHERE id = 2", "DELETE FROM users WHERE id = 1")
    scene.write("UPDATE users SET id = 1, email = 'a' WHERE id = 30")
    scene.carry()
    assert scene.require_same("users") == 2


def test_two_rows_swap_a_unique_value_in_one_transaction(moving):
    """Rows that exchange a unique value by way of a third one arrive exchanged."""
    scene = moving(USERS)
    scene.write(THREE)
    scene.carry()
    scene.write_together(
        "UPDATE users SET email = 'x' WHERE id = 1",
        "UPDATE users SET email = 'a' WHERE id = 2",
        "UPDATE users SET email = 'b' WHERE id = 1",
    )
    assert scene.carry().keys == 2
    assert scene.require_same("users") == 3


def test_a_freed_unique_value_is_taken_by_the_next_transaction(moving):
    """A value goes from a changed and a deleted row to others, in one round and in two."""
    scene = moving(USERS)
    scene.write(THREE)
    scene.carry()
    scene.write(
        "UPDATE users SET email = NULL WHERE id = 1",
        "INSERT INTO users VALUES (9, 'a', 'new')",
        "DELETE FROM users WHERE id = 2",
        "UPDATE users SET email = 'b' WHERE id = 3",
    )
    scene.carry()
    scene.require_same("users")
    scene.write("UPDATE users SET email = 'later' WHERE id = 9")
    scene.carry()
    scene.write("INSERT INTO users VALUES (10, 'a', 'newer')")
    scene.carry()
    assert scene.require_same("users") == 4


def test_deferred_unique_values_and_exclusions_are_exchanged(moving):
    """Rows that exchange values of a deferred unique and of an exclusion constraint arrive."""
    scene = moving(SEATS)
    scene.write(
        "INSERT INTO seats SELECT g, g, int4range(g * 10, g * 10 + 9) FROM generate_series(1, 5) g",
    )
    scene.carry()
    scene.write_together(
        "UPDATE seats SET place = 6 - place",
        "UPDATE seats SET during = NULL WHERE id = 1",
        "UPDATE seats SET during = '[10,19)' WHERE id = 2",
        "UPDATE seats SET during = '[20,29)' WHERE id = 1",
    )
    scene.carry()
    assert scene.require_same("seats") == 5


def test_rows_with_a_deferrable_primary_key_exchange_it(moving):
    """A deferrable primary key identifies rows too: they exchange it and keep the rest."""
    scene = moving("CREATE TABLE public.ranks (rank int PRIMARY KEY DEFERRABLE, who text)")
    scene.write("INSERT INTO ranks VALUES (1, 'a'), (2, 'b'), (3, 'c')")
    scene.carry()
    scene.write("UPDATE ranks SET rank = 4 - rank", "DELETE FROM ranks WHERE rank = 2")
    scene.carry()
    assert scene.require_same("ranks") == 2


def test_a_table_of_keys_only_balances_its_books(moving):
    """A row of keys only that was deleted and came back between two rounds is counted."""
    scene = moving("CREATE TABLE public.tags (post int, tag text, PRIMARY KEY (post, tag))")
    scene.write("INSERT INTO tags VALUES (1, 'a'), (1, 'b,\"{}c'), (2, 'NULL'), (2, '')")
    scene.carry()
    scene.write(
        "DELETE FROM tags WHERE post = 1",
        "INSERT INTO tags VALUES (1, 'b,\"{}c'), (3, '\\')",
    )
    assert scene.carry().keys == 3
    assert scene.require_same("tags") == 4


def test_a_key_that_differs_between_the_sides(pair_with, scene):
    """A table that is partitioned on the target only, its key widened, is carried both ways."""
    plain = (
        "CREATE TABLE public.notes (id bigint PRIMARY KEY, created_at timestamptz NOT NULL,"
        " body text)"
    )
    partitioned = [
        (
            "CREATE TABLE public.notes (created_at timestamptz NOT NULL, body text, id bigint,"
            " PRIMARY KEY (id, created_at)) PARTITION BY RANGE (created_at)"
        ),
        (
            "CREATE TABLE public.notes_old PARTITION OF public.notes FOR VALUES FROM (MINVALUE)"
            " TO ('2025-01-01')"
        ),
        (
            "CREATE TABLE public.notes_new PARTITION OF public.notes FOR VALUES FROM ('2025-01-01')"
            " TO (MAXVALUE)"
        ),
    ]
    one = scene(pair_with(), plain, target_statements=partitioned)
    for kind in (Kind.CUTOVER, Kind.ROLLBACK):
        one.write(
            "INSERT INTO notes (id, created_at, body) SELECT g, '2024-12-31'::timestamptz"
            " + g * interval '1 hour', 'b' || g FROM generate_series(1, 100) g"
            " WHERE g NOT IN (SELECT abs(id) FROM notes)",
            "UPDATE notes SET created_at = created_at + interval '1 year' WHERE id % 7 = 0",
            "UPDATE notes SET id = -id WHERE id % 11 = 0 AND id > 0",
            "DELETE FROM notes WHERE id = 5",
        )
        one.carry()
        assert one.require_same("notes") > 90
        one.swap(kind)
    one.write("UPDATE notes SET created_at = '2020-01-01', body = NULL WHERE id = 1")
    one.carry()
    one.require_same("notes")
