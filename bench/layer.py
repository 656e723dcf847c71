"""The salon's 21 methods before and after: Supabase 20 ms away against PostgreSQL at hand.

Before is the official client over HTTP to a gateway that plays Supabase. After are the same client
on our transport, and the repositories. The three take turns on the same rows, a few calls at a
time: a call right after 20 ms of waiting would measure how the machine wakes up.
"""

import json
import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import httpx
import psycopg
from supabase import ClientOptions, create_client

import changeover
import layer_chart
import rig
import scene
from changeover.embedded import Database, Server, binaries, prepare_supabase
from changeover.embedded.supabase import SETTINGS
from salon import sample, schema
from salon.layer import DataLayer
from salon.sample import words

NETWORK_MS = 20.0
ROUNDS = 25
ROUNDS_MIN = 5
SECONDS_MAX = 80.0
CALLS_FAR = 4
CALLS_NEAR = 12
GOAL = 20.0
BATCH_ROWS = 10
BEFORE, CLIENT, REPOSITORIES = (
    "before: client over HTTP, 20 ms of network",
    "after: client on the transport",
    "after: repositories",
)
URL = "http://api.invalid"
TARGET = """
CREATE DATABASE salon TEMPLATE template0 OWNER owner
LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C.UTF-8'
"""
VISITS = """
INSERT INTO public.appointments_cache
  (yclients_record_id, company_id, client_id, appointment_datetime, status, cost,
   created_at, updated_at, synced_at)
SELECT 900000000 + g, %(company)s, %(client)s, %(now)s::timestamp + make_interval(days => g - 20),
  'confirmed', 1500, %(now)s, %(now)s, %(now)s
FROM generate_series(1, 40) AS g
"""

Call = Callable[[DataLayer], Any]
Times = dict[str, dict[str, list[float]]]


def measure() -> list[rig.Row]:
    """Return p50 of each method on each way; chart and all figures are kept beside the report."""
    with _layers() as layers:
        calls = {**_reads(), **_writes()}
        _require_equal(layers, _reads())
        times: Times = {name: {way: [] for way in layers} for name in calls}
        end = time.monotonic() + SECONDS_MAX
        for number in range(ROUNDS):
            if number >= ROUNDS_MIN and time.monotonic() > end:
                break
            for name, call in calls.items():
                for way, layer in layers.items():
                    times[name][way] += _block(call, layer, way)
    _draw(times)
    return [
        rig.row(_title(name, way), "ms", found[way], found[BEFORE], "before")
        for name, found in times.items()
        for way in (CLIENT, REPOSITORIES)
    ]


def _title(name: str, way: str) -> str:
    goal = f" (goal {1 / GOAL:g})" if name in _reads() else ""
    return f"{name}, {'transport' if way == CLIENT else 'repositories'}{goal}"


def _block(call: Call, layer: DataLayer, way: str) -> list[float]:
    """Return the milliseconds of some calls in a row; one before them is not counted."""
    call(layer)
    times = []
    for _ in range(CALLS_FAR if way == BEFORE else CALLS_NEAR):
        began = time.perf_counter()
        call(layer)
        times.append((time.perf_counter() - began) * 1000)
    return times


def _reads() -> dict[str, Call]:
    """Return a call of every method that reads; each finds something.

    The search is there twice: without a limit the server looks through all names on either side.
    """
    company, client = words.COMPANY, words.client_number(100)
    today = sample.REFERENCE.date().isoformat()
    given: dict[str, tuple[Any, ...]] = {
        "get_dialog_context": (words.client_phone(5),),
        "get_client_by_phone": (words.client_phone(100), company),
        "get_client_by_id": (client, company),
        "get_client_appointments": (client, company),
        "get_upcoming_appointments": (client, company),
        "search_clients_by_name": (company, words.FIRST_NAMES[0], 10),
        "search_clients_by_name, all": (company, words.FIRST_NAMES[0]),
        "get_staff_by_id": (words.staff_number(3), company),
        "get_staff_schedules": (company,),
        "get_staff_schedule": (words.staff_number(3), today),
        "get_services": (company,),
        "get_staff": (company,),
        "get_service_by_id": (words.service_number(3), company),
        "get_services_by_category": (company, 8003),
        "get_company": (company,),
        "health_check": (),
    }
    return {name: partial(_call, name.partition(",")[0], given[name]) for name in given}


def _writes() -> dict[str, Call]:
    """Return a call of every method that writes; each writes the same rows every time."""
    company = {"company_id": words.COMPANY}
    clients = [
        {**company, "yclients_id": n, "name": f"Ёлка {n}", "phone": words.client_phone(n)}
        for n in range(30_000_000, 30_000_000 + BATCH_ROWS)
    ]
    services = [
        {**company, "yclients_id": n, "title": f"Уход {n}", "price_min": 1500}
        for n in range(31_000_000, 31_000_000 + BATCH_ROWS)
    ]
    today = sample.REFERENCE.date()
    schedules = [
        {
            "staff_id": words.staff_number(0),
            "date": (today + timedelta(days=100 + n)).isoformat(),
            "staff_name": words.STAFF_NAMES[0],
            "is_working": True,
        }
        for n in range(BATCH_ROWS)
    ]
    given: dict[str, Any] = {
        "upsert_dialog_context": {"user_id": words.client_phone(500), "state": "choosing"},
        "upsert_client": clients[0],
        "upsert_clients": clients,
        "upsert_staff_schedules": schedules,
        "upsert_services": services,
        "upsert_company": {**company, "title": "Салон «Ёлки-палки»"},
    }
    return {name: partial(_call, name, (value,)) for name, value in given.items()}


def _call(name: str, values: tuple[Any, ...], layer: DataLayer) -> Any:
    return getattr(layer, name)(*values)


def _require_equal(layers: Mapping[str, DataLayer], reads: Mapping[str, Call]) -> None:
    """Refuse to measure ways that answer something else, or nothing."""
    for name, call in reads.items():
        answers = [call(layer) for layer in layers.values()]
        if name == "health_check":
            continue
        if not answers[0] or any(answer != answers[0] for answer in answers):
            raise SystemExit(f"{name}: the ways answer different things, or nothing")


@contextmanager
def _layers() -> Iterator[dict[str, DataLayer]]:
    """Run both servers and a gateway of the source, and open the three ways."""
    fast = rig.FAST_DISK
    with (
        Server.start(binaries(16), settings={**SETTINGS, **fast}) as old,
        Server.start(binaries(18), settings=fast) as new,
    ):
        source = scene.Scene(database=prepare_supabase(old).database, key=scene.service_key())
        target = scene.Scene(database=empty_target(new), key=source.key)
        with psycopg.connect(source.database.dsn, autocommit=True) as connection:
            schema.create_source(connection)
            _fill(connection)
        with psycopg.connect(target.database.dsn, autocommit=True) as connection:
            schema.create_target(connection)
            schema.create_history_partitions(connection, sample.MESSAGES_FROM)
            _fill(connection)
            connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA public TO service_role")
            connection.execute("GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO service_role")
        with (
            scene.gateway(source) as url,
            httpx.Client(timeout=30) as far,
            changeover.http_client(target.dsn, jwt_secret=scene.SECRET) as near,
            changeover.connect(target.database.dsn) as database,
        ):
            proxy = scene.Delay(int(url.rpartition(":")[2]), NETWORK_MS)
            distant = f"http://127.0.0.1:{proxy.port}"
            yield {
                BEFORE: _over_client(distant, source.key, far),
                CLIENT: _over_client(URL, target.key, near),
                REPOSITORIES: DataLayer.over_repositories(database, clock=_now),
            }
            proxy.close()


def _over_client(url: str, key: str, http: httpx.Client) -> DataLayer:
    client = create_client(url, key, ClientOptions(httpx_client=http))
    return DataLayer.over_client(client, clock=_now)


def _now() -> datetime:
    return sample.REFERENCE


def empty_target(server: Server) -> Database:
    """Return a new, empty database for the target, with the roles that it needs.

    Its locale is PostgreSQL's own: texts are in the order that they have on the source, and are
    put into lower case faster than by the C library.
    """
    with server.connect() as connection:
        connection.execute(scene.ROLES)
        connection.execute("ALTER ROLE owner LOGIN")
        connection.execute(TARGET)
    return Database(server=server, name="salon", owner="owner")


def _fill(connection: psycopg.Connection[Any]) -> None:
    sample.load(connection)
    values = {
        "company": words.COMPANY,
        "client": words.client_number(100),
        "now": sample.REFERENCE.replace(tzinfo=None),
    }
    connection.execute(VISITS, values)
    connection.execute("VACUUM ANALYZE")


def _draw(times: Times) -> None:
    """Keep the chart and all figures for the report's directory."""
    lines = [
        layer_chart.Line(
            name=name,
            ways={way: _spread(found) for way, found in ways.items()},
            speed_up=statistics.median(ways[BEFORE]) / statistics.median(ways[REPOSITORIES]),
        )
        for name, ways in times.items()
    ]
    first = next(iter(times.values()))
    note = (
        f"{len(first[BEFORE])} calls before and {len(first[CLIENT])} after, in turns; "
        "dot p50, mark p95, end of the bar p99; logarithmic"
    )
    title = "The salon's data layer before and after; at the right the speed-up by repositories"
    rig.keep("layer.svg", layer_chart.chart(title, note, lines))
    rig.keep("layer.json", json.dumps([asdict(line) for line in lines], indent=2) + "\n")


def _spread(found: list[float]) -> layer_chart.Spread:
    cuts = statistics.quantiles(found, n=100, method="inclusive")
    return layer_chart.Spread(
        p50=statistics.median(found), p95=cuts[94], p99=cuts[98], least=min(found)
    )
