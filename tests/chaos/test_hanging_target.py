"""A target that accepts and never answers: in `shadow` nobody awaits it, in `live` not for long.

The clients are in this process, so that it can be seen what each of them calls.
"""

import asyncio
import contextlib
import sys
import threading
from collections import Counter

import pytest
from child import await_
from gateway_process import JWT_SECRET, token
from routed_world import ROUTE
from stage_walk import StageWalk
from supabase import AsyncClientOptions, ClientOptions, acreate_client, create_client

import changeover
from changeover.model.routing_observation import (
    BreakerChanged,
    BreakerState,
    Cause,
    FellBack,
    OperationFinished,
    ShadowDropped,
    StageSeen,
)
from changeover.model.side import Side, Stage

CALLERS = 3
READS = 40
"""More than the shadow's queue holds."""
QUEUE = 10
NEVER_MS = 3_600_000
PATIENT_MS = 2000
"""Three slow first reads must not open the breaker before the test begins."""
OF_THE_TARGET = ("psycopg", "changeover.stores.pool", "changeover.stores.session")
"""What only somebody runs who asks a database; the source is an HTTP API here."""
OF_WAITING = {
    ("threading", "wait"),
    ("threading", "wait_for"),
    ("concurrent.futures._base", "result"),
    ("queue", "get"),
}


class Trace:
    """Notes which functions callers run: those of the threads and tasks that say so."""

    def __init__(self):
        self.callers = Counter()
        self.others = Counter()
        self._is_caller = threading.local()

    def __call__(self, frame, event, _argument):
        """Note a call of a Python function; given to the interpreter as its profiler."""
        if event != "call":
            return
        name = module_of(frame), frame.f_code.co_name
        # The HTTP client waits for its own connections, which are to the source.
        if name not in OF_WAITING or module_of(frame.f_back).startswith("changeover."):
            (self.callers if self._is_of_caller() else self.others)[name] += 1

    def _is_of_caller(self):
        try:
            task = asyncio.current_task()
        except RuntimeError:
            return getattr(self._is_caller, "value", False)
        return task is not None and task.get_name().startswith("caller")

    @contextlib.contextmanager
    def caller(self):
        """Be a caller in this thread."""
        self._is_caller.value = True
        sys.setprofile(self)
        try:
            yield
        finally:
            sys.setprofile(None)


def module_of(frame):
    """Return the module that a frame runs."""
    return frame.f_globals.get("__name__", "") if frame else ""


def is_of_target(name):
    """Whether a function is one that asks a database."""
    return name[0].startswith(OF_THE_TARGET)


class Seen:
    """What the routing said."""

    def __init__(self):
        self.all = []

    def __call__(self, observation):
        """Note it."""
        self.all.append(observation)

    def last(self):
        """Return what was noted last."""
        return self.all[-20:]

    def of(self, kind):
        """Return the observations of a kind."""
        return [one for one in list(self.all) if isinstance(one, kind)]


class SyncReads:
    """Callers in threads."""

    def __init__(self, world, options):
        self._world = world
        self._http = changeover.http_client(**options)

    def run(self, reads, trace):
        """Let each caller read a number of times; return what they have read."""
        found = []

        def call():
            client = create_client(
                self._world.url, token("service_role"), ClientOptions(httpx_client=self._http)
            )
            with trace.caller() if trace else contextlib.nullcontext():
                for _ in range(reads):
                    with changeover.context(targeting_key="user"):
                        found.append(len(read_of(client, self._world.keys).execute().data))

        threads = [threading.Thread(target=call) for _ in range(CALLERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return found

    def close(self):
        """End the client."""
        self._http.shutdown()


class AsyncReads:
    """Callers in tasks of one loop, which runs in a thread of its own."""

    def __init__(self, world, options):
        self._world = world
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._http = changeover.async_http_client(**options)

    def _wait(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def run(self, reads, trace):
        """Let each caller read a number of times; return what they have read."""
        return self._wait(self._run(reads, trace))

    async def _run(self, reads, trace):
        found = []

        async def call():
            options = AsyncClientOptions(httpx_client=self._http)
            client = await acreate_client(self._world.url, token("service_role"), options)
            for _ in range(reads):
                with changeover.context(targeting_key="user"):
                    answer = await read_of(client, self._world.keys).execute()
                found.append(len(answer.data))

        with trace.caller() if trace else contextlib.nullcontext():
            names = [f"caller-{number}" for number in range(CALLERS)]
            await asyncio.gather(*(asyncio.create_task(call(), name=name) for name in names))
        return found

    def close(self):
        """End the client and its loop."""
        self._wait(self._http.shutdown())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()


def read_of(client, keys):
    """Return a read that is not sent yet."""
    return client.table("list").select("key,items").in_("key", keys).order("key")


@pytest.fixture(
    params=[SyncReads, pytest.param(AsyncReads, marks=pytest.mark.nightly)], ids=["sync", "async"]
)
def make_reads(request):
    """A function that makes the callers of a world; they are ended after the test."""
    with contextlib.ExitStack() as after:

        def make(world, seen, **route):
            options = {
                "dsn": world.target_dsn.read_text(encoding="utf-8"),
                "jwt_secret": JWT_SECRET,
                "route": changeover.Route(
                    source_url=f"{world.url}/rest/v1",
                    name="this-test",
                    state_file=str(world.state_file("this-test")),
                    observer=seen,
                    **{**ROUTE, **route},
                ),
            }
            reads = request.param(world, options)
            after.callback(reads.close)
            return reads

        yield make


@contextlib.contextmanager
def hanging_target(world):
    """Let the target hang for the applications, for the time of a block."""
    proxy = world.proxies["writers", "target"]
    proxy.stall()
    try:
        yield
    finally:
        proxy.cut()
        proxy.heal()


def answered(seen):
    """Return by whom the reads were answered."""
    return Counter(one.side for one in seen.of(OperationFinished))


def test_in_shadow_no_caller_awaits_the_target(routed, make_reads):
    """All callers are answered while the target holds its answers; none runs what would ask it."""
    with routed.world() as world:
        walk = StageWalk(world)
        walk.to_beginning()
        walk.to(Stage.DUAL_WRITE)
        walk.to(Stage.SHADOW)
        walk.sample(100)
        seen, trace = Seen(), Trace()
        reads = make_reads(world, seen, shadow_queue_max=QUEUE)
        threading.setprofile(trace)
        try:
            reads.run(1, None)
            await_(lambda: any(one.shadow_percent == 100 for one in seen.of(StageSeen)), seen.last)
            with hanging_target(world):
                found = reads.run(READS, trace)
                assert found == [len(world.keys)] * (CALLERS * READS)
                await_(lambda: seen.of(ShadowDropped), "what did not fit was dropped")
        finally:
            threading.setprofile(None)
        assert set(answered(seen)) == {Side.SOURCE}
        assert not [name for name in trace.callers if is_of_target(name)]
        assert not OF_WAITING & set(trace.callers)
        assert [name for name in trace.others if is_of_target(name)], "others did ask the target"


def test_in_live_the_breaker_opens(routed, make_reads):
    """The first reads wait their time-out and are answered by the source, the others at once."""
    with routed.world() as world:
        walk = StageWalk(world)
        walk.to_live()
        seen = Seen()
        failures = ROUTE["breaker_failures"]
        reads = make_reads(world, seen, breaker_probe_ms=NEVER_MS, read_timeout_ms=PATIENT_MS)
        await_(
            lambda: reads.run(1, None) and answered(seen)[Side.TARGET],
            lambda: f"none goes there: {seen.last()} {world.story()}",
        )
        with hanging_target(world):
            seen.all.clear()
            found = reads.run(READS, None)
            assert found == [len(world.keys)] * (CALLERS * READS)
            assert set(answered(seen)) == {Side.SOURCE}
            fallen = seen.of(FellBack)
            assert {one.cause for one in fallen} == {Cause.TIMED_OUT}
            # Those that were under way when it opened had begun before.
            assert failures <= len(fallen) < failures + CALLERS
            (change,) = seen.of(BreakerChanged)
            assert (change.side, change.state) == (Side.TARGET, BreakerState.OPEN)


@pytest.mark.nightly
def test_the_breaker_closes_again(routed, make_reads):
    """Once the target answers, a probe finds out and reads go there again."""
    with routed.world() as world:
        walk = StageWalk(world)
        walk.to_live()
        seen = Seen()
        reads = make_reads(world, seen)
        await_(
            lambda: reads.run(1, None) and answered(seen)[Side.TARGET],
            lambda: f"none goes there: {seen.last()} {world.story()}",
        )
        with hanging_target(world):
            reads.run(READS, None)
            assert BreakerState.OPEN in {one.state for one in seen.of(BreakerChanged)}
        seen.all.clear()
        await_(lambda: reads.run(1, None) and answered(seen)[Side.TARGET], seen.last)
        assert seen.of(BreakerChanged)[-1].state is BreakerState.CLOSED
