"""What capture and an open fence cost the writer, beside the same database without them.

Whole transactions of pgbench, with commits that wait for the disk and with such that don't; and one
statement alone, since that is what the price is paid for.
"""

import re
import tempfile
from collections.abc import Mapping
from pathlib import Path

import rig
import scale
from changeover.embedded import Database
from changeover.transfer import capture
from changeover.transfer.trigger import CAPTURE_TRIGGERS, TRUNCATE_TRIGGER

ROUNDS = 3
SECONDS = 8
CLIENTS = (2, 8)
COMMITS = ("on", "off")
ROWS = 100_000
STATEMENTS = {
    "UPDATE": "UPDATE public.item SET number = number + 1 WHERE id = :id",
    "INSERT": "INSERT INTO public.entry (number) VALUES (:id)",
    "UPDATE of 100 rows": (
        "UPDATE public.item SET number = number + 1 WHERE id > :id AND id <= :id + 100"
    ),
}
TABLES = (
    "CREATE TABLE public.item (id int PRIMARY KEY, number int) WITH (fillfactor = 50)",
    "CREATE TABLE public.entry (id bigserial PRIMARY KEY, number int)",
)
_RATE = re.compile(r"tps = ([0-9.]+)")
_LATENCY = re.compile(r"latency average = ([0-9.]+) ms")


def measure() -> list[rig.Row]:
    """Return transactions/s and µs per statement: captured, only fenced, and bare."""
    with rig.servers() as (source, target):
        _create(source, target)
        plain = source.clone("plain")
        with rig.move_of(source, target) as move:
            capture.install(move)
            fenced = source.clone("fenced")
            _leave_the_fence_alone(fenced)
            rows = [
                _compare(source, plain, clients, commit)
                for commit in COMMITS
                for clients in CLIENTS
            ]
            for name, statement in STATEMENTS.items():
                rows += _statement(name, statement, (source, fenced, plain))
    return rows


def _create(source: Database, target: Database) -> None:
    for database in (source, target):
        rig.pgbench(
            database, "-i", "-q", "-s", "10", *(() if database is source else ("-I", "dtp"))
        )
        with database.connect() as one:
            one.execute("ALTER TABLE pgbench_history ADD id bigserial PRIMARY KEY")
            for statement in TABLES:
                one.execute(statement)
    with source.connect() as one:
        one.execute(
            "INSERT INTO public.item SELECT g, 0 FROM generate_series(1, %s) AS g", (ROWS + 100,)
        )
        one.execute("VACUUM ANALYZE")


def _leave_the_fence_alone(database: Database) -> None:
    """Take off what captures, so that the open fence is all that is left."""
    with database.connect() as one:
        for table in ("item", "entry"):
            for name in (*CAPTURE_TRIGGERS.values(), TRUNCATE_TRIGGER):
                one.execute(f"DROP TRIGGER {name} ON public.{table}")


def _compare(captured: Database, plain: Database, clients: int, commit: str) -> rig.Row:
    words = ["-n", "-c", str(clients), "-j", "2", "-T", f"{scale.seconds(SECONDS):.0f}"]
    words += ["-M", "prepared"]
    setting = {"PGOPTIONS": f"-c synchronous_commit={commit}"}
    ours, theirs = [], []
    for _ in range(ROUNDS):
        theirs.append(_figure(_RATE, rig.pgbench(plain, *words, environment=setting)))
        ours.append(_figure(_RATE, rig.pgbench(captured, *words, environment=setting)))
        _empty_log(captured)
    name = f"capture, pgbench, {clients} clients, synchronous_commit {commit} (goal 0.85)"
    return rig.row(name, "transactions/s", ours, theirs, "without capture")


def _statement(
    name: str, statement: str, databases: tuple[Database, Database, Database]
) -> list[rig.Row]:
    """Compare one statement, by one client whose commits don't wait for the disk."""
    captured, fenced, plain = databases
    setting = {"PGOPTIONS": "-c synchronous_commit=off"}
    times: dict[str, list[float]] = {one.name: [] for one in databases}
    with tempfile.NamedTemporaryFile("w", prefix="changeover-bench-") as script:
        script.write(f"\\set id random(1, {ROWS})\n{statement};\n")
        script.flush()
        for _ in range(ROUNDS):
            for one in databases:
                times[one.name].append(_latency_us(one, Path(script.name), setting))
            _empty_log(captured)
    bare = times[plain.name]
    return [
        rig.row(f"{what}, {name}", "µs", times[one.name], bare, "bare")
        for what, one in (("captured", captured), ("open fence alone", fenced))
    ]


def _latency_us(database: Database, script: Path, setting: Mapping[str, str]) -> float:
    seconds = f"{scale.seconds(SECONDS):.0f}"
    words = ("-n", "-c", "1", "-T", seconds, "-M", "prepared", "-f", str(script))
    return 1000 * _figure(_LATENCY, rig.pgbench(database, *words, environment=setting))


def _empty_log(captured: Database) -> None:
    with captured.connect() as connection:
        connection.execute("TRUNCATE changeover.change")


def _figure(pattern: re.Pattern[str], printed: str) -> float:
    found = pattern.search(printed)
    if found is None:
        raise SystemExit("pgbench did not print what it should")
    return float(found.group(1))
