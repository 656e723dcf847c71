"""What status says in each stage; finish, its refusals, and the release of the source."""

from contextlib import closing

import psycopg
import pytest
from psycopg import errors as pg

from changeover.control.move import installed_pairs
from changeover.control.swap import Kind, request
from changeover.journey.cancel import _end, cancel
from changeover.journey.cutover import cutover, rollback
from changeover.journey.daemon import Daemon
from changeover.journey.finish import _commit, finish, release_source
from changeover.journey.status import status
from changeover.journey.swap import Driver
from changeover.model.errors import (
    GateRefusedError,
    NotInstalledError,
    SwapInProgressError,
    WrongStageError,
)
from changeover.model.settings import MirrorSettings
from changeover.model.side import Side
from changeover.transfer import capture
from changeover.transfer.verify import verify

TABLES = (
    "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)",
    "CREATE TABLE public.parts (id bigint PRIMARY KEY, item bigint REFERENCES public.items)",
)
QUICK = {"mirror": MirrorSettings(heartbeat_ms=10, marker_age_ms_max=600_000)}


def beat(move):
    """Let a daemon run until its marker has come back in the present epoch."""
    with closing(Daemon(move)) as daemon:
        for _ in range(60):
            daemon.step()
            if "marker" not in red(move):
                return
    pytest.fail(f"the marker did not come back: {red(move)}")


def red(move):
    """Return the names of the gates that status shows as not green."""
    return {gate.name for gate in status(move).gates if not gate.is_green}


def test_status_tells_the_truth_from_the_first_day_to_the_last(pair, ready, rows):
    """Stage, primary, fences, problems and next steps in every stage of one move."""
    move = before_the_cutover(pair, ready)
    after_the_cutover(move)
    beside_a_rollback(move)
    after_finish(pair, move)
    after_the_release(pair, move)
    assert rows(pair.target, "SELECT id FROM items ORDER BY id") == [(1,), (2,)]


def before_the_cutover(pair, ready):
    """Install, mirror and verify; status names each next step."""
    move = ready(pair, *TABLES, **QUICK)
    with pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (1, 'a')")
    first = status(move)
    assert (first.stage, first.primary, first.epoch) == ("off", "source", 1)
    assert first.fences == {"source": "open", "target": "closed"}
    assert (first.tables, first.copied_tables, first.log_rows) == (2, 2, 1)
    assert not first.is_green
    assert any("changeover mirror run" in step for step in first.next_steps)
    beat(move)
    assert red(move) == {"verified"}
    assert any("changeover verify" in step for step in status(move).next_steps)
    assert verify(move).is_equal
    assert status(move).is_green
    assert status(move).next_steps == ("changeover cutover",)
    return move


def after_the_cutover(move):
    """Cut over; finish is refused until the reverse mirror has shown that it lives."""
    cutover(move)
    after = status(move)
    assert (after.stage, after.primary, after.epoch) == ("ramp_down", "target", 2)
    assert after.fences == {"source": "closed", "target": "open"}
    assert red(move) == {"marker", "caught_up"}
    with pytest.raises(GateRefusedError, match="marker"):
        finish(move)
    beat(move)
    assert status(move).next_steps == ("changeover rollback", "changeover finish")


def beside_a_rollback(move):
    """A rollback is under way, its owner goes, and the daemon ends it."""
    with move.connect_owner(Side.TARGET, "test") as target:
        request(target, Kind.ROLLBACK, "somebody@somewhere:1", 60, epoch=2)
        assert "somebody@somewhere:1" in status(move).swap
        assert status(move).next_steps == ("wait for the swap; changeover status",)
        with pytest.raises(GateRefusedError, match="no_swap"):
            finish(move)
        target.execute("UPDATE changeover.swap SET deadline_at = now() WHERE finished_at IS NULL")
    assert (
        "its owner is gone" in status(move).next_steps[0]
        or "mirror run" in (status(move).next_steps[0])
    )
    beat(move)
    assert status(move).swap is None


def after_finish(pair, move):
    """Finish; the target is free, the source stays fenced, and there is no way back."""
    assert finish(move).triggers_left == 0
    last = status(move)
    assert (last.stage, last.fences) == ("complete", {"source": "closed", "target": "removed"})
    assert last.next_steps == ("changeover finish --release-source",)
    assert last.problems == ()
    assert finish(move).triggers_left == 0
    for act in (rollback, cutover):
        with pytest.raises(WrongStageError):
            act(move)
    with pytest.raises(pg.AssertFailure), pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (2, 'b')")
    with pair.target.connect() as target:
        target.execute("INSERT INTO items VALUES (2, 'b')")


def after_the_release(pair, move):
    """Release the source; it is a database of its own, its foreign keys act."""
    assert release_source(move) == ()
    assert status(move).fences == {"source": "removed", "target": "removed"}
    assert status(move).next_steps == ()
    with pair.source.connect() as source:
        source.execute("INSERT INTO items VALUES (3, 'c')")
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            source.execute("INSERT INTO parts VALUES (1, 77)")


def test_before_anything_is_installed_the_first_steps_are_named(pair, make_move):
    """Nothing there is no error: status names the first commands, a swap is refused by name."""
    move = make_move(pair)
    assert status(move).stage == "none"
    assert "changeover capture install" in status(move).next_steps
    with pytest.raises(NotInstalledError):
        cutover(move)


def test_a_finish_that_was_killed_is_finished_by_the_next(pair, ready):
    """After its commit the target is free of us in the end, however often it is begun."""
    move = ready(pair, *TABLES, **QUICK)
    with move.connect_owner(Side.TARGET, "test") as target:
        Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))
        target.execute("UPDATE changeover.control SET stage = 'complete', finished_at = now()")
    assert status(move).next_steps == ("changeover finish",)
    assert status(move).fences["target"] == "open"
    assert finish(move).triggers_left == 0
    assert status(move).fences["target"] == "removed"


def test_finish_and_a_rollback_exclude_each_other(pair, ready):
    """Once the end is committed no rollback begins; while one is under way the end is refused."""
    move = ready(pair, *TABLES, **QUICK)
    with move.connect_owner(Side.TARGET, "test") as target:
        Driver(move, Kind.CUTOVER, target).run(installed_pairs(move))
        request(target, Kind.ROLLBACK, "somebody", 60, epoch=2)
        with pytest.raises(SwapInProgressError):
            _commit(move, ())
        target.execute(
            "UPDATE changeover.swap SET phase = 'aborted', finished_at = now()"
            " WHERE finished_at IS NULL"
        )
        _commit(move, ())
        with pytest.raises(WrongStageError):
            request(target, Kind.ROLLBACK, "somebody", 60, epoch=2)


def test_finish_before_a_cutover_and_release_before_finish_are_refused(pair, ready):
    """Each act belongs to its stage."""
    move = ready(pair, *TABLES, **QUICK)
    with pytest.raises(WrongStageError):
        finish(move)
    with pytest.raises(WrongStageError):
        release_source(move)


def test_a_cancelled_move_lets_no_swap_begin(pair, ready):
    """From the moment that cancel begins no cutover does; killed, it is finished by the next."""
    move = ready(pair, *TABLES, **QUICK)
    _end(move)
    with pytest.raises(WrongStageError):
        cutover(move)
    with closing(Daemon(move)) as daemon:
        assert daemon.step() is None
    assert status(move).next_steps == ("changeover capture remove",)
    cancel(move)
    assert status(move).stage == "none"
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute("INSERT INTO items VALUES (1)")


def test_an_installation_that_did_not_end_is_no_crash(pair, make_move):
    """Tables without a control row: status and cutover say that the installation did not end."""
    for database in (pair.source, pair.target):
        with database.connect() as connection:
            connection.execute(TABLES[0])
    move = make_move(pair)
    capture.install(move)
    with move.connect_owner(Side.TARGET, "test") as target:
        target.execute("DELETE FROM changeover.control")
    with move.connect_owner(Side.SOURCE, "test") as source:
        source.execute("DELETE FROM changeover.mirror")
    for act in (status, cutover):
        with pytest.raises(NotInstalledError, match="did not end"):
            act(move)
