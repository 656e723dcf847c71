"""A live move for routers, and routers of both colours."""

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from gateway_process import JWT_SECRET, gateway_process
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from routed import GRANTS, ROLES, TABLES, LoopRouter, World

import changeover
from changeover.control.move import Move, read_pairs
from changeover.database import Endpoint
from changeover.model.routing_settings import RoutingSettings
from changeover.model.settings import MirrorSettings, Settings, SwapSettings
from changeover.model.side import Side
from changeover.routing.guarding import guard
from changeover.routing.router import AsyncRouter, Router
from changeover.stores.counter import StoreSettings
from changeover.stores.postgres import AsyncPostgresStore, PostgresStore
from changeover.stores.supabase import AsyncSupabaseStore, SupabaseStore
from changeover.transfer import capture

sys.path.append(str(Path(__file__).parents[2] / "chaos"))

from http_proxy import HttpFaultProxy
from proxy import FaultProxy

_numbers = count(1)


@pytest.fixture(autouse=True)
def files(tmp_path, monkeypatch):
    """The files of a client are the test's own."""
    monkeypatch.setenv("CHANGEOVER_STAGE_FILE", str(tmp_path / "stage.json"))
    monkeypatch.delenv("CHANGEOVER_KILL_SWITCH", raising=False)


@pytest.fixture(scope="module")
def module_world(make_module_pair, tmp_path_factory) -> Iterator[World]:
    """A move between two databases that many tests use, one after the other."""
    pair = make_module_pair()
    login = f"application_{next(_numbers)}"
    source, target = pair[Side.SOURCE], pair[Side.TARGET]
    with target.connect_as_superuser() as connection:
        for statement in ROLES:
            connection.execute(sql.SQL(statement).format(login=sql.Identifier(login)))
    for database in pair.values():
        with database.connect() as connection:
            for statement in (*TABLES, *GRANTS):
                connection.execute(statement)
    move = Move(
        owners={
            side: Endpoint(side=side, dsn=changeover.Secret(database.dsn))
            for side, database in pair.items()
        },
        settings=Settings(
            state_directory=str(tmp_path_factory.mktemp("state")),
            mirror=MirrorSettings(heartbeat_ms=100, tick_ms=10),
            swap=SwapSettings(deadline_s=20.0, drain_s=5.0),
            routing=RoutingSettings(roles=(login,)),
        ),
    )
    capture.install_on(move, read_pairs(move))
    directory = tmp_path_factory.mktemp("gateway")
    with (
        ExitStack() as after,
        gateway_process(source.dsn_of("authenticator"), directory) as gateway,
    ):
        after.callback(_drop_roles, target, login)
        world = World(
            move=move,
            databases=pair,
            url=gateway.url,
            target_dsn=target.dsn_of(login),
            after=after,
        )
        world.on(
            Side.TARGET,
            "INSERT INTO changeover.copy (table_id, state, version)"
            " SELECT table_id, 'copied', 1 FROM changeover.moved_table",
        )
        after.callback(world.stop_mirror)
        yield world


@pytest.fixture
def world(module_world) -> Iterator[World]:
    """The move as at its beginning: stage `off`, no rows, the mirror running."""
    module_world.begin_anew()
    with ExitStack() as after:
        module_world.after = after
        yield module_world


def _drop_roles(database, login) -> None:
    with database.connect_as_superuser() as connection:
        for role in (login, "anon", "service_role"):
            for statement in ("DROP OWNED BY {}", "DROP ROLE {}"):
                connection.execute(sql.SQL(statement).format(sql.Identifier(role)))


ROUTERS = ("threads", "loop")


def _settings_of(dsn: str) -> StoreSettings:
    """Return how a target is reached, and which tokens it takes."""
    keys = changeover.KeySettings(jwt_secret=changeover.Secret(JWT_SECRET), anonymous_role="anon")
    return StoreSettings(pool=changeover.PoolSettings(dsn=changeover.Secret(dsn)), keys=keys)


@pytest.fixture(params=ROUTERS)
def make_router(request, world) -> Iterator[Callable[..., Any]]:
    """A function that makes a router of the world, in one colour after the other."""
    with ExitStack() as after:

        def make(*, target_dsn: str = "", source: Any = None, **given: Any) -> Any:
            settings = _settings_of(target_dsn or world.target_dsn)
            route = world.route(**given)
            if request.param == "threads":
                router = Router(
                    source or SupabaseStore(route.rest_url), PostgresStore(settings), route
                )
                after.callback(router.close)
                return router
            one = LoopRouter(
                AsyncRouter(AsyncSupabaseStore(route.rest_url), AsyncPostgresStore(settings), route)
            )
            after.callback(one.close)
            return one

        yield make


@pytest.fixture
def make_guarded(world) -> Iterator[Callable[..., Router]]:
    """A function that makes a router whose reads are compared and whose rollout is guarded."""
    settings = _settings_of(world.target_dsn)
    with ExitStack() as after:

        def make(**given: Any) -> Router:
            route = world.route(read_timeout_ms=10_000, **given)
            router = Router(SupabaseStore(route.rest_url), PostgresStore(settings), route)
            after.callback(router.close)
            guard(router, settings, route, SupabaseStore(route.rest_url))
            return router

        yield make


@pytest.fixture
def make_http_proxy() -> Iterator[Callable[[str], Any]]:
    """A function that puts a proxy with faults before a URL of this machine."""
    with ExitStack() as after:
        yield lambda url: after.enter_context(HttpFaultProxy(int(url.rsplit(":", 1)[1])))


@pytest.fixture
def target_proxy(world) -> Iterator[Any]:
    """A proxy with faults before the target; its `dsn` leads through it."""
    parts = conninfo_to_dict(world.target_dsn)
    with FaultProxy(int(str(parts["port"]))) as proxy:
        plain = {"sslmode": "disable", "gssencmode": "disable"}
        proxy.dsn = make_conninfo(world.target_dsn, host="127.0.0.1", port=proxy.port, **plain)
        yield proxy


@pytest.fixture
def seen() -> list[Any]:
    """What a router that is given `observer=seen.append` tells."""
    return []
