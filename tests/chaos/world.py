"""Two servers, a move between two of their databases, and the processes around it."""

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count

import judgement
import psycopg
from application import ROWS, SCHEMA
from child import HERE, LIMIT_S, Child, WriterChild, await_
from proxy import FaultProxy
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from runner import build, settings_of

from changeover.control.swap import Kind
from changeover.embedded import Database, Server, binaries, prepare_supabase, prepare_target
from changeover.embedded.supabase import SETTINGS
from changeover.model.fault import Hooks
from changeover.transfer import capture
from changeover.transfer.copy import copy
from salon.demo import ledger

WRITERS = 4
OPERATORS_MAX = 6
SAFE = {"fsync": True, "synchronous_commit": "on", "shared_buffers": "64MB"}
"""Acknowledged means a COMMIT of servers that keep their promises to the disk."""
QUICK = {
    "mirror": {
        "tick_ms": 10,
        "heartbeat_ms": 200,
        "marker_age_ms_max": 60_000,
        "round_timeout_s": 4,
        "lock_timeout_ms": 1000,
    },
    "swap": {"deadline_s": 20.0, "drain_s": 10.0, "lock_timeout_ms": 1500},
    "copy": {"workers": 2, "range_rows": 500},
}
_numbers = count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """The two servers of all worlds of a worker, and empty templates on them."""

    source: Server
    target: Server
    source_template: Database
    target_template: Database


@contextlib.contextmanager
def start_servers():
    """Start both servers, with fsync."""
    with (
        Server.start(binaries(16), settings={**SETTINGS, **SAFE}) as source,
        Server.start(binaries(18), settings=SAFE) as target,
    ):
        yield Servers(
            source=source,
            target=target,
            source_template=prepare_supabase(source, name="supabase_template").database,
            target_template=prepare_target(target, createrole=True, replication_role_grant=True),
        )


class World:
    """A move under load."""

    def __init__(self, directory, servers, *, is_proxied=False, rate_per_s=15.0, rows=0):
        """Make databases, proxies if wanted, and the tables; nothing runs yet."""
        self.directory = directory
        self.servers = servers
        self.children = []
        self.writers = []
        self.records_from = []
        self._rate_per_s = rate_per_s
        self._names = count(1)
        self._exits = contextlib.ExitStack()
        number = next(_numbers)
        self.databases = {
            "source": servers.source_template.clone(f"chaos_{number}"),
            "target": servers.target_template.clone(f"chaos_{number}"),
        }
        self.proxies = {}
        if is_proxied:
            for who in ("ours", "writers"):
                for side, server in (("source", servers.source), ("target", servers.target)):
                    self.proxies[who, side] = self._exits.enter_context(FaultProxy(server.port))
        self._make_tables(rows)
        self.ours = self._configure("ours")
        self.theirs = self._configure("writers")
        self.direct = self._configure("direct")
        self.daemon = None

    def _make_tables(self, rows):
        for side, database in self.databases.items():
            with database.connect() as session:
                session.execute(SCHEMA)
                if side == "source":
                    session.execute(ROWS)
                    session.execute(
                        "INSERT INTO public.ledger_write (writer, number, note)"
                        " SELECT 0, g, repeat('старое ', 20) FROM generate_series(1, %s) AS g",
                        (rows,),
                    )
                    session.execute(
                        "UPDATE public.twin_a SET n = %s WHERE writer = 0", (rows // 5,)
                    )
                    session.execute(
                        "UPDATE public.twin_b SET n = %s WHERE writer = 0", (rows // 5,)
                    )
        self.old_rows = rows

    def _configure(self, who):
        """Write the files that a process finds its databases by."""
        config = {"state_directory": str(self.directory / "state"), "settings": QUICK}
        for side, database in self.databases.items():
            dsn = database.dsn
            if (who, side) in self.proxies:
                port = self.proxies[who, side].port
                dsn = make_conninfo(dsn, port=port, sslmode="disable", gssencmode="disable")
            assert conninfo_to_dict(dsn)["dbname"] == database.name
            path = self.directory / f"{who}-{side}.dsn"
            path.write_text(dsn, encoding="utf-8")
            path.chmod(0o600)
            config[side] = str(path)
        path = self.directory / f"{who}.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    # ---- life -----------------------------------------------------------------------------------

    def install(self):
        """Install capture."""
        config = json.loads(self.direct.read_text(encoding="utf-8"))
        move = build(config, Hooks(), settings_of(config, None))
        capture.install(move)
        return move

    def open(self):
        """Install capture, copy, start everything and wait until the mirror flows."""
        move = self.install()
        with ThreadPoolExecutor(2) as executor:
            copy(move, executor=executor)
        self.start_daemon()
        self.start_writers()
        self.start_watcher()
        self.await_progress()
        return self

    def close(self):
        """End everything that was started and drop the databases."""
        for child in reversed(self.children):
            child.kill()
        self._exits.close()
        for database in self.databases.values():
            if database.server.is_running:
                database.drop()

    def story(self):
        """Return what the processes said last."""
        return "\n".join(f"{child.log.name}: {child.tail()}" for child in self.children)

    def _child(self, script, *arguments, arm=None, kind=Child):
        name = f"{next(self._names)}-{script}-{'-'.join(map(str, arguments[-1:]))}"[:60]
        name = name.replace("/", "_")
        mark = None
        given = [HERE / f"{script}.py", *arguments]
        if arm:
            mark = self.directory / f"{name}.mark"
            given[1:1] = ["--arm", json.dumps({**arm, "mark": str(mark)})]
        if kind is WriterChild:
            child = WriterChild(given, self.directory / f"{name}.log")
        else:
            child = Child(given, self.directory / f"{name}.log", mark)
        self.children.append(child)
        return child

    def start_daemon(self, arm=None):
        """Start a mirror daemon; it becomes the one that `end` and `restart` mean."""
        self.daemon = self._child("runner", "--config", self.ours, "daemon", arm=arm)
        return self.daemon

    def restart_daemon(self, arm=None):
        """End the daemon and start another, as a supervisor would."""
        if self.daemon is not None:
            self.daemon.end()
        return self.start_daemon(arm)

    def start_operator(self, *kinds, arm=None, deadline_s=None):
        """Start an operator who swaps."""
        deadline = ["--deadline-s", str(deadline_s)] if deadline_s else []
        return self._child(
            "runner", "--config", self.ours, *deadline, "swap", *map(str, kinds), arm=arm
        )

    def reach(self, kind, arm, deadline_s):
        """Start operators until one comes to its point.

        A slow machine drives some back before; a drain that finds nothing passes some points by.
        """
        for _ in range(OPERATORS_MAX):
            operator = self.start_operator(kind, arm=arm, deadline_s=deadline_s)
            await_(
                lambda one=operator: one.mark.exists() or not one.is_running,
                lambda one=operator: f"neither there nor over: {one.tail()}",
            )
            if operator.mark.exists():
                return operator
            assert operator.outcome()["outcome"] in {"refused", "done"}, operator.tail()
            self.await_no_swap()
            self.bring(kind)
        raise AssertionError(f"{OPERATORS_MAX} operators did not come to {arm['point']}")

    def start_copy(self):
        """Start a copy."""
        return self._child("runner", "--config", self.ours, "copy")

    def start_writers(self, many=WRITERS):
        """Start the writers."""
        config = json.loads(self.theirs.read_text(encoding="utf-8"))
        for writer in range(1, many + 1):
            path = self.directory / f"writer-{writer}.json"
            ledger_file = self.directory / f"ledger-{writer}.jsonl"
            ledger_file.touch()
            self.records_from.append(ledger_file)
            path.write_text(
                json.dumps(
                    {
                        "source": config["source"],
                        "target": config["target"],
                        "writer": writer,
                        "ledger_file": str(ledger_file),
                        "rate_per_s": self._rate_per_s,
                        "swap_wait_s_max": 30.0,
                    }
                )
            )
            self.writers.append(self._child("writer", path, kind=WriterChild))

    def start_watcher(self):
        """Start the reader of the twin tables; it goes past the proxies."""
        config = json.loads(self.direct.read_text(encoding="utf-8"))
        self.sightings = self.directory / "sightings.json"
        path = self.directory / "watcher.json"
        path.write_text(
            json.dumps(
                {
                    "source": config["source"],
                    "target": config["target"],
                    "sightings_file": str(self.sightings),
                }
            )
        )
        self._child("watcher", path)

    # ---- looking --------------------------------------------------------------------------------

    @contextlib.contextmanager
    def sessions(self):
        """Give a session of the owner on each side, past the proxies."""
        with (
            self.databases["source"].connect() as source,
            self.databases["target"].connect() as target,
        ):
            yield source, target

    def ask_target(self, query):
        """Return the first value of a query on the target."""
        with self.databases["target"].connect() as session:
            return session.execute(query).fetchone()[0]

    @property
    def primary(self):
        """The side that the control row names."""
        return self.ask_target("SELECT primary_side FROM changeover.control")

    @property
    def decided(self):
        """How many swaps were decided."""
        return self.ask_target("SELECT count(*) FROM changeover.swap WHERE decided_at IS NOT NULL")

    def records(self):
        """Return the writers' ledgers."""
        return ledger.read(self.records_from)

    def await_no_swap(self, limit_s=LIMIT_S):
        """Wait until no swap is under way."""
        query = "SELECT count(*) FROM changeover.swap WHERE finished_at IS NULL"
        await_(
            lambda: self.ask_target(query) == 0,
            lambda: f"swap is not over; daemon: {self.daemon.tail()}",
            limit_s,
        )

    def await_progress(self, limit_s=LIMIT_S):
        """Wait until every writer has been acknowledged once more, after now."""
        now = time.monotonic()

        def have_all():
            writers = {
                record.writer
                for record in self.records()
                if record.state == ledger.Outcome.ACKNOWLEDGED and record.monotonic_s > now
            }
            return len(writers) == len(self.writers)

        await_(have_all, lambda: f"writers do not go on; daemon: {self.daemon.tail()}", limit_s)

    def bring(self, kind):
        """Swap forth or back until a swap of this kind is possible."""
        for _ in range(5):
            if self.primary == str(kind.old_primary):
                return
            other = Kind.ROLLBACK if kind is Kind.CUTOVER else Kind.CUTOVER
            self.start_operator(other).wait()
            self.await_no_swap()
        raise AssertionError("the authority could not be brought to the other side")

    # ---- judging --------------------------------------------------------------------------------

    def hold_writers(self):
        """Hold the writers between two writes."""
        for word in self.writers:
            word.say("hold")
        for writer in self.writers:
            writer.await_answer()

    def release_writers(self):
        """Let them go on."""
        for writer in self.writers:
            writer.say("go")
        for writer in self.writers:
            writer.await_answer()

    def await_drained(self):
        """Wait until neither log holds a key of the application."""
        query = "SELECT count(*) FROM changeover.change WHERE table_id > 0"

        def is_empty():
            with self.sessions() as (source, target):
                return all(one.execute(query).fetchone()[0] == 0 for one in (source, target))

        await_(is_empty, lambda: f"logs not empty; daemon: {self.daemon.tail()}")

    def judge(self):
        """Assert all that must hold after any fault; writers go on afterwards."""
        self.await_no_swap()
        self.await_progress()
        await_(self.sightings.exists, "the reader of the twins has looked")
        judgement.read_sightings(self.sightings)
        self.hold_writers()
        self.await_drained()
        records = self.records()
        with self.sessions() as (source, target):
            judgement.assert_one_authority(source, target)
            judgement.assert_equal(source, target)
            for side, session in (("source", source), ("target", target)):
                judgement.assert_invariants(session, side)
            old = [
                ledger.Record(writer=0, number=n, state=state, monotonic_s=0, wall_s=0)
                for n in range(1, self.old_rows + 1)
                for state in ("intended", "acknowledged")
            ]
            judged = judgement.judge_ledger([*old, *records], source, target)
            judgement.assert_no_second_authority(records, target)
            self._await_balance(source, target)
        looks = judgement.read_sightings(self.sightings)
        self.release_writers()
        return judgement.Verdict(
            acknowledged=judged.acknowledged,
            unknown=judged.unknown,
            unknown_present=judged.unknown_present,
            failed=len(judged.failed),
            looks=looks,
        )

    def _await_balance(self, source, target):
        """The daemon's markers make batches all the time: one may be under way at a look."""
        troubles = []

        def is_balanced():
            try:
                judgement.assert_balanced(source, target)
            except AssertionError as error:
                troubles.append(error)
                return False
            return True

        await_(is_balanced, lambda: f"books do not balance: {troubles[-1]}", 20)


def reachable(database):
    """Return whether a database accepts connections."""
    try:
        database.connect().close()
    except psycopg.OperationalError:
        return False
    return True
