"""One process of an application of lists: the official client, several calls at once.

Run as ``python list_client.py CONFIG.json``. Its HTTP client is ours and routes (way `transport`),
or its URL is a gateway's (way `gateway`). Each line of its input is a JSON object: ``keys`` gives
it other lists, ``hold`` holds it between two calls or lets it go on; it answers once it is so.
"""

import asyncio
import contextvars
import json
import random
import sys
import threading
import time
from pathlib import Path

import httpx
from history import Outcome
from postgrest import APIError
from recording import Recorder
from supabase import AsyncClientOptions, ClientOptions, acreate_client, create_client

import changeover
from changeover.model.errors import (
    OutcomeUnknownError,
    PrimaryUnreachableError,
    WritesPausedError,
)
from changeover.model.routing_observation import (
    FellBack,
    OperationFinished,
    WriteRefused,
    WriteWaited,
)
from changeover.model.routing_observation import Outcome as Told

USERS = 40
WAIT_S = 30
PAUSE_S = 0.01
HEADER = "Changeover-Targeting-Key"
UNSURE_CLASSES = frozenset({"08", "57", "58", "XX", "F0"})
"""SQLSTATE classes after which nobody knows whether a write happened."""
UNSENT = frozenset({WritesPausedError.code, PrimaryUnreachableError.code})
"""What the routing says of a write that certainly did not happen."""
LOST = frozenset({OutcomeUnknownError.code, "PGRST001"})

_told = contextvars.ContextVar("told")


def observe(observation):
    """Note what the routing says of the call under way; the link's own threads have none."""
    told = _told.get(None)
    if told is None:
        return
    if isinstance(observation, OperationFinished):
        told["side"] = str(observation.side)
        told["outcome"] = str(observation.outcome)
    elif isinstance(observation, WriteWaited):
        told["is_mirrored"] = observation.is_mirrored
    elif isinstance(observation, WriteRefused):
        told["is_repeated"] = observation.is_repeated
    elif isinstance(observation, FellBack):
        told["fell_back"] = str(observation.cause)


def outcome_of(error, told):
    """Return what a caller may conclude from an error: nothing, where the answer got lost."""
    by_routing = {str(Told.NOT_WRITTEN): Outcome.FAILED, str(Told.UNKNOWN): Outcome.UNKNOWN}
    if told in by_routing:
        return by_routing[told]
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout):
        return Outcome.FAILED
    if not isinstance(error, APIError):
        return Outcome.UNKNOWN
    code = str(error.code or "")
    if code in LOST:
        return Outcome.UNKNOWN
    if code in UNSENT or code.startswith("PGRST"):
        return Outcome.FAILED
    is_sqlstate = len(code) == 5 and code.isalnum()
    return Outcome.FAILED if is_sqlstate and code[:2] not in UNSURE_CLASSES else Outcome.UNKNOWN


class Gate:
    """Lets calls through, or holds them; for threads and tasks alike."""

    def __init__(self, keys):
        self.keys = keys
        self._is_held = False
        self._busy = 0
        self._changed = threading.Condition()

    def enter(self):
        """Return the lists to use; None while it holds."""
        with self._changed:
            if self._is_held:
                return None
            self._busy += 1
            return self.keys

    def leave(self):
        """Say that a call is over."""
        with self._changed:
            self._busy -= 1
            self._changed.notify_all()

    def obey(self, *, keys=None, hold=None):
        """Do as told; return when it holds."""
        with self._changed:
            was_held, self._is_held = self._is_held, True
            self._changed.wait_for(lambda: not self._busy)
            self.keys = keys or self.keys
            self._is_held = was_held if hold is None else hold


class Lane:
    """One call after the other, chosen by chance."""

    def __init__(self, config, recorder, gate, number):
        self._is_reader = config["is_reader"]
        self.recorder = recorder
        self.gate = gate
        self.dice = random.Random(f"{config['seed']}-{number}")  # noqa: S311 - a mixture

    def user(self):
        """Return whom the next call is for."""
        return f"user-{self.dice.randrange(USERS)}"

    def parts(self, keys):
        """Return the parts of a transaction, in the order of their lists so that none deadlocks."""
        chosen = sorted(self.dice.choices(keys, k=self.dice.randint(1, 3)))
        return [
            {"key": key, "value": self.recorder.next()}
            if self.dice.random() < 0.6
            else {"key": key}
            for key in chosen
        ]

    def following(self, keys):
        """Return the next call: its parts, how it is sent, and whether it is a write."""
        weights = (0 if self._is_reader else 5, 2, 2, 2)
        way = self.dice.choices(("run", "post", "get", "table"), weights)[0]
        if way == "run":
            return self.parts(keys), way, True
        chosen = sorted(self.dice.sample(keys, self.dice.randint(1, 3)))
        return [{"key": key} for key in chosen], way, False


def request_of(client, parts, way):
    """Return a call of the official client that is not sent yet."""
    keys = [part["key"] for part in parts]
    if way == "run":
        return client.rpc("run_parts", {"parts": parts})
    if way == "table":
        return client.table("list").select("key,items").in_("key", keys).order("key")
    return client.rpc("read_lists", {"keys": keys}, get=way == "get")


def seen_of(parts, way, data):
    """Return per part what was seen; None of an append."""
    if way == "run":
        return data
    found = {row["key"]: row["items"] for row in data}
    return [found[part["key"]] for part in parts]


class Call:
    """Writes one call down, before and after."""

    def __init__(self, lane, asked):
        self._recorder = lane.recorder
        self.parts, self.way, self._is_write = asked
        self.told = {}
        self._number = self._recorder.intend(self.parts, is_write=self._is_write)

    def succeed(self, data):
        """Write down what it returned."""
        told = {name: self.told[name] for name in self.told if name != "outcome"}
        self._recorder.settle(
            self._number, Outcome.OK, seen=seen_of(self.parts, self.way, data), **told
        )

    def fail(self, error):
        """Write down that it raised."""
        outcome = outcome_of(error, self.told.pop("outcome", ""))
        reason = f"{type(error).__name__} {getattr(error, 'code', '')}"
        self._recorder.settle(
            self._number, outcome if self._is_write else Outcome.FAILED, reason=reason, **self.told
        )


ERRORS = (APIError, httpx.HTTPError)


def make_options(config):
    """Return what the HTTP client of the process is made with."""
    return {
        "dsn": Path(config["dsn_file"]).read_text(encoding="utf-8").strip(),
        "jwt_secret": config["jwt_secret"],
        "route": changeover.Route(
            source_url=f"{config['url']}/rest/v1",
            name=config["process"],
            state_file=config["state_file"],
            observer=observe,
            **config["route"],
        ),
    }


def run_lane(config, lane, http):
    """Call until the process ends."""
    options = ClientOptions(httpx_client=http or httpx.Client(timeout=WAIT_S))
    client = create_client(config["url"], config["key"], options)
    while True:
        keys = lane.gate.enter()
        if keys is None:
            time.sleep(PAUSE_S)
            continue
        call = Call(lane, lane.following(keys))
        _told.set(call.told)
        user = lane.user()
        try:
            with changeover.context(targeting_key=user):
                request = request_of(client, call.parts, call.way)
                if http is None:
                    request = (
                        request.header(HEADER, user) if hasattr(request, "header") else request
                    )
                call.succeed(request.execute().data)
        except ERRORS as error:
            call.fail(error)
            time.sleep(PAUSE_S)
        finally:
            lane.gate.leave()
        time.sleep(config["pause_s"])


async def run_lane_async(config, lane, http):
    """Call until the process ends."""
    options = AsyncClientOptions(httpx_client=http)
    client = await acreate_client(config["url"], config["key"], options)
    while True:
        keys = lane.gate.enter()
        if keys is None:
            await asyncio.sleep(PAUSE_S)
            continue
        call = Call(lane, lane.following(keys))
        _told.set(call.told)
        try:
            with changeover.context(targeting_key=lane.user()):
                answer = await request_of(client, call.parts, call.way).execute()
                call.succeed(answer.data)
        except ERRORS as error:
            call.fail(error)
            await asyncio.sleep(PAUSE_S)
        finally:
            lane.gate.leave()
        await asyncio.sleep(config["pause_s"])


async def run_async(config, lanes):
    """Run the lanes as tasks of one loop."""
    async with changeover.async_http_client(**make_options(config)) as http:
        await asyncio.gather(*(run_lane_async(config, lane, http) for lane in lanes))


def run(config, lanes):
    """Run the lanes as threads."""
    http = changeover.http_client(**make_options(config)) if config["way"] == "transport" else None
    for lane in lanes:
        threading.Thread(target=run_lane, args=(config, lane, http), daemon=True).start()


def main():
    """Be what the configuration says until the input ends."""
    config = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    recorder = Recorder(Path(config["record_file"]), config["process"], config["first"])
    gate = Gate(config["keys"])
    lanes = [Lane(config, recorder, gate, number) for number in range(config["lanes"])]
    if config["is_async"]:
        threading.Thread(target=lambda: asyncio.run(run_async(config, lanes)), daemon=True).start()
    else:
        run(config, lanes)
    for line in sys.stdin:
        gate.obey(**json.loads(line))
        print("> done", flush=True)  # noqa: T201 - the answer


if __name__ == "__main__":
    main()
