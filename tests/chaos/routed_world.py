"""A move under the load of clients that route: official clients, their source behind an HTTP API.

What `world.py` has, with an application of lists instead of the writers' ledger.
"""

import contextlib
import json
import time
from itertools import count

from child import HERE, LIMIT_S, Child, await_
from dependency import check
from gateway_process import JWT_SECRET, gateway_process, token
from http_proxy import HttpFaultProxy
from list_application import MORE, SCHEMA, keys_of
from psycopg.conninfo import make_conninfo
from recording import history_of, read_lines
from world import World

MARKER_AGE_MS_MAX = 3000
CLIENT_EXPIRY_S = 3.0
NUMBERS = 10_000_000
"""Each process counts its calls and values from a multiple of this."""
ROUTE = {
    "poll_ms": 100,
    "read_timeout_ms": 500,
    "mirror_wait_ms_max": 2000,
    "breaker_failures": 3,
    "breaker_probe_ms": 100,
    "unknown_wait_s": 1.0,
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
        self.record = record
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

    # ---- clients --------------------------------------------------------------------------------

    def start_client(self, name, *, is_async=False, way="transport", route=None, lanes=2, **more):
        """Start a client process, or another in its place."""
        number = next(self._processes)
        process = f"{name}-{number}"
        record = self.directory / f"{process}.jsonl"
        record.touch()
        config = {
            "process": process,
            "way": way,
            "is_async": is_async,
            "url": self.url,
            "key": token("service_role"),
            "jwt_secret": JWT_SECRET,
            "dsn_file": str(self.target_dsn),
            "state_file": str(self.directory / f"{name}.state"),
            "record_file": str(record),
            "first": number * NUMBERS,
            "keys": self.keys,
            "lanes": lanes,
            "pause_s": 0.02,
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
        self.records.append(record)
        self.clients[name] = child
        return child

    def tell(self, **word):
        """Tell all clients something and wait until they have obeyed."""
        for child in self.clients.values():
            child.say(**word)
        for child in self.clients.values():
            child.await_answer()

    def calls(self, names=None):
        """Return what is known of the calls of the running clients, by client."""
        chosen = names or self.clients
        return {name: read_lines([self.clients[name].record]) for name in chosen}

    def await_calls(self, condition, what, names=None, limit_s=LIMIT_S):
        """Wait until each client has a call that was sent after now and is as wished.

        Args:
            condition: What the call must be.
            what: The same in words.
            names: The clients; None for all.
            limit_s: The longest wait, in seconds.
        """
        now = time.monotonic()

        def have_all():
            return all(
                any(call["begin"] > now and condition(call) for call in calls)
                for calls in self.calls(names).values()
            )

        await_(have_all, lambda: f"{what}: {self.story()}", limit_s)

    def await_progress(self, limit_s=LIMIT_S):
        """Wait until each client has written and read once more."""
        for is_write in (True, False):
            self.await_calls(
                lambda call, wanted=is_write: (
                    call.get("outcome") == "ok" and call["is_write"] == wanted
                ),
                "clients do not go on",
                limit_s=limit_s,
            )

    # ---- one history ----------------------------------------------------------------------------

    def begin_history(self):
        """Give the clients lists that nobody has touched."""
        self._run += 1
        keys = keys_of(self._run)
        with self.databases[self.primary].connect() as session:
            session.execute(MORE, (keys,))
        self.await_drained()
        self.keys = keys
        self.tell(keys=keys)

    def history(self):
        """Hold the clients, let both sides become equal, and return what they were told."""
        self.tell(hold=True)
        self.await_no_swap()
        self.await_drained()
        with self.sessions() as sides:
            lists = [
                dict(
                    session.execute(
                        "SELECT key, items FROM public.list WHERE key = ANY (%s)", (self.keys,)
                    ).fetchall()
                )
                for session in sides
            ]
        assert lists[0] == lists[1], "both sides are equal"
        final = {key: tuple(values) for key, values in lists[0].items()}
        found = history_of(self.records, final, age_s_max=MARKER_AGE_MS_MAX / 1000)
        self.tell(hold=False)
        return found


def assert_good(history):
    """Assert that nothing is wrong with a history."""
    anomalies = check(history)
    assert not anomalies, "\n".join(map(str, anomalies[:10]))


@contextlib.contextmanager
def kept(world, stage):
    """Say that a world is whole if the block ends well."""
    yield world
    stage.is_clean = True
