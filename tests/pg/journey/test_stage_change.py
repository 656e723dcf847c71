"""Taking the stage and the rollout forward and back: each gate refused once, each way back free."""

import json
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pytest

from changeover.control import rollout as control_rollout
from changeover.control.move import Move, installed_pairs
from changeover.control.rollout import hash_of
from changeover.control.stage import StageEvent
from changeover.control.swap import Kind, request
from changeover.database import Endpoint
from changeover.embedded import Database
from changeover.journey import rollout, shadow, stage
from changeover.journey.client import drop_expired
from changeover.journey.cutover import cutover, rollback
from changeover.journey.daemon import Daemon
from changeover.journey.rehearsal import rehearse
from changeover.journey.status import status
from changeover.model.errors import (
    ConfigurationError,
    GateRefusedError,
    StaleStateError,
    SwapInProgressError,
    WrongStageError,
)
from changeover.model.routing_settings import RoutingSettings
from changeover.model.secret import Secret
from changeover.model.settings import MirrorSettings, Settings
from changeover.model.side import Side, Stage
from changeover.transfer import capture
from changeover.transfer.verify import verify

TABLES = (
    "CREATE TABLE public.items (id bigint PRIMARY KEY, note text)",
    "CREATE TABLE public.others (id bigint PRIMARY KEY)",
)
BOTH = ("dual_write", "shadow")
STEPS = {"dual_write": Stage.OFF, "shadow": Stage.DUAL_WRITE, "live": Stage.SHADOW}


@dataclass(slots=True, kw_only=True)
class Ground:
    """A move that may take every step, and a client that follows."""

    move: Move
    databases: dict[Side, Database]
    clients: list[str] = field(default_factory=lambda: [str(uuid4())])

    def on(self, *statements: str) -> None:
        """Run statements on the target as its owner."""
        with self.databases[Side.TARGET].connect() as connection:
            for statement in statements:
                connection.execute(statement)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Return rows of the target."""
        with self.databases[Side.TARGET].connect() as connection:
            return connection.execute(query).fetchall()

    def follow(self) -> None:
        """Let every client poll until it obeys."""
        with self.databases[Side.TARGET].connect() as connection:
            for number, client in enumerate(self.clients):
                told: dict[str, Any] = {"id": client, "name": f"salon-{number}", "stage": "?"}
                for _ in range(2):
                    answer = connection.execute(
                        "SELECT changeover.poll(%s::jsonb)", (json.dumps(told),)
                    ).fetchone()
                    assert answer is not None
                    told |= {"seen": answer[0]["seen"], "stage": answer[0]["stage"]}

    def be(self, stage_now: Stage, *, percent: int = 0) -> None:
        """Put the system into a stage by hand, as green as can be; clients follow."""
        self.on(
            f"UPDATE changeover.control SET stage = '{stage_now}', primary_side = 'source'",
            "DELETE FROM changeover.rollout_member",
            "DELETE FROM changeover.rollout_step",
            "DELETE FROM changeover.event",
            "DELETE FROM changeover.client",
            "DELETE FROM changeover.shadow_mismatch",
            "UPDATE changeover.rollout SET killed = NULL, group_name = 'reads',"
            f" percent = {percent}",
            "INSERT INTO changeover.shadow_count (shadow_run, table_name, compared, equal)"
            " SELECT shadow_run, 'items', 5, 5 FROM changeover.rollout"
            " ON CONFLICT (shadow_run, table_name) DO UPDATE SET compared = 5, equal = 5",
        )
        self.follow()

    def stage(self) -> str:
        """Return the stage."""
        return str(self.rows("SELECT stage FROM changeover.control")[0][0])

    def reads(self) -> tuple[int, list[str]]:
        """Return the percentage and the listed keys."""
        with self.databases[Side.TARGET].connect() as connection:
            now = control_rollout.read(connection)
        return now.percent, list(now.members)

    def events(self) -> list[tuple[str, dict[str, Any]]]:
        """Return what was recorded since the stage was set by hand."""
        return self.rows("SELECT what, detail FROM changeover.event ORDER BY event_id")

    def step(self, wanted: Stage | StageEvent) -> Any:
        """Change the stage as the command does."""
        return stage.change(self.move, stage.plan(self.move, wanted))


@pytest.fixture(scope="module")
def ground(make_module_pair, tmp_path_factory) -> Ground:
    """A move that may take every step, shared by the tests that swap nothing."""
    return prepare(make_module_pair, tmp_path_factory)


@pytest.fixture(scope="module")
def ground_to_swap(make_module_pair, tmp_path_factory) -> Ground:
    """The same, for the one test that swaps."""
    return prepare(make_module_pair, tmp_path_factory)


def prepare(make_module_pair: Any, tmp_path_factory: Any) -> Ground:
    """Return a move that is copied, mirrored and verified; clients are waited for not at all."""
    databases = make_module_pair()
    for database in databases.values():
        with database.connect() as connection:
            for statement in TABLES:
                connection.execute(statement)
    move = Move(
        owners={side: Endpoint(side=side, dsn=Secret(one.dsn)) for side, one in databases.items()},
        settings=Settings(
            state_directory=str(tmp_path_factory.mktemp("state")),
            mirror=MirrorSettings(heartbeat_ms=10, marker_age_ms_max=600_000),
            routing=RoutingSettings(poll_ms=60_000, client_expiry_s=600.0, client_wait_s_max=0.0),
        ),
    )
    capture.install(move)
    made = Ground(move=replace(move, settings=move.settings), databases=databases)
    made.on(
        "INSERT INTO changeover.copy (table_id, state, version)"
        " SELECT table_id, 'copied', 1 FROM changeover.moved_table"
    )
    mirror_once(made)
    assert verify(move).is_equal
    return made


def mirror_once(ground: Ground) -> None:
    """Let a daemon run until a marker of its own has come back."""
    query = "SELECT max(beaten_at) FROM changeover.heartbeat WHERE error IS NULL"
    before = ground.rows(query)
    with closing(Daemon(ground.move)) as daemon:
        for _ in range(50):
            daemon.step()
            if ground.rows(query) != before:
                return


def test_the_stages_one_by_one_and_back(ground):
    """Next leads through to live at 0 %, back leads out of it, each with its event."""
    ground.be(Stage.OFF)
    for wanted in ("dual_write", "shadow", "live"):
        if wanted == "live":
            ground.be(Stage.SHADOW, percent=50)
            ground.on("INSERT INTO changeover.rollout_member VALUES ('left over')")
            ground.follow()
        ground.step(StageEvent.NEXT)
        assert ground.stage() == wanted
        assert ground.events()[-1][0] == "stage"
        ground.follow()
    assert ground.reads() == (0, [])
    assert ground.events()[-1][1] == {"from": "shadow", "to": "live", "unlisted": 1}
    with pytest.raises(WrongStageError) as caught:
        ground.step(StageEvent.NEXT)
    assert "changeover cutover" in caught.value.hint
    ground.step(Stage.DUAL_WRITE)
    assert ground.stage() == "dual_write"
    ground.step(StageEvent.BACK)
    assert ground.stage() == "off"


def mismatch(kind: str) -> str:
    """Return a statement that books a settled difference."""
    return (
        "INSERT INTO changeover.shadow_mismatch"
        " (shadow_run, table_name, class, columns, key_hash, stage, times)"
        f" SELECT shadow_run, 'items', '{kind}', '{{}}', 'h', 'shadow', 1 FROM changeover.rollout"
    )


FLOW = {
    "copied": (
        "UPDATE changeover.copy SET state = 'copying' WHERE table_id = 1",
        "UPDATE changeover.copy SET state = 'copied'",
    ),
    "marker": (
        "UPDATE changeover.heartbeat SET error = 'CO000 broken'",
        "UPDATE changeover.heartbeat SET error = NULL",
    ),
    "caught_up": (
        "UPDATE changeover.mirror SET is_catching_up = true WHERE direction = 'forward'",
        "UPDATE changeover.mirror SET is_catching_up = false WHERE direction = 'forward'",
    ),
    "books": (
        "UPDATE changeover.applied SET keys_applied = keys_applied + 1",
        "UPDATE changeover.applied SET keys_applied = keys_applied - 1",
    ),
    "clients": ("UPDATE changeover.client SET seen = 'older'", "DELETE FROM changeover.client"),
}
COMPARISON = {
    "verified": (
        "UPDATE changeover.verification SET missing = 1 WHERE table_id = 1",
        "UPDATE changeover.verification SET missing = 0",
    ),
    "compared": ("DELETE FROM changeover.shadow_count", "SELECT 1"),
    "mismatches": (mismatch("value"), "DELETE FROM changeover.shadow_mismatch"),
    "schema_errors": (mismatch("error"), "DELETE FROM changeover.shadow_mismatch"),
    "not_killed": (
        # The client must follow, else its gate refuses too.
        (
            "UPDATE changeover.rollout SET killed = 'by a test';"
            "UPDATE changeover.client SET seen = changeover.digest_state()"
        ),
        "UPDATE changeover.rollout SET killed = NULL",
    ),
}
REFUSALS = [
    *((wanted, name) for wanted in STEPS for name in FLOW),
    *(("live", name) for name in COMPARISON),
]


@pytest.mark.parametrize(("wanted", "name"), REFUSALS)
def test_each_gate_refuses_a_step_forward(ground, wanted, name):
    """One red gate, and the stage stays; cured, the step is taken."""
    cause, cure = {**FLOW, **COMPARISON}[name]
    ground.be(STEPS[wanted])
    ground.on(*cause.split(";"))
    with pytest.raises(GateRefusedError) as caught:
        ground.step(StageEvent.NEXT)
    stayed = ground.stage()
    ground.on(cure)
    assert stayed == STEPS[wanted]
    assert caught.value.message.startswith("1 of ")
    assert f"stage {wanted}: {name}: " in caught.value.message
    assert caught.value.hint
    ground.be(STEPS[wanted])
    ground.step(StageEvent.NEXT)
    assert ground.stage() == wanted


def redden(ground: Ground) -> None:
    """Turn every gate red that can be."""
    for cause, _ in {**FLOW, **COMPARISON}.values():
        ground.on(*cause.split(";"))
    ground.on("UPDATE changeover.client SET seen = 'older'")


def whiten(ground: Ground) -> None:
    """Cure everything."""
    for _, cure in {**FLOW, **COMPARISON}.values():
        ground.on(cure)


def test_no_way_back_asks_anything(ground):
    """With every gate red: back, a lower percentage and a shorter list, all at once."""
    ground.be(Stage.LIVE, percent=50)
    ground.on("INSERT INTO changeover.rollout_member VALUES ('a'), ('b')")
    redden(ground)
    try:
        lowered = rollout.plan_percent(ground.move, 10)
        assert lowered.gates == ()
        assert rollout.change(ground.move, lowered).percent == 10
        rollout.change(ground.move, rollout.plan_remove(ground.move, ["a"]))
        assert ground.reads() == (10, ["b"])
        ground.step(StageEvent.BACK)
        assert (ground.stage(), ground.reads()) == ("shadow", (0, []))
        ground.step(Stage.OFF)
        assert ground.stage() == "off"
    finally:
        whiten(ground)


RAISES: dict[str, Callable[[Move], Any]] = {
    "percent": lambda move: rollout.plan_percent(move, 10),
    "list": lambda move: rollout.plan_add(move, ["+7 900 000-00-00"]),
    "group": lambda move: rollout.plan_percent(move, 5, "another"),
}
RAISE_CAUSES = {
    name: cause
    for name, cause in {**FLOW, **COMPARISON}.items()
    if name in {"clients", "marker", "books", "mismatches", "schema_errors", "not_killed"}
}


@pytest.mark.parametrize("name", RAISE_CAUSES)
@pytest.mark.parametrize("kind", RAISES)
def test_each_gate_refuses_to_let_readers_in(ground, kind, name):
    """More percent, another key and another group ask the same gates."""
    cause, cure = RAISE_CAUSES[name]
    ground.be(Stage.LIVE, percent=5)
    ground.on(*cause.split(";"))
    try:
        planned = RAISES[kind](ground.move)
        with pytest.raises(GateRefusedError, match=f"1 of 6 gates refuse .*: {name}: "):
            rollout.change(ground.move, planned)
        assert ground.reads() == (5, [])
        assert ground.events() == []
    finally:
        ground.on(cure)


def test_readers_are_let_in_and_booked_by_their_hash(ground):
    """Percent, list and group change; events and answers hold hashes, never a key."""
    key = "+7 900 000-00-00"
    ground.be(Stage.LIVE)
    shown = rollout.change(ground.move, RAISES["list"](ground.move))
    ground.follow()
    assert shown.listed == (hash_of(key),)
    rollout.change(ground.move, RAISES["percent"](ground.move))
    ground.follow()
    rollout.change(ground.move, rollout.plan_percent(ground.move, 10, "another"))
    assert ground.reads() == (10, [key])
    assert ground.events() == [
        ("rollout add", {"keys": [hash_of(key)]}),
        ("rollout", {"from": 0, "to": 10, "group": "reads"}),
        ("rollout", {"from": 10, "to": 10, "group": "another"}),
        ("rollout reshuffled", {"from": "reads", "to": "another"}),
    ]
    planned = rollout.plan_remove(ground.move, [key])
    assert key not in repr((planned.actions, planned.events))
    with pytest.raises(ConfigurationError) as caught:
        rollout.plan_remove(ground.move, ["nobody"])
    assert "nobody" not in caught.value.message


def test_the_same_percentage_again_keeps_the_step_that_is_held(ground):
    """A percentage that does not change is no new step, no event, and asks nothing."""
    ground.be(Stage.LIVE)
    rollout.change(ground.move, rollout.plan_percent(ground.move, 10))
    before = ground.rows("SELECT step_id, percent FROM changeover.rollout_step")
    ground.on("UPDATE changeover.client SET seen = 'older'")
    planned = rollout.plan_percent(ground.move, 10)
    assert (planned.actions, planned.gates) == ((), ())
    rollout.change(ground.move, planned)
    assert ground.rows("SELECT step_id, percent FROM changeover.rollout_step") == before
    assert len(ground.events()) == 1


@pytest.mark.parametrize("now", [Stage.OFF, Stage.DUAL_WRITE, Stage.SHADOW])
@pytest.mark.parametrize("kind", ["percent", "list"])
def test_nobody_is_let_in_before_live(ground, now, kind):
    """Outside of live the rollout can't be raised."""
    ground.be(now)
    with pytest.raises(WrongStageError, match=f"the stage is {now}"):
        RAISES[kind](ground.move)


def test_a_raise_that_a_guard_rail_overtook_is_refused(ground):
    """What was planned for another state is not done; a lowering is done all the same."""
    ground.be(Stage.LIVE, percent=50)
    planned = rollout.plan_percent(ground.move, 60)
    lowered = rollout.plan_percent(ground.move, 20)
    ground.on("UPDATE changeover.rollout SET percent = 30")
    ground.follow()
    with pytest.raises(StaleStateError):
        rollout.change(ground.move, planned)
    assert ground.reads()[0] == 30
    rollout.change(ground.move, lowered)
    assert ground.reads()[0] == 20


def test_a_stage_that_somebody_else_changed_is_not_changed_again(ground):
    """Of two operators the second is told; nothing is skipped."""
    ground.be(Stage.OFF)
    forward = stage.plan(ground.move, StageEvent.NEXT)
    stage.change(ground.move, forward)
    ground.follow()
    with pytest.raises(StaleStateError):
        stage.change(ground.move, forward)
    assert ground.stage() == "dual_write"
    ground.be(Stage.SHADOW)
    back = stage.plan(ground.move, StageEvent.BACK)
    ground.be(Stage.DUAL_WRITE)
    with pytest.raises(StaleStateError):
        stage.change(ground.move, back)
    assert ground.stage() == "dual_write"


def test_a_swap_under_way_decides_about_the_stage(ground):
    """While a swap is under way neither stage nor rollout goes forward; lowering still works."""
    ground.be(Stage.LIVE, percent=50)
    planned = rollout.plan_percent(ground.move, 60)
    with ground.move.connect_owner(Side.TARGET, "test") as target:
        request(target, Kind.CUTOVER, "somebody", 60, epoch=1)
    try:
        for wanted in (StageEvent.BACK, Stage.OFF):
            with pytest.raises(SwapInProgressError):
                stage.plan(ground.move, wanted)
        with pytest.raises(SwapInProgressError):
            rollout.change(ground.move, planned)
        rollout.change(ground.move, rollout.plan_percent(ground.move, 0))
        assert ground.reads()[0] == 0
    finally:
        ground.on("UPDATE changeover.swap SET phase = 'aborted', finished_at = now()")


def test_a_stale_and_a_silent_client_are_named_and_an_expired_one_is_dropped(ground):
    """The gate names who does not follow; the daemon's housekeeping drops and books the rest."""
    ground.clients = [str(uuid4()) for _ in range(3)]
    ground.be(Stage.OFF)
    stale, silent, expired = ground.clients
    ground.on(
        f"UPDATE changeover.client SET seen = 'older' WHERE client_id = '{stale}'",
        "UPDATE changeover.client SET polled_at = clock_timestamp() - interval '500 s'"
        f" WHERE client_id = '{silent}'",
        "UPDATE changeover.client SET polled_at = clock_timestamp() - interval '700 s'"
        f" WHERE client_id = '{expired}'",
    )
    with pytest.raises(GateRefusedError) as caught:
        ground.step(StageEvent.NEXT)
    assert "2 of 2 client(s)" in caught.value.message
    assert f"salon-0 ({stale[:8]}) obeys an older state" in caught.value.message
    assert f"salon-1 ({silent[:8]}) is silent for 50" in caught.value.message
    with ground.move.connect_owner(Side.TARGET, "test") as target:
        assert drop_expired(target) == 1
    assert ground.events() == [("client dropped", {"client": expired, "name": "salon-2"})]
    ground.clients = [stale]


def test_status_shows_clients_and_reads(ground):
    """Each client with its condition, the rollout, what lowered it, and the next step."""
    ground.be(Stage.LIVE, percent=50)
    seen = ground.rows("SELECT changeover.digest_state()")[0][0]
    ground.on(f"SELECT changeover.lower_rollout('errors 3 %', '{seen}')")
    shown = status(ground.move)
    assert [(one.name, str(one.condition)) for one in shown.clients] == [("salon-0", "stale")]
    assert shown.reads["percent"] == 0
    assert shown.reads["lowered"] is None
    rollout.change(ground.move, rollout.plan_percent(ground.move, 0))
    ground.follow()
    for percent in (50, 60):
        rollout.change(ground.move, rollout.plan_percent(ground.move, percent))
        ground.follow()
    seen = ground.rows("SELECT changeover.digest_state()")[0][0]
    ground.on(f"SELECT changeover.lower_rollout('errors 3 %', '{seen}')")
    ground.follow()
    shown = status(ground.move)
    assert (shown.reads["percent"], shown.reads["lowered"]) == (0, "errors 3 %")
    assert [str(one.condition) for one in shown.clients] == ["follows"]


def test_counting_shadow_reads_anew_lets_a_mended_system_go_on(ground):
    """After `shadow clear` nothing is compared and nothing differs; the event keeps the figures."""
    ground.be(Stage.SHADOW)
    ground.on(mismatch("value"))
    assert shadow.report(ground.move).different == 1
    shadow.clear(ground.move)
    after = shadow.report(ground.move)
    assert (after.compared, after.different) == (0, 0)
    assert ground.events() == [("shadow clear", {"compared": 5, "mismatches": 1, "errors": 0})]
    with pytest.raises(GateRefusedError, match="compared: 0 shadow read"):
        ground.step(StageEvent.NEXT)


def test_how_many_are_compared_is_a_setting_of_its_own(ground):
    """It changes in every stage, is an event, and a share outside of 0 to 100 is refused."""
    ground.be(Stage.OFF)
    shadow.sample(ground.move, shadow.plan_sample(ground.move, 0.5))
    assert ground.rows("SELECT shadow_percent::float8 FROM changeover.rollout") == [(0.5,)]
    assert ground.events() == [("shadow sample", {"from": 10.0, "to": 0.5})]
    for wrong in (-1, 100.5, float("nan")):
        with pytest.raises(ConfigurationError):
            shadow.plan_sample(ground.move, wrong)
    shadow.sample(ground.move, shadow.plan_sample(ground.move, 10))


def test_a_rollback_leads_to_live_with_nobody_on_the_target(ground_to_swap):
    """Straight from off to a cutover, without clients; back at 0 % with an empty list."""
    ground = ground_to_swap
    ground.be(Stage.OFF)
    ground.on("DELETE FROM changeover.client")
    rehearse(ground.move, installed_pairs(ground.move))
    mirror_once(ground)
    assert cutover(ground.move).epoch == 2
    assert ground.stage() == "ramp_down"
    ground.on(
        "INSERT INTO changeover.rollout_member VALUES ('left over')",
        "UPDATE changeover.rollout SET percent = 40",
    )
    mirror_once(ground)
    ground.follow()
    ground.on("UPDATE changeover.client SET seen = 'older'")
    with pytest.raises(GateRefusedError, match=r"1 of .* refuse the rollback: clients"):
        rollback(ground.move)
    ground.follow()
    rollback(ground.move)
    assert ground.stage() == "live"
    assert ground.reads() == (0, [])
