"""The seven services: their pools, the room that they need, and the alarm on unequal answers."""

from dataclasses import replace

import pytest

from changeover import Side, Stage, Standing
from salon import sample
from salon.flag import Backend, Flags, decide
from salon.service import (
    SERVICES,
    Health,
    Limits,
    PoolError,
    alarms,
    health,
    read_pools,
    require_room,
)

NAMES = (
    "api",
    "worker",
    "batch_processor",
    "booking_monitor",
    "telegram_bot",
    "whatsapp_session",
    "whatsapp_backup",
)
POOLS = read_pools({})
ROOMY = Limits(connections_max=100, kept_back=3)


def answers(stage=Stage.OFF, backend=Backend.SOURCE):
    """Return seven equal answers."""
    primary = Side.TARGET if backend is Backend.TARGET else Side.SOURCE
    return [
        Health(service=name, stage=stage, primary=primary, backend=backend, pool=POOLS[name])
        for name in NAMES
    ]


def test_seven_services_have_21_connections():
    """Seven processes, seven settings, 21 connections by default."""
    assert tuple(service.name for service in SERVICES) == NAMES
    assert dict(POOLS) == dict(zip(NAMES, (5, 5, 2, 2, 2, 3, 2), strict=True))
    assert sum(POOLS.values()) == 21
    assert len({service.variable for service in SERVICES}) == 7


def test_services_name_tables_of_the_salon():
    """What a service reads or writes is a table of the salon, and every table is read by one."""
    named = {table for service in SERVICES for table in (*service.reads, *service.writes)}
    assert named == set(sample.SIZES)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.name)
def test_each_pool_has_a_setting_of_its_own(service):
    """A setting changes the pool of its own service and no other."""
    pools = read_pools({service.variable: "17"})
    assert {name: pools[name] for name in NAMES if pools[name] != POOLS[name]} == {service.name: 17}


@pytest.mark.parametrize("text", ["", "0", "-1", "101", "five", "5.0", "٥", "1_0", "9" * 5000])
def test_a_pool_that_is_no_number_is_refused_by_name(text):
    """A setting that is no whole number from 1 to 100 is an error that names it."""
    with pytest.raises(PoolError, match=r"^SALON_API_CONNECTIONS_MAX must be"):
        read_pools({"SALON_API_CONNECTIONS_MAX": text})


@pytest.mark.parametrize(
    ("limits", "room"),
    [
        (Limits(connections_max=100, kept_back=3), 97),
        (Limits(connections_max=100, kept_back=3, database_max=50), 50),
        (Limits(connections_max=100, kept_back=3, role_max=20, database_max=50), 20),
        (Limits(connections_max=10, kept_back=3, role_max=20), 7),
        (Limits(connections_max=100, kept_back=3, role_max=0), 0),
    ],
)
def test_the_narrowest_limit_holds(limits, room):
    """Server, database and role: whichever takes least decides."""
    assert limits.room == room


def test_the_sum_is_held_against_the_server():
    """21 in pools, two beside each and the move's own need 47: 47 is enough and 46 is refused."""
    assert require_room(POOLS, ROOMY) == 47
    assert require_room(POOLS, Limits(connections_max=50, kept_back=3)) == 47
    with pytest.raises(PoolError, match=r"47 connections are needed .* has room for 46"):
        require_room(POOLS, Limits(connections_max=49, kept_back=3))


def test_seven_equal_answers_are_quiet():
    """Nothing is said while all seven say the same and nothing is wrong."""
    assert alarms(answers(), POOLS) == ()
    assert alarms(answers(Stage.RAMP_DOWN, Backend.TARGET), POOLS) == ()


@pytest.mark.parametrize(
    ("fact", "value", "told"),
    [
        ("stage", Stage.LIVE, "their stage: off"),
        ("stage", None, "their stage: off"),
        ("primary", Side.TARGET, "their primary: source"),
        ("primary", None, "their primary: source"),
        ("backend", Backend.TARGET, "their backend: source"),
        ("pool", 9, "telegram_bot has a pool of 9, set are 2"),
    ],
)
def test_one_answer_that_differs_is_an_alarm(fact, value, told):
    """One service out of seven that says something else is named."""
    given = answers()
    given[4] = replace(given[4], **{fact: value})
    (alarm,) = alarms(given, POOLS)
    assert told in alarm
    assert "telegram_bot" in alarm


def test_silence_is_an_alarm():
    """A service that does not answer, one too many and an unknown one are named."""
    given = answers()
    assert alarms(given[1:], POOLS) == ("api does not answer",)
    assert alarms([*given, given[0]], POOLS) == ("api answers 2 times",)
    stranger = replace(given[0], service="stranger")
    assert alarms([*given, stranger], POOLS) == ("stranger is no service of ours",)
    assert len(alarms([], POOLS)) == 7


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("backend", Backend)
def test_a_service_that_nobody_switched_is_seen(stage, backend):
    """Health compares who really answers with who should, in every stage."""
    flags = Flags()
    wanted = {"live": "both", "ramp_down": "target", "complete": "target"}.get(stage, "source")
    primary = Side.TARGET if wanted == "target" else Side.SOURCE
    standing = Standing(stage=stage, primary=primary, is_swapping=False)
    said = health("api", decide(flags, standing), backend=backend, pool=5)
    is_misplaced = any(text.startswith("reads are answered by") for text in said.problems)
    assert is_misplaced is (str(backend) != wanted)


def test_a_flag_that_disagrees_is_shown_in_health():
    """A variable that loses against the control tables stands among the problems."""
    standing = Standing(stage=Stage.RAMP_DOWN, primary=Side.TARGET, is_swapping=False)
    said = health("api", decide(Flags(), standing), backend=Backend.TARGET, pool=5)
    assert [text.partition(" is ")[0] for text in said.problems] == [
        "USE_LEGACY_SUPABASE",
        "USE_REPOSITORY_PATTERN",
        "ENABLE_DUAL_WRITE",
    ]
    assert f"api: {said.problems[0]}" in alarms([said], POOLS)


def test_a_primary_that_no_such_stage_has_is_shown():
    """Control tables that contradict themselves are a problem, not a default."""
    standing = Standing(stage=Stage.OFF, primary=Side.TARGET, is_swapping=False)
    said = health("api", decide(Flags(), standing), backend=Backend.SOURCE, pool=5)
    assert said.problems == ("the target is the primary, the stage off goes with the source",)


def test_an_unknown_stage_is_not_fine():
    """Where the stage can't be read the service is not healthy and says so."""
    said = health("api", None, backend=Backend.SOURCE, pool=5)
    assert said.as_json() == {
        "service": "api",
        "stage": None,
        "primary": None,
        "backend": "source",
        "pool": 5,
        "problems": ["the stage can't be read from the target"],
        "healthy": False,
    }
