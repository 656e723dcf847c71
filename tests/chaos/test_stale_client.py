"""Who has not heard of a swap, or does not care: it is the database that refuses."""

import signal
from itertools import cycle, islice

import psycopg
import pytest
from routed_world import assert_good, is_read_of, is_write
from stage_walk import go_live

from changeover.model.side import Side

FENCE = "P0004"
SERIALIZATION_FAILURE = "40001"
SLEEPS_MAX = 12
AUTH = """
CREATE FUNCTION public.greet() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS
  'BEGIN UPDATE public.list SET items = items || 1 WHERE key = 0; RETURN NEW; END';
CREATE TRIGGER greet AFTER INSERT ON auth.users FOR EACH ROW EXECUTE FUNCTION public.greet();
"""
STRANGERS = {
    "an update": "UPDATE public.list SET items = items || 1 WHERE key = 0",
    "an update of nothing": "UPDATE public.list SET items = items WHERE false",
    "an insert": "INSERT INTO public.list (key) VALUES (-1)",
    "a delete": "DELETE FROM public.list",
    "a truncate": "TRUNCATE public.list",
    "the service's role": "SET LOCAL ROLE service_role; UPDATE public.list SET items = '{}'",
    "a function": """SELECT public.run_parts('[{"key": 0, "value": 1}]')""",
    "replica, if it may": "SET LOCAL session_replication_role = replica; DELETE FROM public.list",
}


def refused(session, statement):
    """Return the SQLSTATE that a statement is refused with, in a transaction of its own."""
    with pytest.raises(psycopg.Error) as raised, session.transaction():
        session.execute(statement)
    return raised.value.sqlstate


def test_stopped_client_is_refused_and_recovers(routed):
    """A client sleeps through a swap: its write is refused and repeated, its reads follow.

    Which of its threads wakes first is chance: one that asks for the stage spares it the refusal.
    So it is put to sleep again until a write was first.
    """
    with routed.world() as world:
        walk = go_live(world)
        for side in islice(cycle((Side.TARGET, Side.SOURCE)), SLEEPS_MAX):
            sleep_through(world, walk, side)
            repeated = [call for call in world.calls(["sync"])["sync"] if call.get("is_repeated")]
            if any(call["outcome"] == "ok" for call in repeated):
                break
        else:
            pytest.fail(f"the fence refused it in none of {SLEEPS_MAX} swaps")
        # Repeated beside others' writes, one may meet them there, as any write of its kind may.
        reasons = {call["reason"] for call in repeated if call["outcome"] != "ok"}
        assert reasons <= {f"APIError {SERIALIZATION_FAILURE}"}
        assert_good(world.history())


def sleep_through(world, walk, side):
    """Stop a client, swap, and let it go on until it writes, and reads where it should."""
    stopped = world.clients["sync"]
    stopped.send(signal.SIGSTOP)
    try:
        walk.swap_to(side)
    finally:
        stopped.send(signal.SIGCONT)
    world.await_calls(is_write, "it does not write", ["sync"])
    world.await_calls(is_read_of(side), "its reads do not follow", ["sync"])


@pytest.mark.parametrize(
    "primary", [pytest.param(Side.SOURCE, marks=pytest.mark.nightly), Side.TARGET]
)
def test_who_ignores_us_is_refused(routed, primary):
    """The secondary refuses the owner by psql, the dashboard's role, and a trigger's write."""
    with routed.world() as world:
        go_live(world).swap_to(primary)
        secondary = world.databases[str(primary.other)]
        with secondary.connect() as session:
            before = session.execute("SELECT count(*) FROM public.list").fetchone()
            found = {name: refused(session, one) for name, one in STRANGERS.items()}
            assert set(found.values()) <= {FENCE, "42501"}, found
            assert found["an update of nothing"] == found["a function"] == FENCE
            assert session.execute("SELECT count(*) FROM public.list").fetchone() == before
        if primary is Side.TARGET:
            assert found["the service's role"] == FENCE
            assert refused_by_trigger(secondary) == FENCE
        world.await_progress()
        assert_good(world.history())


def refused_by_trigger(source):
    """Return what a new account is refused with, whose trigger writes into a moved table."""
    with source.connect_as_superuser() as session:
        session.execute(AUTH)
        try:
            return refused(session, "INSERT INTO auth.users (id) VALUES (gen_random_uuid())")
        finally:
            session.execute("DROP FUNCTION public.greet CASCADE")
