"""A move under the load of clients that route: official clients, their source behind an HTTP API.

What `world.py` has, with an application of lists instead of the writers' ledger.
"""

import contextlib
import json
import signal
from concurrent.futures import ThreadPoolExecutor
from itertools import count

from child import HERE, LIMIT_S, Child, await_
from dependency import check
from gateway_process import JWT_SECRET, gateway_process, token
from http_proxy import HttpFaultProxy
from list_application import MORE, SCHEMA, keys_of
from psycopg.conninfo import make_conninfo
from recording import Follower, history_of
from world import World

from changeover.model.routing_settings import RoutingSettings
from changeover.model.side import Side
from changeover.transfer.copy import copy

MARKER_AGE_MS_MAX = 3000
CLIENT_EXPIRY_S = 3.0
TRIALS_MAX = 25
CLIENTS = {
    "sync": {},
    "async": {"is_async": True},
    "other": {"lanes": 1},
    "gateway": {"way": "gateway", "lanes": 1},
}
NUMBERS = 10_000_000
"""Each process counts its calls and values from a multiple of this."""
ROUTE = {
    "poll_ms": 100,
    "read_timeout_ms": 500,
    "mirror_wait_ms_max": 2000,
    "breaker_failures": 3,
    "breaker_probe_ms": 100,
    "unknown_wait_s": 1.0,
    # Troubles are planted here by the dozen; guard rails have tests of their own.
    "guard_error_rate_max": 1.0,
    "guard_latency_ratio_max": 1e6,
}
ROLES = """
DO $$
DECLARE
  name text;
BEGIN
  FOREACH name IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'authenticator'] LOOP
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
      EXECUTE format('CREATE ROLE %I NOINHERIT', name);
    END IF;
  END LOOP;
END $$;
ALTER ROLE authenticator LOGIN;
ALTER ROLE service_role BYPASSRLS;
GRANT anon, authenticated, service_role TO authenticator;
"""


class ClientChild(Child):
    """A client process; it answers each word when it has obeyed."""

    def __init__(self, arguments, log, record):
        super().__init__(arguments, log)
        self.record = Follower(record)
        self._words = 0

    def say(self, **word):
        """Give it a word without waiting for the answer."""
        self._process.stdin.write(f"{json.dumps(word)}\n".encode())
        self._process.stdin.flush()
        self._words += 1

    def await_answer(self):
        """Wait until it has obeyed all words."""
        await_(
            lambda: self.log.read_text().count("> done") >= self._words or not self.is_running,
            lambda: f"client does not answer: {self.tail()}",
        )
        assert self.is_running, self.tail()


class RoutedWorld(World):
    """A move whose application routes."""

    def __init__(self, directory, servers, *, seed=0):
        """Make databases, proxies, tables and the source's API; no client runs yet."""
        super().__init__(directory, servers, is_proxied=True)
        self._seed = seed
        self._processes = count(1)
        self._run = 0
        self.keys = keys_of(0)
        self.clients = {}
        self._started = {}
        self._gateways = {}
        self.records = []
        self.kill_file = directory / "kill"
        self.api = self._exits.enter_context(
            gateway_process(
                self.databases["source"].dsn_of("authenticator"), self._place("source-api")
            )
        )
        port = int(self.api.url.rsplit(":", 1)[1])
        self.http = self._exits.enter_context(HttpFaultProxy(port))
        self.url = f"http://127.0.0.1:{self.http.port}"
        self.target_dsn = self._write_target_dsn()

    def _place(self, name):
        place = self.directory / name
        place.mkdir()
        return place

    def _make_tables(self, rows):
        with self.servers.target.connect() as session:
            session.execute(ROLES)
        for side, database in self.databases.items():
            with database.connect() as session:
                session.execute(SCHEMA)
                if side == "source":
                    session.execute(MORE, (keys_of(0),))
        self.old_rows = rows

    def _configure(self, who):
        path = super()._configure(who)
        config = json.loads(path.read_text(encoding="utf-8"))
        config["settings"] = {
            **config["settings"],
            "mirror": {**config["settings"]["mirror"], "marker_age_ms_max": MARKER_AGE_MS_MAX},
            "routing": {"roles": ["authenticator"], "client_expiry_s": CLIENT_EXPIRY_S},
        }
        path.write_text(json.dumps(config), encoding="utf-8")
        return path

    def _write_target_dsn(self):
        """The login of the application, through the proxy of the application."""
        dsn = make_conninfo(
            self.databases["target"].dsn_of("authenticator"),
            port=self.proxies["writers", "target"].port,
            sslmode="disable",
            gssencmode="disable",
        )
        path = self.directory / "application.dsn"
        path.write_text(dsn, encoding="utf-8")
        path.chmod(0o600)
        return path

    def open(self):
        """Install capture, copy, start the mirror and four clients, and wait until they go on."""
        move = self.install()
        with ThreadPoolExecutor(2) as executor:
            copy(move, executor=executor)
        self.start_daemon()
        for name, given in CLIENTS.items():
            self.start_client(name, **given)
        self.await_progress()
        return self

    # ---- clients --------------------------------------------------------------------------------

    def start_client(self, name, *, is_async=False, way="transport", route=None, lanes=2, **more):
        """Start a client process, or another in its place."""
        self._started[name] = {
            "is_async": is_async,
            "way": way,
            "route": route,
            "lanes": lanes,
            **more,
        }
        number = next(self._processes)
        process = f"{name}-{number}"
        url = self._start_gateway(name, process) if way == "gateway" else self.url
        record = self.directory / f"{process}.jsonl"
        record.touch()
        config = {
            "process": process,
            "way": way,
            "is_async": is_async,
            "url": url,
            "key": token("service_role"),
            "jwt_secret": JWT_SECRET,
            "dsn_file": str(self.target_dsn),
            "state_file": str(self.state_file(name)),
            "record_file": str(record),
            "first": number * NUMBERS,
            "keys": self.keys,
            "lanes": lanes,
            "pause_s": 0.1,
            "is_reader": False,
            "seed": f"{self._seed}-{number}",
            "route": {**ROUTE, "kill_file": str(self.kill_file), **(route or {})},
            **more,
        }
        path = self.directory / f"{process}.json"
        path.write_text(json.dumps(config), encoding="utf-8")
        child = ClientChild(
            [HERE / "list_client.py", path], self.directory / f"{process}.log", record
        )
        self.children.append(child)
        self.records.append(child.record)
        self.clients[name] = child
        return child

    def _start_gateway(self, name, process):
        """Start a gateway that routes, in the place of the one that a client had; return its URL.

        A client and its gateway are killed together: what the gateway knew of its writes is gone.
        """
        if name in self._gateways:
            self._gateways[name].stop(signal.SIGKILL)
        settings = {
            "source_url": f"{self.url}/rest/v1",
            "kill_file": str(self.kill_file),
            "state_file": str(self.state_file(name)),
            **{key: value for key, value in ROUTE.items() if hasattr(RoutingSettings(), key)},
        }
        lines = [f"{key} = {json.dumps(value)}" for key, value in settings.items()]
        gateway = self._exits.enter_context(
            gateway_process(
                self.target_dsn.read_text(encoding="utf-8"),
                self._place(process),
                table="\n".join(["[routing]", *lines]),
            )
        )
        self._gateways[name] = gateway
        return gateway.url

    def state_file(self, name):
        """Return where a client keeps the last known state."""
        return self.directory / f"{name}.state"

    @property
    def routed(self):
        """The clients that route in their own process, and so know which side has answered."""
        return [name for name, given in self._started.items() if given["way"] == "transport"]

    def end_clients(self, names):
        """End clients for good."""
        for name in names:
            self.clients.pop(name).kill()
            del self._started[name]

    def start_again(self, name):
        """Start a client as it was started before."""
        return self.start_client(name, **self._started[name])

    def tell(self, **word):
        """Tell all clients something and wait until they have obeyed."""
        for child in self.clients.values():
            child.say(**word)
        for child in self.clients.values():
            child.await_answer()

    def calls(self, names=None):
        """Return what is known of the calls of the running clients, by client."""
        return {name: self.clients[name].record.calls() for name in names or self.clients}

    def await_calls(self, conditions, what, names=None, limit_s=LIMIT_S):
        """Wait until each client has sent calls after now that are as wished.

        Args:
            conditions: What a call must be, or several that calls must be.
            what: The same in words.
            names: The clients; None for all.
            limit_s: The longest wait, in seconds.
        """
        before = {name: len(calls) for name, calls in self.calls(names).items()}
        wished = conditions if isinstance(conditions, tuple) else (conditions,)

        def have_all():
            for name, calls in self.calls(names).items():
                later = calls[before[name] :]
                if not all(any(map(condition, later)) for condition in wished):
                    return False
            return True

        await_(have_all, lambda: f"{what}: {self.story()}", limit_s)

    def await_progress(self, limit_s=LIMIT_S):
        """Wait until each client has written and read once more."""
        self.await_calls((is_write, is_read), "clients do not go on", limit_s=limit_s)

    def story(self):
        """Return what the processes and the control tables said last."""
        with self.databases["target"].connect() as session:
            told = session.execute(
                "SELECT at, what, detail FROM changeover.event ORDER BY event_id DESC LIMIT 12"
            ).fetchall()
            rollout = session.execute("SELECT * FROM changeover.rollout").fetchall()
            clients = session.execute(
                "SELECT name, stage, side, breaker, queued, clock_timestamp() - polled_at"
                " FROM changeover.client"
            ).fetchall()
        return "\n".join([super().story(), *map(str, (*told, *rollout, *clients))])

    def await_reads(self):
        """Wait until each client has been answered a read that it has sent after now."""
        self.await_calls(is_read, "clients do not read")

    # ---- one history ----------------------------------------------------------------------------

    def begin_history(self):
        """Give the clients lists that nobody has touched."""
        self._run += 1
        keys = keys_of(self._run)
        with self.databases[self.primary].connect() as session:
            session.execute(MORE, (keys,))
        await_(lambda: all(len(self._lists(side, keys)) == len(keys) for side in Side), "lists")
        self.keys = keys
        self.tell(keys=keys)

    def _lists(self, side, keys):
        query = "SELECT key, items FROM public.list WHERE key = ANY (%s)"
        with self.databases[str(side)].connect() as session:
            found = session.execute(query, (keys,)).fetchall()
        return {key: tuple(items) for key, items in found}

    def history(self):
        """Hold the clients, let both sides become equal, and return what they were told."""
        self.tell(hold=True)
        self.await_no_swap()
        self.await_drained()
        lists = [self._lists(side, self.keys) for side in Side]
        assert lists[0] == lists[1], "both sides are equal"
        calls = [call for record in self.records for call in record.calls()]
        found = history_of(calls, lists[0], age_s_max=MARKER_AGE_MS_MAX / 1000)
        self.tell(hold=False)
        return found


def is_read(call):
    """Whether a call is a read that was answered."""
    return call.get("outcome") == "ok" and not call["is_write"]


def is_write(call):
    """Whether a call is a write that was acknowledged."""
    return call.get("outcome") == "ok" and call["is_write"]


def is_read_of(side):
    """Return a condition: a read that a side has answered."""
    return lambda call: is_read(call) and call.get("side") == side


def assert_good(history):
    """Assert that nothing is wrong with a history."""
    anomalies = check(history)
    assert not anomalies, "\n".join(map(str, anomalies[:10]))


class RoutedStage:
    """Holds the world of the moment; one that a test left broken, or that is old, is replaced."""

    def __init__(self, servers, factory):
        self._servers = servers
        self._factory = factory
        self._world = None
        self._trials = 0

    @contextlib.contextmanager
    def world(self):
        """Give a world with clients in it; it is kept if the block ends well."""
        if self._world is None or self._trials >= TRIALS_MAX:
            self.close()
            self._world = RoutedWorld(self._factory.mktemp("routed"), self._servers)
            self._trials = 0
            try:
                self._world.open()
            except BaseException:
                self._end_badly()
                raise
        self._trials += 1
        try:
            yield self._world
        except BaseException:
            self._end_badly()
            raise

    def _end_badly(self):
        print(self._world.story())  # noqa: T201 - shown with a failure
        self.close()

    def close(self):
        """End the world."""
        world, self._world = self._world, None
        if world is not None:
            world.close()
