"""Shadow reads between two real servers: planted differences are found, lag alone is none."""

import json
import stat
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from types import SimpleNamespace

import pytest
from gateway_process import GatewayProcess, gateway_process
from shadow_world import prepare_roles, remove_roles, shadow_world

from changeover.control.move import Move, read_pairs
from changeover.database import Endpoint
from changeover.model.routing_observation import Comparison, ShadowCompared, ShadowValuesKept
from changeover.model.secret import Secret
from changeover.model.settings import Settings
from changeover.model.side import Side
from changeover.transfer import capture

COLLATED = "CREATE TYPE public.title AS ENUM ('a', 'A', 'b', 'B', 't')"
"""Sorts as most collations do; the embedded servers know none but C, so a type stands in."""
TABLES = (
    COLLATED,
    (
        "CREATE TABLE public.film (id int PRIMARY KEY, title {title},"
        " price numeric(8, {scale}), seen int NOT NULL DEFAULT 0)"
    ),
    "CREATE TABLE public.note (id int PRIMARY KEY, owner text, body text)",
    "ALTER TABLE public.note ENABLE ROW LEVEL SECURITY",
    (
        "CREATE FUNCTION public.answer() RETURNS jsonb LANGUAGE sql STABLE AS"
        " $$ SELECT jsonb_build_object('films', count(*), 'made', {made}) FROM public.film $$"
    ),
)
GRANTS = (
    "GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role",
    "GRANT SELECT ON public.film, public.note TO anon, authenticated, service_role",
    "GRANT EXECUTE ON FUNCTION public.answer() TO anon, authenticated, service_role",
)
POLICY = "CREATE POLICY own ON public.note FOR SELECT TO authenticated USING (true)"
ROWS = (
    (
        "INSERT INTO public.film (id, title, price) VALUES"
        " (1, 'b', 1.10), (2, 'A', 2.00), (3, 'a', 3.25), (4, 'B', 4.50)"
    ),
    "INSERT INTO public.note VALUES (1, 'ann', 'x'), (2, 'bob', 'y')",
)


def script(*, title='text COLLATE "C"', scale=2, made=1):
    """Return the statements that make the tables of a side."""
    head = [
        one.replace("{title}", title).replace("{scale}", str(scale)).replace("{made}", str(made))
        for one in TABLES
    ]
    return [*head, *GRANTS]


RESTING = (
    "UPDATE changeover.control SET stage = 'shadow'",
    "DELETE FROM changeover.shadow_mismatch",
    "DELETE FROM changeover.shadow_count",
)


@pytest.fixture
def make_world(pair, ready, mirror_of, make_gateway, tmp_path):
    """A function that returns a context manager of a world whose target is made otherwise."""

    @contextmanager
    def make(*, target, more):
        login = prepare_roles(pair.target)
        move = ready(
            pair,
            *script(),
            POLICY,
            target_statements=[*script(**target), *more],
        )
        gateway = make_gateway(pair.source.dsn_of("authenticator"))
        with shadow_world(pair, move, mirror_of(move), gateway, tmp_path, login=login) as world:
            fill(world)
            yield world

    return make


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A move between equal sides, and what stays of a world from test to test."""

    pair: SimpleNamespace
    move: Move
    gateway: GatewayProcess
    login: str


@pytest.fixture(scope="module")
def ground(make_module_pair, tmp_path_factory):
    """The sides that agree, for all tests of this module."""
    databases = make_module_pair()
    login = prepare_roles(databases[Side.TARGET])
    for database in databases.values():
        with database.connect() as connection:
            for statement in (*script(), POLICY):
                connection.execute(statement)
    move = Move(
        owners={
            side: Endpoint(side=side, dsn=Secret(database.dsn))
            for side, database in databases.items()
        },
        settings=Settings(state_directory=str(tmp_path_factory.mktemp("state"))),
    )
    capture.install_on(move, read_pairs(move))
    with move.connect_owner(Side.TARGET, "test") as connection:
        connection.execute(
            "INSERT INTO changeover.copy (table_id, state, version)"
            " SELECT table_id, 'copied', 1 FROM changeover.moved_table"
        )
    directory = tmp_path_factory.mktemp("gateway")
    with gateway_process(databases[Side.SOURCE].dsn_of("authenticator"), directory) as gateway:
        yield Ground(
            pair=SimpleNamespace(source=databases[Side.SOURCE], target=databases[Side.TARGET]),
            move=move,
            gateway=gateway,
            login=login,
        )
    remove_roles(databases[Side.TARGET], login)


@pytest.fixture
def make_equal_world(ground, mirror_of, tmp_path):
    """A function that returns a context manager of a world whose sides agree, its rows new.

    Keywords are settings of the shadow; `is_bent` changes one row of the target.
    """

    @contextmanager
    def make(*, is_bent=False, **settings):
        with ground.pair.target.connect() as connection:
            for statement in RESTING:
                connection.execute(statement)
        with shadow_world(
            ground.pair,
            ground.move,
            mirror_of(ground.move),
            ground.gateway,
            tmp_path,
            login=ground.login,
            **settings,
        ) as world:
            world.write(Side.SOURCE, "DELETE FROM public.film", "DELETE FROM public.note")
            fill(world)
            if is_bent:
                world.bend("public.film", BENT)
            yield world

    return make


def fill(world):
    """Write rows on the source and wait until the mirror has carried them."""
    world.write(Side.SOURCE, *ROWS)
    world.mirrored()


def ask_all(world):
    """Ask what an application asks."""
    world.ask("/film", "select=*")
    world.ask("/film", "select=id,price&order=id&limit=3", headers={"prefer": "count=exact"})
    world.ask("/film", "select=title&order=title,id")
    world.ask("/film", "id=eq.1", headers={"accept": "application/vnd.pgrst.object+json"})
    world.ask("/film", "id=eq.99", headers={"accept": "application/vnd.pgrst.object+json"})
    world.ask("/film", "nothing=eq.1")
    world.ask("/film", method="HEAD", headers={"prefer": "count=exact"})
    world.ask("/film", "select=id,title,price", headers={"accept": "text/csv"})
    world.ask("/note", role="authenticated")
    world.ask("/note", role="anon")
    world.ask("/rpc/answer")


def test_two_sides_that_agree_differ_in_nothing(make_equal_world):
    """Sixteen and eighteen, HTTP and libpq: all reads of an application are equal."""
    with make_equal_world() as world:
        ask_all(world)
        world.settle()
        assert world.mismatches() == set()
        assert world.counts() == {
            "compared": 11,
            "equal": 11,
            "unsettled": 0,
            "skipped": 0,
            "dropped": 0,
        }


BENT = "UPDATE public.film SET title = 'bent' WHERE id = 3"


def test_planted_differences_are_found(make_world):
    """Each difference of behaviour is told by its table, its class and its columns.

    On the target a number has one more digit, texts sort otherwise, a policy is missing and a
    function answers something else.
    """
    planted = {"scale": 3, "title": "public.title", "made": 2}
    with make_world(target=planted, more=()) as world:
        ask_all(world)
        world.settle()
        assert world.mismatches() == {
            ("public.film", "value", "price"),
            ("public.film", "order", "title", "id"),
            ("public.note", "missing"),
            ("public.answer()", "value", "made"),
        }


def test_a_row_that_was_changed_on_the_target_is_found(make_equal_world):
    """Whatever of the reads shows the row tells it, by the column that differs."""
    with make_equal_world(is_bent=True) as world:
        ask_all(world)
        world.settle()
        assert world.mismatches() == {("public.film", "value", "title")}


def test_lag_alone_is_no_difference(make_equal_world):
    """While the mirror rests and writers go on, what differs is unsettled; afterwards equal."""
    with make_equal_world(confirm_timeout_s=0.2) as world:
        world.mirror.pause()
        for number in range(5, 15):
            world.write(
                Side.SOURCE,
                f"INSERT INTO public.film VALUES ({number}, 'new', 1.00)",
                f"UPDATE public.film SET title = 't{number}' WHERE id = 1",
                f"DELETE FROM public.film WHERE id = {number - 3}",
            )
            world.ask("/film", "order=id")
        world.settle()
        assert world.counts()["unsettled"] == 10
        world.mirror.go_on()
        world.mirrored()
        world.ask("/film", "order=id")
        world.settle()
        assert world.counts()["equal"] == 1
        assert world.mismatches() == set()


def test_a_hot_table_under_a_running_mirror_differs_in_nothing(make_equal_world):
    """Rows that change all the time are never a difference, however often they are compared."""
    with make_equal_world() as world:
        is_over = threading.Event()

        def write():
            with world.pair.source.connect() as connection:
                while not is_over.is_set():
                    connection.execute("UPDATE public.film SET seen = (seen + 1) % 3 WHERE id = 1")

        writer = threading.Thread(target=write)
        writer.start()
        try:
            for _ in range(150):
                world.ask("/film", "id=eq.1")
            world.settle()
        finally:
            is_over.set()
            writer.join()
        assert world.mismatches() == set()
        assert sum(world.counts().values()) >= 150


def test_a_difference_beside_a_hot_row_is_found(make_equal_world):
    """A planted difference is settled while other rows of the table change."""
    with make_equal_world(is_bent=True) as world:
        world.ask("/film", "id=eq.3")
        world.write(Side.SOURCE, "UPDATE public.film SET seen = 1 WHERE id = 1")
        world.ask("/film", "id=eq.3&select=title")
        world.settle()
        assert world.mismatches() == {("public.film", "value", "title")}


def test_a_hash_tells_the_same_row_in_every_process(make_equal_world):
    """The hash of a key is made with the move's own key, which the control tables hold."""
    with make_equal_world(is_bent=True) as world:
        for _ in range(3):
            world.ask("/film", "id=eq.3")
        world.settle()
        with world.pair.target.connect() as connection:
            rows = connection.execute(
                "SELECT key_hash, times FROM changeover.shadow_mismatch"
            ).fetchall()
        ((key_hash, times),) = rows
        assert (len(key_hash), times) == (24, 3)
        assert len(world.link.shadow_key) == 32


def test_no_cell_is_kept_unless_asked_for(make_equal_world, tmp_path):
    """Nothing that is told or observed holds a value of a row."""
    with make_equal_world(is_bent=True) as world:
        world.ask("/film", "id=eq.3")
        world.settle()
        seen = [one for one in world.observed if isinstance(one, ShadowCompared)]
        assert [one.comparison for one in seen] == [Comparison.MISMATCH]
        assert "bent" not in repr(world.observed)
        assert not list(tmp_path.glob("*.jsonl"))


def test_cells_are_kept_where_somebody_asked_for_them(make_equal_world, tmp_path):
    """With the option on, an event says so, and a file of the owner's alone has the cells."""
    path = tmp_path / "values.jsonl"
    given = {"values_file": str(path)}
    with make_equal_world(is_bent=True, **given) as world:
        world.ask("/film", "id=eq.3")
        world.settle()
        assert ShadowValuesKept(file=str(path)) in world.observed
    (line,) = path.read_text().splitlines()
    assert json.loads(line)["secondary"] == '{"title":"bent"}'
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_target_that_is_away_is_no_difference(make_equal_world):
    """Without the target nothing is compared, and that is counted as such."""
    with make_equal_world() as world:
        world.ask("/film")
        world.settle()
        world.write(
            Side.TARGET,
            f"ALTER ROLE {world.login} NOLOGIN",
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            f" WHERE usename = '{world.login}'",
        )
        world.ask("/film")
        world.settle()
        try:
            assert world.mismatches() == set()
            assert world.counts()["unsettled"] == 1
        finally:
            world.write(Side.TARGET, f"ALTER ROLE {world.login} LOGIN")
