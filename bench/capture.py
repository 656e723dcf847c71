"""What capture and an open fence cost the writer, beside the same database without them.

Whole transactions of pgbench, with commits that wait for the disk and with such that don't; and one
statement alone, since that is what the price is paid for.
"""

import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import msgspec
import psycopg

import rig
import scale
from changeover.embedded import Database
from changeover.model.settings import MoveSettings
from changeover.transfer import capture
from changeover.transfer.trigger import CAPTURE_TRIGGERS, FENCE_TRIGGER, TRUNCATE_TRIGGER

ROUNDS = 3
SECONDS = 8
CLIENTS = (2, 8)
COMMITS = ("on", "off")
ROWS = 100_000
CALLS = 4_000
WARM_UP = 50
STATEMENT_ROUNDS = 9
CAPTURED, BY_ROW = "captured", "captured by row triggers"
FENCED, BARE = "open fence alone", "bare"
KEYED, UNFENCED = "tried: replaced keys apart", "tried: no fence before the statement"
STATEMENTS = {
    "UPDATE": "UPDATE public.item SET number = number + 1 WHERE id = %(id)s",
    "INSERT": "INSERT INTO public.entry (number) VALUES (%(id)s)",
    "UPDATE of 100 rows": (
        "UPDATE public.item SET number = number + 1 WHERE id > %(id)s AND id <= %(id)s + 100"
    ),
}
TABLES = (
    "CREATE TABLE public.item (id int PRIMARY KEY, number int) WITH (fillfactor = 50)",
    "CREATE TABLE public.entry (id bigserial PRIMARY KEY, number int)",
)
OLD_KEY = """
CREATE FUNCTION public.old_key() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  'BEGIN INSERT INTO changeover.change (table_id, key) VALUES (1, OLD.id::text); RETURN NULL; END'
"""
_OLD_KEYS = re.compile(
    r"SELECT [0-9]+, CAST\(o\.\S+ AS pg_catalog\.text\) FROM old_rows AS o UNION "
)
_RATE = re.compile(r"tps = ([0-9.]+)")


def measure() -> list[rig.Row]:
    """Return transactions/s and µs per statement: captured, only fenced, and bare."""
    with rig.servers() as (source, target):
        _create(source, target)
        plain, by_row = source.clone("plain"), source.clone("by_row")
        other = target.clone("other")
        with rig.move_of(source, target) as move, rig.move_of(by_row, other) as second:
            capture.install(move)
            capture.install(_row_capture(second))
            fenced = source.clone("fenced")
            keyed, unfenced = source.clone("keyed"), source.clone("unfenced")
            _leave_the_fence_alone(fenced)
            _log_replaced_keys_apart(keyed)
            _drop_triggers(unfenced, FENCE_TRIGGER)
            rows = [
                _compare(source, plain, clients, commit)
                for commit in COMMITS
                for clients in CLIENTS
            ]
            variants = {CAPTURED: source, BY_ROW: by_row, FENCED: fenced, BARE: plain}
            variants |= {KEYED: keyed, UNFENCED: unfenced}
            for name, statement in STATEMENTS.items():
                rows += _statement(name, statement, variants)
    return rows


def _row_capture(move: rig.Move) -> rig.Move:
    """Return the same move with capture per row instead of per statement."""
    chosen = MoveSettings(row_capture=("public.item", "public.entry"))
    return replace(move, settings=msgspec.structs.replace(move.settings, move=chosen))


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
    _drop_triggers(database, *CAPTURE_TRIGGERS.values(), TRUNCATE_TRIGGER)


def _log_replaced_keys_apart(database: Database) -> None:
    """Let the UPDATE's trigger look at new rows alone, and one more at each row's key.

    Spares the union of both, which is the dearest part of a statement that updates one row.
    """
    update = CAPTURE_TRIGGERS["UPDATE"]
    with database.connect() as one:
        one.execute(OLD_KEY)
        for function, trigger, table in one.execute(
            "SELECT pg_get_functiondef(tgfoid), pg_get_triggerdef(oid), tgrelid::regclass::text"
            " FROM pg_trigger WHERE tgname = %s AND tgrelid = ANY (%s::regclass[])",
            (update, ["public.item", "public.entry"]),
        ).fetchall():
            one.execute(_OLD_KEYS.sub("", function))
            one.execute(f"DROP TRIGGER {update} ON {table}")
            one.execute(trigger.replace("OLD TABLE AS old_rows ", ""))
            one.execute(
                f"CREATE TRIGGER key AFTER UPDATE ON {table} FOR EACH ROW"
                " WHEN (OLD.id <> NEW.id) EXECUTE FUNCTION public.old_key()"
            )


def _drop_triggers(database: Database, *names: str) -> None:
    with database.connect() as one:
        for table in ("item", "entry"):
            for name in names:
                one.execute(f'DROP TRIGGER "{name}" ON public.{table}')


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


def _statement(name: str, statement: str, databases: Mapping[str, Database]) -> list[rig.Row]:
    """Compare one statement by the processor's time of the session that runs it.

    That time says the same on a busy machine; the time on the clock doesn't.
    """
    times: dict[str, list[float]] = {variant: [] for variant in databases}
    for _ in range(STATEMENT_ROUNDS):
        for variant, one in databases.items():
            times[variant].append(_cpu_us(one, statement))
    for variant, one in databases.items():
        if variant not in (FENCED, BARE):
            _empty_log(one)
    bare = times.pop(BARE)
    rows = [
        rig.row(f"{variant}, {name}, server CPU", "µs", found, bare, "bare")
        for variant, found in times.items()
    ]
    cost = [mine - theirs for mine, theirs in zip(times[CAPTURED], bare, strict=True)]
    return [*rows, rig.row(f"cost of capture, {name}", "µs", cost, [], "")]


def _cpu_us(database: Database, statement: str) -> float:
    count = scale.count(CALLS, least=200)
    with psycopg.connect(database.dsn, autocommit=True, prepare_threshold=0) as connection:
        connection.execute("SET synchronous_commit = off")
        pid = connection.info.backend_pid
        for number in range(WARM_UP):
            connection.execute(statement, {"id": 1 + number})
        before = _on_cpu_ns(pid)
        for number in range(count):
            connection.execute(statement, {"id": 1 + number * 7919 % ROWS})
        return (_on_cpu_ns(pid) - before) / count / 1000


def _on_cpu_ns(pid: int) -> int:
    """Return how long a process has run. Source: Documentation/scheduler/sched-stats.rst."""
    return int(Path(f"/proc/{pid}/schedstat").read_text().split()[0])


def _empty_log(captured: Database) -> None:
    with captured.connect() as connection:
        connection.execute("TRUNCATE changeover.change")


def _figure(pattern: re.Pattern[str], printed: str) -> float:
    found = pattern.search(printed)
    if found is None:
        raise SystemExit("pgbench did not print what it should")
    return float(found.group(1))
