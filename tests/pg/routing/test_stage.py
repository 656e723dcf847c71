"""An application's look at the stage: what it is told, and what it is told when it can't know."""

import threading
from dataclasses import replace

import pytest

from changeover import (
    CannotConnectError,
    NotAllowedError,
    Secret,
    Side,
    Stage,
    Standing,
    TimedOutError,
    read_stage,
)
from changeover.control.move import installed_pairs
from changeover.control.swap import Kind
from changeover.journey.swap import Driver
from changeover.model.errors import WrongServerError, WrongStateVersionError
from changeover.model.fault import Hooks

TABLE = "CREATE TABLE public.note (id bigint PRIMARY KEY, text text)"
LIMIT_S = 10


def swap(move, kind):
    """Swap without asking gates."""
    with move.connect_owner(Side.TARGET, "test") as target:
        Driver(move, kind, target).run(installed_pairs(move))


@pytest.fixture
def reader(pair):
    """The connection string of a role of the application that owns nothing, on the target."""
    with pair.target.connect_as_superuser() as connection:
        connection.execute("CREATE ROLE salon_reader LOGIN")
    return pair.target.dsn_of("salon_reader")


def test_without_a_move_there_is_no_stage(pair):
    """A database without control tables holds no stage; it is not called `off`."""
    assert read_stage(pair.target.dsn) is None


def test_the_stage_follows_the_swaps(pair, ready):
    """Installed: off. After the cutover: ramp_down on the target. After the rollback: live."""
    move = ready(pair, TABLE)
    seen = [read_stage(Secret(pair.target.dsn))]
    for kind in (Kind.CUTOVER, Kind.ROLLBACK):
        swap(move, kind)
        seen.append(read_stage(pair.target.dsn))
    assert seen == [
        Standing(stage=Stage.OFF, primary=Side.SOURCE, is_swapping=False),
        Standing(stage=Stage.RAMP_DOWN, primary=Side.TARGET, is_swapping=False),
        Standing(stage=Stage.LIVE, primary=Side.SOURCE, is_swapping=False),
    ]


def test_every_stage_is_read_as_it_is_held(pair, ready):
    """Whatever stage the control row holds comes back."""
    ready(pair, TABLE)
    seen = []
    with pair.target.connect() as connection:
        for stage in Stage:
            connection.execute("UPDATE changeover.control SET stage = %s", (str(stage),))
            seen.append(read_stage(pair.target.dsn).stage)
    assert seen == list(Stage)


def test_a_swap_under_way_is_told(pair, ready):
    """Between the fence and the decision the primary is the old one, and a swap is said to run."""
    move = ready(pair, TABLE)
    seen = []

    def reached(point):
        if point == "swap.fenced":
            seen.append(read_stage(pair.target.dsn))

    swap(replace(move, hooks=Hooks(reached=reached)), Kind.CUTOVER)
    assert seen == [Standing(stage=Stage.OFF, primary=Side.SOURCE, is_swapping=True)]


def test_a_role_without_rights_is_told_which(pair, ready, reader):
    """A role without rights gets an error that names them, and with them it reads."""
    ready(pair, TABLE)
    with pytest.raises(NotAllowedError) as caught:
        read_stage(reader)
    with pair.target.connect() as connection:
        for part in caught.value.hint.removeprefix("as the owner: ").split("; "):
            grant = part.replace("the application's role", "salon_reader")
            connection.execute(grant.replace("the same", "salon_reader"))
    assert read_stage(reader).stage is Stage.OFF


def test_the_source_holds_no_stage(pair, ready):
    """Given the source for the target, it says so; it does not say that there is no move."""
    ready(pair, TABLE)
    with pytest.raises(WrongServerError, match="is the source of a move"):
        read_stage(pair.source.dsn)


def test_another_version_is_refused(pair, ready):
    """The state of another version of Changeover is not guessed at."""
    ready(pair, TABLE)
    with pair.target.connect() as connection:
        connection.execute("UPDATE changeover.control SET version = 99")
    with pytest.raises(WrongStateVersionError, match="version 99"):
        read_stage(pair.target.dsn)


def test_a_target_that_is_away_is_unknown(pair):
    """A database that can't be reached is an error, never a stage."""
    with pytest.raises(CannotConnectError):
        read_stage(replace(pair.target, name="no_such_database").dsn)


def test_a_slow_answer_is_given_up(pair, ready):
    """A look that takes longer than its limit ends with an error."""
    ready(pair, TABLE)
    is_locked, may_end = threading.Event(), threading.Event()

    def hold():
        with pair.target.connect() as connection, connection.transaction():
            connection.execute("LOCK TABLE changeover.control")
            is_locked.set()
            may_end.wait(LIMIT_S)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert is_locked.wait(LIMIT_S)
        with pytest.raises(TimedOutError):
            read_stage(pair.target.dsn, wait_ms_max=100)
    finally:
        may_end.set()
        holder.join(LIMIT_S)
