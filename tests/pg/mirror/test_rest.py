"""The secondary's own triggers and rules: at rest, awake again, and missed when they act."""

import psycopg
import pytest

from changeover.control.swap import Kind
from changeover.model.errors import BooksUnbalancedError, NotAtRestError
from changeover.transfer import capture

SHOUT = (
    "CREATE TABLE public.words (id int PRIMARY KEY, word text)",
    "CREATE TABLE public.audit (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, what text)",
    (
        "CREATE FUNCTION public.shout() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.word := upper(NEW.word); RETURN NEW; END'"
    ),
    "CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'",
    (
        "CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON public.words FOR EACH ROW"
        " EXECUTE FUNCTION public.shout()"
    ),
    (
        "CREATE TRIGGER always BEFORE INSERT OR UPDATE ON public.words FOR EACH ROW"
        " EXECUTE FUNCTION public.shout()"
    ),
    "ALTER TABLE public.words ENABLE ALWAYS TRIGGER always",
    (
        "CREATE TRIGGER never BEFORE INSERT OR UPDATE OR DELETE ON public.words FOR EACH ROW"
        " EXECUTE FUNCTION public.swallow()"
    ),
    "ALTER TABLE public.words DISABLE TRIGGER never",
    (
        "CREATE TRIGGER replica BEFORE INSERT OR UPDATE OR DELETE ON public.words FOR EACH ROW"
        " EXECUTE FUNCTION public.swallow()"
    ),
    "ALTER TABLE public.words ENABLE REPLICA TRIGGER replica",
    (
        "CREATE RULE log AS ON INSERT TO public.words DO ALSO"
        " INSERT INTO public.audit (what) VALUES ('rule ' || NEW.id)"
    ),
)
STATES = (
    "SELECT tgname, tgenabled::text FROM pg_trigger WHERE tgrelid = 'public.words'::regclass"
    " AND NOT tgisinternal AND tgname !~ 'changeover' UNION ALL"
    " SELECT rulename, ev_enabled::text FROM pg_rewrite"
    " WHERE ev_class = 'public.words'::regclass ORDER BY 1"
)


def test_triggers_and_rules_rest_and_wake_exactly_as_they_were(moving, rows):
    """They don't act on what the mirror writes, and after swaps each is in its own state again."""
    scene = moving(*SHOUT)
    awake = rows(scene.primary, STATES)
    assert awake == [
        ("always", "A"),
        ("log", "O"),
        ("never", "D"),
        ("replica", "R"),
        ("shout", "O"),
    ]
    scene.write(
        "INSERT INTO words VALUES (1, 'a'), (2, 'b')",
        "ALTER TABLE words DISABLE TRIGGER shout",
        "ALTER TABLE words DISABLE TRIGGER always",
        "UPDATE words SET word = 'quiet' WHERE id = 2",
        "ALTER TABLE words ENABLE TRIGGER shout",
        "ALTER TABLE words ENABLE ALWAYS TRIGGER always",
    )
    scene.carry()
    scene.write("DELETE FROM words WHERE id = 1")
    scene.carry()
    assert scene.require_same("words", "audit") == 3
    kinds = (Kind.CUTOVER, Kind.ROLLBACK) if scene.side == "source" else (Kind.ROLLBACK,)
    for kind in kinds:
        scene.swap(kind)
        assert rows(scene.primary, STATES) == awake
        scene.write("UPDATE words SET word = 'loud'")
        scene.carry()
        scene.require_same("words", "audit")
    with scene.primary.connect() as connection:
        assert connection.execute("SELECT word FROM words").fetchall() == [("LOUD",)]


@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE words ENABLE ALWAYS TRIGGER never",
        "ALTER TABLE words ENABLE ALWAYS RULE log",
        (
            "CREATE TRIGGER later AFTER INSERT ON words FOR EACH ROW EXECUTE FUNCTION swallow();"
            " ALTER TABLE words ENABLE REPLICA TRIGGER later"
        ),
    ],
)
def test_what_is_switched_on_later_stops_the_mirror_by_name(pair, scene, statement):
    """A trigger or rule of the secondary that would act stops the mirror before it acts."""
    one = scene(pair, *SHOUT)
    one.carry()
    with one.secondary.connect() as connection:
        connection.execute(statement)
    one.write("INSERT INTO words VALUES (1, 'a')")
    with pytest.raises(NotAtRestError, match=r"(never|log|later) of public\.words would act"):
        one.carry()
    with one.secondary.connect() as connection:
        assert connection.execute("SELECT count(*) FROM audit").fetchone() == (0,)


def test_a_foreign_key_added_later_stops_the_mirror_by_name(pair_with, scene):
    """Where foreign keys have to be taken off, one that is added later stops the mirror."""
    one = scene(pair_with(createrole=False, replication_role_grant=False), *SHOUT)
    one.carry()
    with one.secondary.connect() as connection:
        connection.execute("ALTER TABLE words ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES words")
    one.write("INSERT INTO words VALUES (1, 'a')")
    with pytest.raises(NotAtRestError, match=r"foreign key x of public\.words"):
        one.carry()


@pytest.mark.parametrize("secret", [False, True])
def test_rows_that_are_swallowed_unbalance_the_books(pair_with, scene, monkeypatch, secret):
    """A trigger that swallows rows although nothing looks at rest is seen by the count."""
    monkeypatch.setattr("changeover.transfer.guard.refuse_restless", lambda *_: None)
    one = scene(pair_with(createrole=not secret, replication_role_grant=not secret), *SHOUT)
    one.carry()
    with one.secondary.connect() as connection:
        connection.execute("ALTER TABLE words ENABLE ALWAYS TRIGGER never")
    one.write("INSERT INTO words VALUES (1, 'a')")
    with pytest.raises(BooksUnbalancedError, match=r"2 keys read, 1 applied \(public\.words\)"):
        one.carry()


def test_a_resting_trigger_that_was_switched_on_is_put_to_rest_again(pair, scene, rows):
    """Installing once more puts to rest what was switched on, and the swap wakes it as it was."""
    one = scene(pair, *SHOUT)
    one.carry()
    with one.secondary.connect() as connection:
        connection.execute("ALTER TABLE words ENABLE ALWAYS TRIGGER always")
    capture.install(one.move)
    one.mirror.close()
    one.mirror = None
    one.carry()
    one.swap(Kind.CUTOVER)
    assert ("always", "A") in rows(one.primary, STATES)


def test_the_fence_of_the_secondary_holds_for_rules_and_functions(pair, scene):
    """A rule or a function that writes into the secondary is refused like a statement."""
    one = scene(
        pair,
        *SHOUT,
        "CREATE FUNCTION public.sneak() RETURNS void LANGUAGE plpgsql SECURITY DEFINER AS"
        " 'BEGIN INSERT INTO public.words VALUES (5); EXCEPTION WHEN OTHERS THEN NULL; END'",
    )
    with one.secondary.connect() as connection:
        for statement in ("SELECT sneak()", "UPDATE words SET word = 'x' WHERE id = 0"):
            with pytest.raises(psycopg.DatabaseError) as caught:
                connection.execute(statement)
            assert caught.value.sqlstate == "P0004"
