"""Shadow reads where the sides sort differently: a real ICU collation, on Debian's server."""

from contextlib import contextmanager
from dataclasses import dataclass

import pytest
from shadow_world import prepare_roles, shadow_world

from changeover.embedded import Database, prepare_target
from changeover.model.side import Side

BYTES, WORDS = '"C"', '"en-x-icu"'
"""By bytes all capitals come first; by words `a` and `A` stand together."""
TITLES = ("b", "A", "a", "B", "é", "z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A source of the embedded servers, a target of Debian's."""

    source: Database
    target: Database


@pytest.fixture
def pair(source_database, debian_server):
    """Two fresh databases, the target on Debian's server."""
    target = prepare_target(
        debian_server, createrole=True, replication_role_grant=True, name="app", owner="owner"
    )
    return Pair(source=source_database, target=target)


@pytest.fixture
def make_world(pair, ready, mirror_of, make_gateway, tmp_path):
    """A function that returns a context manager of a world; the target sorts titles as given."""

    @contextmanager
    def make(collation):
        login = prepare_roles(pair.target)
        move = ready(pair, *tables(BYTES), target_statements=tables(collation))
        gateway = make_gateway(pair.source.dsn_of("authenticator"))
        with (
            shadow_world(pair, move, mirror_of(move), gateway, tmp_path, login=login) as world,
            pair.source.connect() as connection,
        ):
            connection.cursor().executemany(
                "INSERT INTO public.film VALUES (%s, %s)", list(enumerate(TITLES))
            )
            world.mirrored()
            yield world

    return make


def tables(collation):
    """Return the statements that make a side whose titles are sorted as given."""
    return (
        f"CREATE TABLE public.film (id int PRIMARY KEY, title text COLLATE {collation})",
        "GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role",
        "GRANT SELECT ON public.film TO anon, authenticated, service_role",
    )


def ask(world):
    """Ask for rows in the order of a number, of a text, of a text downwards, and in none."""
    for query in ("order=id", "order=title&select=id,title", "order=title.desc&select=id", ""):
        world.ask("/film", query)
    world.settle()


def test_an_order_that_depends_on_the_collation_is_found(make_world):
    """By its table, the class `order` and the columns that the request sorts by; the rest agrees.

    The same sides with one collation differ in nothing, so that it is the order that is found.
    """
    with make_world(WORDS) as world:
        ask(world)
        assert world.mismatches() == {("public.film", "order", "title")}
        assert world.counts()["equal"] == 2
        world.write(
            Side.TARGET,
            "DELETE FROM changeover.shadow_mismatch",
            "DELETE FROM changeover.shadow_count",
            f"ALTER TABLE public.film ALTER COLUMN title TYPE text COLLATE {BYTES}",
        )
        ask(world)
        assert (world.mismatches(), world.counts()["equal"]) == (set(), 4)
