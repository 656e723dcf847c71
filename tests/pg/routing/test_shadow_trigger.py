"""A trigger on the secondary: while it would act it is named, and what one has done is found."""

import pytest
from gateway_process import wait_for
from routed import knows, read
from shadow_world import bend

from changeover.journey.status import status
from changeover.model.side import Side, Stage

SHOUT = (
    (
        "CREATE FUNCTION probe.shout() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN NEW.body := upper(NEW.body); RETURN NEW; END'"
    ),
    (
        "CREATE TRIGGER shout BEFORE INSERT OR UPDATE ON public.note FOR EACH ROW"
        " EXECUTE FUNCTION probe.shout()"
    ),
    "ALTER TABLE public.note ENABLE ALWAYS TRIGGER shout",
)
QUIET = (
    "DROP TRIGGER IF EXISTS shout ON public.note",
    "DROP FUNCTION IF EXISTS probe.shout()",
)
NAMED = "CO512 target: trigger shout of public.note would act"
FOUND = (
    "SELECT class, columns FROM changeover.shadow_mismatch WHERE table_name = 'public.note'"
    " AND shadow_run = (SELECT shadow_run FROM changeover.rollout)"
)


@pytest.fixture
def shouting(world):
    """A trigger of the target's table that changes what is written, whoever writes it."""
    for statement in SHOUT:
        world.on(Side.TARGET, statement)
    yield
    for statement in QUIET:
        world.on(Side.TARGET, statement)


@pytest.mark.usefixtures("shouting")
def test_a_trigger_that_would_change_rows_is_named_and_nothing_is_carried(world):
    """The mirror stops before the first row; `status` says which trigger of which table it is."""
    world.on(Side.SOURCE, "INSERT INTO public.note VALUES (1, 'low')")
    wait_for(
        lambda: NAMED in (status(world.move).mirror["error"] or ""), what="the name of the trigger"
    )
    assert world.ids(Side.TARGET) == []
    for statement in QUIET:
        world.on(Side.TARGET, statement)
    wait_for(lambda: world.ids(Side.TARGET) == [1], what="the mirror")
    assert world.on(Side.TARGET, "SELECT body FROM public.note") == [("low",)]


def test_a_value_that_was_changed_behind_the_mirrors_back_is_found(world, make_guarded):
    """What a trigger once made of a row is told by its table, its class and its column."""
    world.set_stage("shadow")
    world.on(Side.TARGET, "UPDATE changeover.rollout SET shadow_percent = 100")
    world.on(Side.SOURCE, "INSERT INTO public.note VALUES (1, 'low'), (2, 'low')")
    router = make_guarded()
    knows(router, Stage.SHADOW)
    wait_for(lambda: world.ids(Side.TARGET) == [1, 2], what="the mirror")
    router.send(read("/note"))
    assert router.course.shadow.wait(60.0)
    assert world.on(Side.TARGET, FOUND) == []
    shout = "UPDATE public.note SET body = upper(body) WHERE id = 2"
    bend(world.databases[Side.TARGET], "public.note", shout)
    router.send(read("/note"))
    assert router.course.shadow.wait(60.0)
    assert world.on(Side.TARGET, FOUND) == [("value", ["body"])]
