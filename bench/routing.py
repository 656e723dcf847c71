"""What routing costs a call: little where one database answers, the mirror's time where both do."""

import os
import statistics
import time
import timeit
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from unittest.mock import patch

import httpx
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from supabase import ClientOptions, create_client

import changeover
import rig
import scale
import scene
from changeover import Side
from changeover.model.routing_settings import STAGE_NAME
from changeover.model.side import Stage
from changeover.routing.last_state import LastState
from changeover.routing.rule import Rollout, State, decide
from changeover.stores.supabase import SupabaseStore
from changeover.transport import Network, client_over
from changeover.transport.wire import NetworkWire
from program import program

ROUNDS = 7
CALLS = 300
TAIL_ROUNDS = 35
"""A tail of 600 calls sways by a twentieth, which is what is asked: so many are needed."""

WRITES = 200
FAR_MS = 20.0
US = 1_000_000
NEVER_MS = 3_600_000
LOGIN = "authenticator"
ROLES = (
    "CREATE ROLE anon",
    "CREATE ROLE authenticated",
    "CREATE ROLE service_role BYPASSRLS",
    f"CREATE ROLE {LOGIN} LOGIN NOINHERIT",
    f"GRANT anon, authenticated, service_role TO {LOGIN}",
)
TABLES = (
    "CREATE TABLE public.note (id bigint PRIMARY KEY, body text NOT NULL)",
    # No part of the move, so that both sides take writes of it.
    "CREATE TABLE public.twice (id bigint PRIMARY KEY, body text NOT NULL)",
    "GRANT USAGE ON SCHEMA public TO service_role",
    "GRANT ALL ON public.note, public.twice TO service_role",
)
SETTINGS = f"""
[move]
exclude = ["public.twice"]
[routing]
roles = ["{LOGIN}"]
"""

Call = Callable[[int], Any]


def measure() -> list[rig.Row]:
    """Return the evaluator's time, what routing adds to a read, and a dual write's time."""
    return [_evaluator(), *_alone(), *_twice(), *_hanging()]


def _evaluator() -> rig.Row:
    state = State(stage=Stage.LIVE, is_catching_up=False, rollout=Rollout(percent=50))
    times = timeit.repeat(
        lambda: decide(state, "a key of thirty-two characters..", marker_age_ms=5.0),
        number=scale.count(100_000),
        repeat=ROUNDS,
    )
    ours = [seconds / scale.count(100_000) * US for seconds in times]
    return rig.row("which side answers a read", "µs", ours, [2.0], "goal")


# ---- one database answers ------------------------------------------------------------------------


def _alone() -> list[rig.Row]:
    rows = []
    with (
        scene.scene() as made,
        scene.gateway(made) as url,
        TemporaryDirectory(prefix="changeover-bench-") as place,
    ):
        # The store that a router has for its source, without the router.
        far = client_over(SupabaseStore(f"{url}/rest/v1", NetworkWire(Network())))
        near = changeover.http_client(made.dsn, jwt_secret=scene.SECRET)
        with httpx.Client(timeout=30) as network, far, near:
            for stage, peer, whole in ((Stage.OFF, far, network), (Stage.COMPLETE, near, None)):
                with _routed(made.dsn, url, Path(place, stage), stage) as routed:
                    ways = [_reader(http, url, made.key) for http in (routed, peer)]
                    ours, theirs = _rounds(*ways)
                    if whole is not None:
                        plain = _rounds(ways[0], _reader(whole, url, made.key))
                        title = f"primary-key read, routed in `{stage}`"
                        rows.append(rig.row(title, "µs", *plain, "over HTTP without us"))
                added = [one - other for one, other in zip(ours, theirs, strict=True)]
                title = f"what routing in `{stage}` adds to the transport"
                rows += [
                    rig.row(f"primary-key read, {stage}", "µs", ours, theirs, "without routing"),
                    rig.row(title, "µs", added, [30.0], "goal"),
                ]
    return rows


@contextmanager
def _routed(dsn: str, url: str, file: Path, stage: Stage) -> Iterator[changeover.HttpClient]:
    """Give a client that knows its stage from the disk, since there is no move here to ask."""
    primary = Side.TARGET if stage is Stage.COMPLETE else Side.SOURCE
    assert LastState("bench", str(file), {}).write(State(stage=stage, primary=primary), "")
    route = changeover.Route(source_url=url, state_file=str(file), poll_ms=NEVER_MS)
    with changeover.http_client(dsn, jwt_secret=scene.SECRET, route=route) as http:
        yield http


def _reader(http: httpx.Client, url: str, key: str) -> Call:
    table = create_client(url, key, ClientOptions(httpx_client=http))
    return lambda number: table.table("item").select("*").eq("id", number).execute()


def _rounds(ours: Call, peer: Call) -> tuple[list[float], list[float]]:
    """Return medians in µs of some rounds."""
    rounds = [_in_turns(ours, peer, scale.count(CALLS, least=50)) for _ in range(ROUNDS)]
    first, second = (
        [statistics.median(times) * US for times in one] for one in zip(*rounds, strict=True)
    )
    return first, second


def _in_turns(ours: Call, peer: Call, calls: int) -> tuple[list[float], list[float]]:
    """Return seconds; the two take turns call by call, for the machine drifts."""
    times: tuple[list[float], list[float]] = ([], [])
    for number in range(1, calls + 1):
        # Whoever comes second finds the processor warm: they change places.
        for place in ((0, 1), (1, 0))[number % 2]:
            times[place].append(_seconds((ours, peer)[place], number))
    return times


def _seconds(call: Call, number: int) -> float:
    began = time.perf_counter()
    call(number)
    return time.perf_counter() - began


# ---- both databases are written ------------------------------------------------------------------


def _twice() -> list[rig.Row]:
    rows = []
    with (
        _move(Stage.DUAL_WRITE) as (source, target_dsn, place),
        scene.gateway(source) as near,
    ):
        far = scene.Delay(int(near.rpartition(":")[2]), FAR_MS)
        urls = {"": near, f", {FAR_MS:g} ms away": f"http://127.0.0.1:{far.port}"}
        for where, url in urls.items():
            ours, theirs = _writes(source.key, target_dsn, url, Path(place, "stage.json"))
            for name, percent in (("p50", 50), ("p99", 99)):
                rows.append(
                    rig.row(
                        f"dual write{where}, {name}",
                        "ms",
                        [_percentile(some, percent) for some in ours],
                        [_percentile(some, percent) for some in theirs],
                        "writing twice by hand",
                    )
                )
    return rows


@contextmanager
def _move(stage: Stage) -> Iterator[tuple[scene.Scene, str, str]]:
    """Give a move in a stage, its mirror running in a process of its own."""
    with rig.servers() as (source, target):
        with target.connect_as_superuser() as connection:
            for statement in ROLES:
                connection.execute(statement)
        for database in (source, target):
            with database.connect() as connection:
                for statement in TABLES:
                    connection.execute(statement)
        with program(source, target, SETTINGS) as ours:
            ours.change("capture", "install")
            ours.change("copy", "run")
            with ours.mirror(), target.connect() as connection:
                connection.execute(f"UPDATE changeover.control SET stage = '{stage}'")
                connection.execute("UPDATE changeover.rollout SET shadow_percent = 100")
                made = scene.Scene(database=source, key=scene.service_key())
                yield made, target.dsn_of(LOGIN), str(ours.place)


def _writes(
    key: str, target_dsn: str, url: str, file: Path
) -> tuple[list[list[float]], list[list[float]]]:
    numbers = count(time.time_ns())
    route = changeover.Route(source_url=url, state_file=str(file), poll_ms=200)
    times: tuple[list[list[float]], list[list[float]]] = ([], [])
    with (
        changeover.http_client(target_dsn, jwt_secret=scene.SECRET, route=route) as routed,
        changeover.http_client(target_dsn, jwt_secret=scene.SECRET) as target,
        httpx.Client(timeout=30) as network,
    ):
        ours = _writer(routed, url, key, "note")
        first, second = (_writer(http, url, key, "twice") for http in (network, target))

        def by_hand(number: int) -> None:
            first(number)
            second(number)

        _await_dual_write(ours, numbers)
        for _ in range(3):
            for place, call in enumerate((ours, by_hand)):
                writes = range(scale.count(WRITES, least=20))
                times[place].append([_seconds(call, next(numbers)) * 1000 for _ in writes])
    return times


def _writer(http: httpx.Client, url: str, key: str, table: str) -> Call:
    client = create_client(url, key, ClientOptions(httpx_client=http))
    return lambda number: client.table(table).insert({"id": number, "body": "n"}).execute()


def _await_dual_write(write: Call, numbers: Iterator[int]) -> None:
    """Write until the client has heard of the stage: its writes then wait for the mirror."""
    end = time.monotonic() + 1.0
    while time.monotonic() < end:
        write(next(numbers))


# ---- the other side says nothing -----------------------------------------------------------------


def _hanging() -> list[rig.Row]:
    """Return p99 of reads in `shadow`, every one of them sampled, while the target hangs."""
    rows = []
    with _move(Stage.SHADOW) as (source, target_dsn, place), scene.gateway(source) as near:
        far = scene.Delay(int(near.rpartition(":")[2]), FAR_MS)
        for where, url, rounds, calls in (
            ("", near, TAIL_ROUNDS, CALLS * 2),
            (f", source {FAR_MS:g} ms away", f"http://127.0.0.1:{far.port}", ROUNDS, CALLS),
        ):
            port = int(str(conninfo_to_dict(target_dsn)["port"]))
            between = scene.Delay(port, 0.0)
            dsn = make_conninfo(target_dsn, host="127.0.0.1", port=between.port)
            route = changeover.Route(source_url=url, state_file=str(Path(place, "shadow.json")))
            with (
                changeover.http_client(dsn, jwt_secret=scene.SECRET, route=route) as routed,
                _off_for_good(target_dsn, url, Path(place, "off.json")) as off,
            ):
                ours, peer = (_note_reader(http, url, source.key) for http in (routed, off))
                end = time.monotonic() + 3.0
                while time.monotonic() < end:
                    ours(1)
                between.hang()
                many = scale.count(calls, least=100)
                found = [_in_turns(ours, peer, many) for _ in range(rounds)]
            first, second = (
                [_percentile(some, 99) * 1000 for some in one] for one in zip(*found, strict=True)
            )
            title = f"p99 of a read in `shadow` while the target hangs{where} (goal 1.05)"
            rows.append(rig.row(title, "ms", first, second, "the same client in `off`"))
    return rows


@contextmanager
def _off_for_good(dsn: str, url: str, file: Path) -> Iterator[changeover.HttpClient]:
    """Give a client that stays in `off`, whatever the control tables of the move say."""
    route = changeover.Route(source_url=url, state_file=str(file))
    with patch.dict(os.environ, {STAGE_NAME: Stage.OFF}):
        http = changeover.http_client(dsn, jwt_secret=scene.SECRET, route=route)
    with http:
        yield http


def _note_reader(http: httpx.Client, url: str, key: str) -> Call:
    table = create_client(url, key, ClientOptions(httpx_client=http))
    return lambda number: table.table("note").select("*").eq("id", number).execute()


def _percentile(times: list[float], percent: int) -> float:
    return statistics.quantiles(times, n=100, method="inclusive")[percent - 1]
